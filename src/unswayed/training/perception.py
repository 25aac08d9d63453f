"""Perception: what is written should depend on the picture (PAPO).

Wang et al. 2025, *Perception-Aware Policy Optimization for Multimodal Reasoning* (arXiv 2507.06448,
equation 2). To GRPO's objective comes the divergence between the policy that sees the picture and
the same policy that sees it with patches blackened; it is maximised, so that the loss is

    − weight · KL[π ‖ π_masked] + entropy · H[π] + masked_entropy · H[π_masked]

token by token, averaged as `loss_type` says. KL is estimated as r − log r − 1 with
r = π_masked / π (the authors' `low_var_kl`), which has no upper bound: it can be gamed by unlikely
tokens, which the entropies (double entropy loss) and `ceiling` hold down.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from unswayed.config.section import Section


class Perception(Section):
    """The implicit perception loss and its double entropy loss (PAPO).

    Attributes:
        weight: of the divergence, γ.
        masked: share of the patches that are blackened, each by itself.
        patch: side of a patch, in pixels of the picture as the model gets it.
        ceiling: largest divergence of one token; beyond it has no gradient.
        entropy: weight of the entropy with the picture, η₁; it is lowered.
        masked_entropy: weight of the entropy with the masked picture, η₂.
        masked_gradient: let gradients through the pass with the masked picture as well, as in the
            equation; the authors' code leaves it out by default, and saves its memory.
    """

    weight: float = Field(default=0.01, ge=0)
    masked: float = Field(default=0.6, gt=0, le=1)
    patch: int = Field(default=14, ge=1)
    ceiling: float = Field(default=10.0, gt=0)
    entropy: float = Field(default=0.0, ge=0)
    masked_entropy: float = Field(default=0.0, ge=0)
    masked_gradient: bool = False

    @model_validator(mode="after")
    def _entropy_has_a_gradient(self) -> Perception:
        if self.masked_entropy and not self.masked_gradient:
            raise ValueError(
                "expected masked_gradient = true with masked_entropy: without it that entropy is a "
                "constant"
            )
        return self
