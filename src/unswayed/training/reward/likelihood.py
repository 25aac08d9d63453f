"""Consistency by a reference model's likelihood, without a judge (GRPO-CARE).

Chen et al. 2025, *GRPO-CARE: Consistency-Aware Reinforcement Learning for Multimodal Reasoning*
(arXiv 2506.16141). A reference that follows the policy slowly reads prompt and thought and says how
likely the answer is. Among a prompt's completions, the right ones whose answer is at least as
likely as the right ones' mean (less a margin) get a bonus; KL is left out. The numbers follow the
authors' code (github.com/TencentARC/GRPO-CARE, `grpo_trainer_ref_ema.py`): weight 0.5, likelihoods
cut off at 0.95, margin 0.01 (0 in distribution), reference EMA of 0.995 every 10 steps.

The log-likelihoods are given, not worked out here: the mean over the answer's tokens, between the
answer tags, of log p(token | pictures, prompt, thought, earlier tokens) under the reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from unswayed.config.section import Section
from unswayed.errors import StageError
from unswayed.training.reward.completion import Completion

LEAST_CORRECT = 0.1
"""Correctness that a bonus needs at least to be beyond (the authors' code)."""

_ROUNDING = 1e-12
"""So that equal likelihoods are not below their own mean."""


class LikelihoodConsistency(Section):
    """Consistency by a reference model's likelihood, without a judge (GRPO-CARE).

    Attributes:
        weight: bonus of a right and consistent completion.
        margin: how far below the group's mean likelihood still counts as consistent.
        ceiling: probability at which the likelihood is cut off.
        ema_decay: how much of the reference's weights each update of it keeps.
        ema_every: optimiser steps between updates of the reference.
    """

    weight: float = Field(default=0.5, ge=0)
    margin: float = Field(default=0.01, ge=0)
    ceiling: float = Field(default=0.95, gt=0, le=1)
    ema_decay: float = Field(default=0.995, ge=0, le=1)
    ema_every: int = Field(default=10, ge=1)


def bonuses(
    correct: Sequence[float],
    log_likelihoods: Sequence[float | None],
    settings: LikelihoodConsistency,
) -> list[float]:
    """Return the bonus of each completion of one group.

    Args:
        correct: how right each answer is, in [0, 1].
        log_likelihoods: of each answer, at most 0; None where there is no answer.
        settings: weight, margin and ceiling.

    Raises:
        StageError: a log-likelihood is NaN or positive.
    """
    likely = [_likelihood(value, settings.ceiling) for value in log_likelihoods]
    mean_correct = math.fsum(correct) / len(correct) if correct else 0.0
    right = [value > LEAST_CORRECT and value >= mean_correct for value in correct]
    known = [p for p, counts in zip(likely, right, strict=True) if counts and p is not None]
    if not known:
        return [0.0] * len(correct)
    least = math.fsum(known) / len(known) - settings.margin - _ROUNDING
    return [
        settings.weight * value if counts and p is not None and p >= least else 0.0
        for value, counts, p in zip(correct, right, likely, strict=True)
    ]


def likelihood_bonuses(group: Sequence[Completion], settings: LikelihoodConsistency) -> list[float]:
    """Return the bonus of each completion of one prompt; see `bonuses`."""
    likely = [completion.log_likelihood for completion in group]
    return bonuses([completion.correct for completion in group], likely, settings)


def answer_span(completion: Completion) -> tuple[int, int] | None:
    """Return where the answer's text lies in the output (prefill + completion), as start and end.

    None without an answer block. What is to be averaged over are the tokens of this span.
    """
    answer, at = completion.parsed.answer, completion.parsed.answer_at
    if not answer or at is None:
        return None
    start = completion.output.rfind(answer, 0, at + len(answer))
    return start, start + len(answer)


def _likelihood(value: float | None, ceiling: float) -> float | None:
    if value is None:
        return None
    if math.isnan(value) or value > 0:
        raise StageError(
            f"expected log-likelihoods of at most 0 for the reward part 'likelihood', found {value}"
        )
    return min(math.exp(value), ceiling)
