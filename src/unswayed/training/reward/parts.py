"""The parts of a completion's reward, and what the log says of a batch of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unswayed.errors import StageError
from unswayed.training.reward.completion import Completion, words
from unswayed.training.stop import STOP_STRING
from unswayed.types import Consistency, Variant

TERMS = (
    "length",
    "repetition",
    "likelihood",
    "invariance",
    "reanswer",
    "constraint",
    "thin",
    "duplicate",
)
"""Names of the shipped terms, beside format and answer."""
NAMES = ("score", "reward", "unscored", "format", "correct", "answer", "consistent", *TERMS)
"""Names of parts that a term of the user's cannot have."""


@dataclass(frozen=True)
class RewardParts:
    """A reward and what it is made of; every part is weighted, so that parts sum to the total.

    Attributes:
        format: reward of the strict format.
        correct: reward of the right answer, before consistency.
        answer: the same after it; None if consistency is needed and not known.
        consistent: whether the thought says the answer; None if it was not asked or not known.
        verdict: the judge's status, None where it was not asked.
        reason: why the judge has no verdict, where it failed.
        support: how far the thought says the answer, in [0, 1]; None where that is not known.
        terms: what the terms that are on pay, by name; None where that is not known.
    """

    format: float
    correct: float
    answer: float | None
    consistent: bool | None = None
    verdict: Consistency | None = None
    reason: str = ""
    support: float | None = None
    terms: Mapping[str, float | None] = field(default_factory=dict[str, float | None])

    @property
    def total(self) -> float | None:
        """The reward: the sum of format, answer and terms; None if one of them is not known."""
        parts = [self.format, self.answer, *self.terms.values()]
        known = [part for part in parts if part is not None]
        return math.fsum(known) if len(known) == len(parts) else None

    def check_finite(self, variant: Variant) -> None:
        """Refuse a part that is NaN or infinite.

        Raises:
            StageError: one is; the message names it and the prompt.
        """
        parts = {"format": self.format, "correct": self.correct, "answer": self.answer}
        for name, value in {**parts, **self.terms}.items():
            if value is not None and not math.isfinite(value):
                raise StageError(
                    f"expected a finite number for the reward part {name!r} of "
                    f"{variant.sample.id} ({variant.name}), found {value}; mend that part"
                )


def own_names(parts: Sequence[RewardParts]) -> list[str]:
    """Return the names of the terms that are the user's own."""
    return [name for name in (parts[0].terms if parts else ()) if name not in TERMS]


def mean_parts(parts: Sequence[RewardParts], texts: Sequence[str]) -> dict[str, float]:
    """Return what the log says of a batch: means of the parts that are known.

    Shipped terms that nothing was lost or earned by are left out.
    """
    columns: dict[str, Sequence[float]] = {
        "parts/format": [part.format for part in parts],
        "parts/correct": [part.correct for part in parts],
        "parts/unscored": [part.total is None for part in parts],
        "parts/consistent": [part.consistent for part in parts if part.consistent is not None],
        "parts/judge_failed": [part.verdict == "failed" for part in parts if part.verdict],
        "completions/words": [len(words(text)) for text in texts],
        "completions/stopped": [STOP_STRING in text for text in texts],
    }
    own = own_names(parts)
    for term in (*TERMS, *own):
        values = [part.terms.get(term, 0.0) for part in parts]
        if term in own or any(values):
            columns[f"parts/{term}"] = [value for value in values if value is not None]
    return {name: math.fsum(values) / len(values) for name, values in columns.items() if values}


def groups_of(batch: Sequence[Completion]) -> list[list[int]]:
    """Return the places of each prompt's completions."""
    groups: dict[str, list[int]] = {}
    for place, completion in enumerate(batch):
        groups.setdefault(completion.variant.id, []).append(place)
    return list(groups.values())
