"""What a completion's advantage is made of: its baseline, and consistency beside the reward.

    A = task · N(r) + weight · N(c)

N compares with the other completions of the prompt: (x − mean) / (std + 10⁻⁴), as `scale_rewards`
says. r is the reward, c whether the thought says the answer (a judge that measures a probability
gives that), and each is normalised apart, so that neither drowns the other and a group whose
rewards are equal still learns from its consistency.

- RLOO (Ahmadian et al. 2024, arXiv 2402.14740, section 3.3): each completion's baseline is the mean
  of the others, so N(x) = x − mean of the others = (x − mean) · G / (G − 1).
- CORA (Cao et al. 2026, arXiv 2606.14691), hybrid reward advantage splitting: fixed weights.
- Faithful GRPO (Kancheti et al. 2026, arXiv 2604.08476): maximise r under the constraint that the
  batch's mean of c is at least a target; the weight is its multiplier, by dual ascent:
  λ ← min(most, max(0, λ + rate · (target − mean c))).

We read abstracts and summaries of the last two, not their equations (see docs/training.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from unswayed.config.section import Section
from unswayed.training.reward.lagrangian import Lagrangian

EPSILON = 1e-4
"""Keeps the division finite; TRL's, and here verl's too (its own is 1e-6)."""

Scaling = Literal["group", "batch", "none"]
Known = Sequence[float | None]


class Splitting(Section):
    """Fixed weights of the reward's advantage and of the consistency's (CORA).

    Attributes:
        task: weight of the reward's, α.
        consistency: weight of the consistency's, β.
    """

    task: float = Field(default=1.0, ge=0)
    consistency: float = Field(default=0.5, ge=0)


class Advantage(Section):
    """What a completion's advantage is made of.

    Attributes:
        baseline: the mean of the whole group, or of the prompt's other completions (RLOO).
        splitting: the consistency's advantage beside the reward's, fixed weights; None for none.
        constraint: the same with a learned weight (Faithful GRPO); None for none.
    """

    baseline: Literal["group", "leave-one-out"] = "group"
    splitting: Splitting | None = None
    constraint: Lagrangian | None = None

    @property
    def needs_verdict(self) -> bool:
        """Whether the judge is asked for it."""
        return self.splitting is not None or self.constraint is not None

    @property
    def is_plain(self) -> bool:
        """Whether it is GRPO's own."""
        return self.baseline == "group" and not self.needs_verdict

    @model_validator(mode="after")
    def _one_weight(self) -> Advantage:
        if self.splitting is not None and self.constraint is not None:
            raise ValueError("expected splitting or constraint, not both: each weighs consistency")
        return self

    def weights(self, multiplier: float) -> tuple[float, float]:
        """Return the weights of the reward's advantage and of the consistency's."""
        if self.splitting is not None:
            return self.splitting.task, self.splitting.consistency
        return 1.0, multiplier if self.constraint is not None else 0.0


def advantages(
    rewards: Known,
    consistent: Known,
    group_size: int,
    settings: Advantage,
    scaling: Scaling,
    multiplier: float = 0.0,
) -> list[float]:
    """Return the advantage of each completion.

    Args:
        rewards: of completions, group after group; None where not known.
        consistent: how far each thought says its answer, in [0, 1]; None where not known.
        group_size: completions of a prompt.
        settings: baseline and weights.
        scaling: what is divided by.
        multiplier: λ of the constraint, for this batch.
    """
    task, weight = settings.weights(multiplier)
    alone = settings.baseline == "leave-one-out"
    of_rewards = compared(rewards, group_size, scaling, alone)
    if not weight:
        return [task * a for a in of_rewards]
    of_consistency = compared(consistent, group_size, scaling, alone)
    return [task * a + weight * b for a, b in zip(of_rewards, of_consistency, strict=True)]


def compared(values: Known, group_size: int, scaling: Scaling, alone: bool = False) -> list[float]:
    """Return each value against those of its group; 0 for one that is not known.

    Args:
        values: group after group; one that is not known is left out of its group's mean.
        group_size: values of a group.
        scaling: divide by the deviation of the group, of all values, or of nothing.
        alone: leave a value out of its own baseline.
    """
    whole = _deviation(values)
    found: list[float] = []
    for at in range(0, len(values), group_size):
        group = values[at : at + group_size]
        known = [value for value in group if value is not None]
        mean = math.fsum(known) / len(known) if known else 0.0
        by = {"group": _deviation(group), "batch": whole}.get(scaling, 1.0 - EPSILON) + EPSILON
        factor = len(known) / (len(known) - 1) if alone and len(known) > 1 else 1.0
        found += [0.0 if value is None else factor * (value - mean) / by for value in group]
    return found


def _deviation(values: Known) -> float:
    """Return the standard deviation, over n − 1, of those that are known; 0 below two."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return 0.0
    mean = math.fsum(known) / len(known)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1))
