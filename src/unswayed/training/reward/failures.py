"""When a judge fails so often that a training must not go on.

A verdict that is not known leaves its completion out of the gradient. A few of them cost a little
signal; many of them train a policy on what happens to be easy to judge. The share counts over all
cases, those included whose verdict was known from before: a step in which the one new case of 32
failed is a step with 31 verdicts. Where several processes score, it counts over all of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from unswayed import progress
from unswayed.errors import StageError

BATCHES, CASES = 3, 32
"""Batches and cases that the share is taken over at least."""
WARN_ABOVE = 0.05
"""Share above which it is said."""
SAID_EVERY = 20
"""Batches after which it is said again."""

Count = tuple[int, int, str]
"""Failed cases, all cases, and why the last one failed."""
Gather = Callable[[list[Count]], Sequence[Count]]
"""Joins what all processes counted in a batch, so that each of them has the same share."""


class FailureWatch:
    """The share of unknown cases in the last batches, and what follows from it.

    Attributes:
        share: unknown cases among those of the last batches, in [0, 1].
    """

    def __init__(
        self, whose: str, most: float, gather: Gather | None = None, quiet: bool = False
    ) -> None:
        """Begin with nothing seen.

        Args:
            whose: what failed, as the message names it.
            most: share above which training stops, in [0, 1]; 1 never stops it.
            gather: over all processes; None for one. Each then has to count every batch.
            quiet: give no warnings; another process does.
        """
        self.share = 0.0
        self._whose, self._most, self._gather, self._quiet = whose, most, gather, quiet
        self._batches: deque[tuple[int, int]] = deque()
        self._silent = 0
        self._reason = ""

    def take(self, failed: int, cases: int, reason: str) -> None:
        """Count a batch.

        Args:
            failed: cases of this process that are not known.
            cases: all its cases.
            reason: why the last one failed; empty if none did.

        Raises:
            StageError: more than `most` of the cases of the last batches are not known.
        """
        if self._gather is not None:
            counts = self._gather([(failed, cases, reason)])
            failed, cases = sum(one[0] for one in counts), sum(one[1] for one in counts)
            reason = next((one[2] for one in reversed(counts) if one[2]), "")
        self._reason = reason or self._reason
        if not cases:
            return
        self._batches.append((failed, cases))
        while len(self._batches) > BATCHES and self._cases - self._batches[0][1] >= CASES:
            self._batches.popleft()
        lost = sum(failed for failed, _ in self._batches)
        self.share = lost / self._cases
        told = f"{lost} of {self._cases} cases of the last {len(self._batches)} batches"
        whole = len(self._batches) >= BATCHES and self._cases >= CASES
        if whole and self.share > self._most:
            raise StageError(
                f"{self._whose} failed on {told}, which is more than {self._most:.0%}; the last "
                f"so: {self._reason}; mend it and run the same command again, which resumes"
            )
        self._warn(told)

    @property
    def _cases(self) -> int:
        return sum(cases for _, cases in self._batches)

    def _warn(self, told: str) -> None:
        self._silent = max(0, self._silent - 1)
        if self.share > WARN_ABOVE and not self._silent and not self._quiet:
            progress.say(
                f"warning: {self._whose} failed on {told}: their rewards are not known; the last "
                f"so: {self._reason}"
            )
            self._silent = SAID_EVERY
