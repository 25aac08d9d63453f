"""Augmentation: some prompts carry a caption or an open thought, right or wrong.

Zhao et al. show each prompt, independently, with a correct or wrong caption or thought in 10 % of
the cases each, and leave 60 % untouched. The texts are those of the evaluation's variants, made by
the same code; a thought is a prefill that stays open and carries no loss.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from unswayed.config.section import Section
from unswayed.perturbations import seeded

BASE = "base"
PROBABILITY_SLACK = 1e-9
"""How far rates may be from the sum that they should have, by rounding."""


class Augmentation(Section):
    """How often a prompt is shown with an injected text; the rest stays as it is.

    Attributes:
        correct_caption: rate of prompts with a caption that suggests the gold.
        wrong_caption: … that suggests a wrong option.
        correct_think: rate of prompts whose open thought asserts the gold.
        wrong_think: … asserts a wrong option.
        texts: where the texts come from, as in an evaluation: `template`, or `file:PATH`. By
            default in the wordings that evaluations do not use, so that learning a sentence is told
            from becoming robust.
    """

    correct_caption: float = Field(default=0.0, ge=0, le=1)
    wrong_caption: float = Field(default=0.0, ge=0, le=1)
    correct_think: float = Field(default=0.0, ge=0, le=1)
    wrong_think: float = Field(default=0.0, ge=0, le=1)
    texts: str = "template,wordings=b"

    @property
    def rates(self) -> dict[str, float]:
        """Rate of each variant by the name that evaluation gives it."""
        return {
            "correct-caption": self.correct_caption,
            "wrong-caption": self.wrong_caption,
            "correct-think": self.correct_think,
            "wrong-think": self.wrong_think,
        }

    @model_validator(mode="after")
    def _at_most_all(self) -> Augmentation:
        if sum(self.rates.values()) > 1 + PROBABILITY_SLACK:
            raise ValueError("expected the rates to sum to at most 1")
        return self


VARIANTS = (BASE, *Augmentation().rates)
"""Names of the variants that training shows, as evaluation calls them."""


def variant_name(settings: Augmentation, sample_id: str, seed: int, repeat: int = 0) -> str:
    """Draw the variant that a prompt is shown as.

    It depends on the sample's id, the seed and how often the sample was drawn before, and on
    nothing else: neither on the order of the samples nor on the other ones.

    Args:
        settings: the rates.
        sample_id: id of the sample.
        seed: seed of the recipe.
        repeat: 0 when the sample is drawn for the first time.
    """
    draw = seeded(seed, "augmentation", sample_id, str(repeat)).random()
    for name, rate in settings.rates.items():
        if draw < rate:
            return name
        draw -= rate
    return BASE
