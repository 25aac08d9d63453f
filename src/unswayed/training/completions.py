"""Completions, whoever sampled them: where one ends, and what the log says of a step's."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence

from unswayed.training.reward.terms import TERMS, RewardParts, words

STOP = "</answer>"
"""Where a completion ends: nothing behind it is trained on or rewarded."""


def end_of(row: Sequence[int], decode: Callable[[list[int]], str]) -> int:
    """Return how many tokens of a row there are up to and with the stop string; all without one."""
    if STOP not in decode(list(row)):
        return len(row)
    return bisect_left(range(len(row)), True, key=lambda n: STOP in decode(list(row[:n])))


def means(parts: Sequence[RewardParts], texts: Sequence[str]) -> dict[str, float]:
    """Return what the log says of a batch: means of the parts that are known.

    Terms that are off, or that nothing was lost or earned by, are left out.
    """
    found = {
        "parts/format": [part.format for part in parts],
        "parts/correct": [part.correct for part in parts],
        "parts/unscored": [part.total is None for part in parts],
        "parts/consistent": [part.consistent for part in parts if part.consistent is not None],
        "completions/words": [len(words(text)) for text in texts],
        "completions/stopped": [STOP in text for text in texts],
    }
    for term in TERMS:
        values = [getattr(part, term) for part in parts]
        found[f"parts/{term}"] = (
            [value for value in values if value is not None] if any(values) else []
        )
    return {name: math.fsum(values) / len(values) for name, values in found.items() if values}
