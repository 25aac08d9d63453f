"""Thoughts that became empty: does a policy stop thinking behind a prefilled thought?

Behind a wrong half-finished thought a model can go on, and perhaps contradict it, or close the
thought as it stands and answer. Under `base` nothing shows of that: GRPO on correctness alone can
leave the thoughts there as they were and take those behind a prefill away, because no prompt in
training begins with a thought. So each variant is looked at by itself:

    empty    at least half of the thoughts have no word of the model's own, and 25 points more
             than at the start, on the same questions

The thresholds are ours, as in `collapse`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.training.track.collapse import LEAST_THOUGHTS, RISE, same_samples
from unswayed.training.track.thoughts import Thought

WORDLESS = 0.5
"""Share of thoughts without a word of the model's own: at least this is empty, if it has risen."""


@dataclass(frozen=True)
class EmptyThoughts:
    """Whether a checkpoint stopped thinking under one variant.

    Attributes:
        empty: None where there are too few thoughts to tell.
        n: thoughts, on samples that both checkpoints have one on.
        start: share without a word at the first checkpoint, in [0, 1].
        now: share without a word at this one.
    """

    empty: bool | None
    n: int
    start: float
    now: float

    def words(self) -> str:
        """Return the finding in a line for people."""
        return (
            f"{self.now:.0%} of the thoughts have no word of the model's own (was {self.start:.0%})"
        )


def empty_thoughts(start: Sequence[Thought], now: Sequence[Thought]) -> EmptyThoughts:
    """Compare a checkpoint's thoughts under a variant with those that training started from.

    Args:
        start: thoughts of the first checkpoint under the variant.
        now: thoughts of this one.
    """
    start, now = same_samples(start, now)
    before, after = wordless(start) or 0.0, wordless(now) or 0.0
    n = min(len(start), len(now))
    risen = after >= WORDLESS and after >= before + RISE
    return EmptyThoughts(risen if n >= LEAST_THOUGHTS else None, n, before, after)


def wordless(thoughts: Sequence[Thought]) -> float | None:
    """Return the share of thoughts without a word of the model's own; None without thoughts."""
    if not thoughts:
        return None
    return sum(not thought.words for thought in thoughts) / len(thoughts)
