"""Rewards of completions: a term is one function in one place, for TRL and verl alike.

    completion → read (`completion`) → judged (`scorer`) → terms → parts (`parts`) → total

`settings` says which terms are on. The shipped ones: format, correctness, consistency, length and
repetition (`terms`), thoughts that say little or are copied (`guards`), answers that stay the same
(`invariance`), likely answers (`likelihood`, read by `reference`) and the learned constraint
(`lagrangian`). `own` loads yours: `[reward] terms = ["my.py:brief,weight=0.5"]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from unswayed.training.reward.completion import Completion

__all__ = ["Completion", "GroupReward", "Reward"]


class Reward(Protocol):
    """A term of a reward: a function from one completion to a number.

    The completion has the prompt (`variant`, and in it the sample and the gold), the text that was
    written, the parsed answer, the thought, and how right the answer is. With the attribute
    `needs_verdict = True` the judge is asked, and `verdict` and `consistent` are there too, unless
    it failed.

    The number must be finite. Bonuses in [0, 1] and penalties in [-1, 0] are comparable with the
    shipped terms; the recipe's `weight` scales it. Anything else that is returned, and an
    exception, make the completion's reward unknown: it is left out of its group, never 0.
    Options of the recipe's term are handed on by their names.
    """

    def __call__(self, completion: Completion, /) -> float:
        """Return what the completion earns."""
        ...


class GroupReward(Protocol):
    """A term that compares completions: of one prompt, or of a prompt and its twin.

    It gets a whole batch and returns a finite number for each completion, in order. verl scores
    completions one by one, so a recipe with such a term is refused there.
    """

    def __call__(self, batch: Sequence[Completion], /) -> Sequence[float]:
        """Return what each completion earns."""
        ...
