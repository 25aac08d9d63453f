"""Consistency as a constraint with a learned multiplier, after Faithful GRPO.

Kancheti et al. 2026, *Faithful GRPO: Improving Visual Spatial Reasoning in Multimodal Language
Models via Constrained Policy Optimization* (arXiv 2604.08476), holds a batch's consistency above a
threshold by Lagrangian dual ascent. Here

    reward = format + correct + λ · consistent,    λ ← min(most, max(0, λ + rate · (target − mean)))

where the mean is over the batch. Ours: the constraint stands in the reward, so that it is
normalised together with it and a group that is equally inconsistent throughout gives no signal (the
authors normalise advantages apart); the default step, target and bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationError, model_validator

from unswayed.config.section import Section
from unswayed.errors import RunError
from unswayed.training.reward.completion import Completion


class Lagrangian(Section):
    """Consistency as a constraint with a learned multiplier (Faithful GRPO).

    Attributes:
        target: least mean consistency, in [0, 1].
        rate: step of the multiplier's ascent.
        start: first value of the multiplier.
        most: largest value of the multiplier.
    """

    target: float = Field(default=0.95, ge=0, le=1)
    rate: float = Field(default=0.05, gt=0)
    start: float = Field(default=0.0, ge=0)
    most: float = Field(default=2.0, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Lagrangian:
        if self.start > self.most:
            raise ValueError("expected start to be at most `most`")
        return self


class Multiplier(Section):
    """The multiplier λ, at least 0, and how often it was updated."""

    value: float = Field(ge=0)
    updates: int = Field(default=0, ge=0)

    def updated(self, consistent: Sequence[bool | None], settings: Lagrangian) -> Multiplier:
        """Return the multiplier after a batch; a batch without one verdict changes nothing.

        Args:
            consistent: of each completion; None where it is not known, which is left out.
            settings: target, rate and bound.
        """
        known = [value for value in consistent if value is not None]
        if not known:
            return self
        short = settings.target - sum(known) / len(known)
        value = min(settings.most, max(0.0, self.value + settings.rate * short))
        return Multiplier(value=value, updates=self.updates + 1)

    @classmethod
    def restored(cls, state: Any) -> Multiplier:
        """Return the multiplier of a saved state (its `model_dump`).

        Raises:
            RunError: it is no such state.
        """
        try:
            return cls.model_validate(state)
        except ValidationError as error:
            raise RunError(
                f"expected a multiplier's value and updates, found {state!r:.80}; resume from an "
                "earlier checkpoint"
            ) from error


def constraint(completion: Completion, multiplier: float) -> float | None:
    """Return what the constraint pays: λ for a consistent thought, None where that is not known.

    Nothing where no judge was asked: the question is open, and judges compare options.
    """
    if completion.verdict is None:
        return 0.0
    return None if completion.consistent is None else multiplier * completion.consistent
