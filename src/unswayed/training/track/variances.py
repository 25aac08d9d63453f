"""How much a line moves along training, and how far seeds lie apart.

    along    the running variance of a seed's line: at each value, the variance about the
             least-squares line through the last w values, with w − 2 degrees of freedom;
             w is a quarter of the values, at least 8 of them, or all where there are fewer
    across   the variance between seeds (n − 1) at a step, averaged over the steps that all have;
             step 0 is left out, where all seeds are the same checkpoint

A steady rise, or a slow one that flattens out, is learning and not unrest: the line through each
window takes it away. What is left is the noise of the sampling, oscillation within a window, and
jumps. Both are ours; the residual variance about a line is the usual one of least squares.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, variance

import numpy as np

LEAST_VALUES = 4
"""Fewer values than this have no variance about a line that says anything."""
LEAST_WINDOW = 8
_WINDOWS = 4

Line = Mapping[int, float]
"""Step → value."""


def window_of(values: int) -> int:
    """Return how many values a running variance looks at."""
    return min(values, max(LEAST_WINDOW, values // _WINDOWS))


def running_variance(line: Line) -> dict[int, float]:
    """Return step → variance about the line through the last values; empty for too few values."""
    if len(line) < LEAST_VALUES:
        return {}
    steps = np.array(sorted(line), dtype=np.float64)
    values = np.array([line[int(step)] for step in steps], dtype=np.float64)
    window = window_of(len(values))
    x, y = (np.lib.stride_tricks.sliding_window_view(one, window) for one in (steps, values))
    x, y = (one - one.mean(axis=1, keepdims=True) for one in (x, y))
    slope = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    residual = y - slope[:, None] * x
    found = (residual**2).sum(axis=1) / (window - 2)
    last = steps[window - 1 :]
    return {int(step): float(value) for step, value in zip(last, found, strict=True)}


def along(line: Line) -> float | None:
    """Return the mean of a line's running variance; None for too few values."""
    found = running_variance(line)
    return fmean(found.values()) if found else None


def across(lines: Mapping[int, Line]) -> float | None:
    """Return the mean variance between seeds; None for fewer than two, or without a common step.

    Args:
        lines: seed → its line.
    """
    if len(lines) < 2:
        return None
    common = set[int].intersection(*(set(line) for line in lines.values())) - {0}
    found = [variance(line[step] for line in lines.values()) for step in sorted(common)]
    return fmean(found) if found else None
