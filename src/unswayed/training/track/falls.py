"""Early warning: does a line that is logged each step fall from the best that it has been?

Collapse and empty thoughts are seen at a checkpoint, after they happened. The log has a value each
step. The mean of the last 8 values is compared with the best such mean before them:

    fall   by at least 6 · σ · √(2/8) and by at least 10 % of the best

σ is the noise of single values, from the differences between neighbours, σ² = Σ d² / 2(m − 1)
(von Neumann 1941), which a slow drift hardly moves; it is taken from the values before the last 8,
at least 16 of them. The thresholds are ours, chosen by simulation (benchmarks/instability.py): the
best of many means lies above their mean by chance, so that the usual 2 or 3 would warn of nothing.
A warning is no verdict: thoughts that become brief, or a reward that a constraint lowers, fall too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unswayed.training.track.variances import Line

VALUES = 8
"""Values in a mean."""
ERRORS = 6.0
"""A fall is at least so many standard errors of a difference of two means."""
SHARE = 0.1
"""Of the best: a fall is at least so much of it."""


@dataclass(frozen=True)
class Fall:
    """The first fall of a line.

    Attributes:
        step: the step at which it was told, the last of the mean that has fallen.
        since: the last step of the best mean.
        best: that mean.
        now: the mean that has fallen.
    """

    step: int
    since: int
    best: float
    now: float

    def words(self) -> str:
        """Return the finding in a line for people."""
        return (
            f"fell from {self.best:.3g} at step {self.since} to {self.now:.3g} at step "
            f"{self.step} (means of {VALUES} steps)"
        )


def first_fall(line: Line) -> Fall | None:
    """Return the first fall of a line; None where it never falls or has too few values."""
    steps = sorted(line)
    values = np.array([line[step] for step in steps], dtype=np.float64)
    if len(values) < 3 * VALUES:
        return None
    means = np.lib.stride_tricks.sliding_window_view(values, VALUES).mean(axis=1)
    squares = np.cumsum(np.diff(values) ** 2)
    for last in range(3 * VALUES - 1, len(values)):
        before = last - VALUES  # the last value before the mean that is looked at
        sigma = math.sqrt(squares[before - 1] / (2 * before))
        start = int(np.argmax(means[: before - VALUES + 2]))
        best, now = float(means[start]), float(means[last - VALUES + 1])
        least = max(ERRORS * sigma * math.sqrt(2 / VALUES), SHARE * abs(best))
        if best - now >= least and best > now:
            return Fall(steps[last], steps[start + VALUES - 1], best, now)
    return None
