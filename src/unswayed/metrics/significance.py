"""Is a difference more than chance? p-values that agree with the intervals, Holm, and what n shows.

The p-value of a mean is read off its interval: it is the least 1 − level at which the interval
leaves 0 out, so that a p-value below 1 − level and an interval without 0 are the same thing (the
duality of tests and intervals: Lehmann and Romano, *Testing Statistical Hypotheses*, 2005, section
3.5). Resamples cannot tell tails apart that fewer than a handful of them reach: there the p-value
is Student's, from the standard error between clusters.

Sources: step-down correction: Holm (Scandinavian Journal of Statistics, 1979). Smallest difference
that a study can show: (t of the level + t of the power) standard errors (Cohen, *Statistical Power
Analysis for the Behavioral Sciences*, 1988).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.closed_forms import SAME
from unswayed.metrics.intervals import BOOTSTRAP, Figure, IntervalSettings, Mean, spread
from unswayed.types import Estimate

POWER = 0.8
"""Probability with which the smallest difference that is named would be found (the custom)."""

TAIL_DRAWS = 20
"""A p-value below so many of the resamples is Student's: they cannot tell it from a smaller one."""

LEAST = 1e-12
"""The least p-value that is looked for."""

_HALVINGS = 40
"""Steps that find log p to 1e-10."""


def p_value(mean: Mean, at: Callable[[float], Figure], settings: IntervalSettings) -> float | None:
    """Return the two-sided p-value of "the true mean is 0"; None where there is no interval.

    Args:
        mean: the mean.
        at: level → its figure (`intervals.figures_by_level`).
        settings: how its intervals are made.
    """
    figure = at(settings.level)
    if figure.value is None or figure.low is None:
        return None
    p = _inverted(at)
    floor = TAIL_DRAWS / settings.resamples
    if figure.method == BOOTSTRAP and p < floor:
        p = min(floor, _student(mean))
    # Between the two the level may lie: what is printed beside the interval must not contradict it.
    alpha = 1 - settings.level
    return min(p, alpha) if leaves_out_zero(figure) else max(p, math.nextafter(alpha, 1))


def leaves_out_zero(figure: Figure | Estimate) -> bool:
    """Say whether there is an interval and 0 lies outside it."""
    return figure.low is not None and figure.high is not None and not figure.low <= 0 <= figure.high


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for their number, in order; None stays None and does not count.

    The i-th smallest of m is multiplied by m − i + 1 and is no less than those before it.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        corrected[place] = largest
    return corrected


def detectable(mean: Mean, level: float, power: float = POWER) -> float | None:
    """Return the smallest true difference that an interval at this level would show.

    With probability `power` the interval of another sample of this size leaves 0 out, if rows
    differ as much as they do here.

    Args:
        mean: the differences, one a row.
        level: confidence level, in (0, 1).
        power: in (0, 1).

    Returns:
        None where nothing is known of the spread, or where it is more than the metric can differ.
    """
    error, clusters = spread(mean)
    if clusters < 2 or error < SAME:
        return None
    quantiles = special.stdtrit(clusters - 1, [(1 + level) / 2, power])
    least = float(np.sum(quantiles)) * error
    return least if least <= max(mean.bounds) else None


def _inverted(at: Callable[[float], Figure]) -> float:
    """Return the least 1 − level at which the interval leaves 0 out, by halving its logarithm."""
    low, high = math.log(LEAST), 0.0
    if leaves_out_zero(at(1 - LEAST)):
        return LEAST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if leaves_out_zero(at(-math.expm1(middle))):
            high = middle
        else:
            low = middle
    return math.exp(high)


def _student(mean: Mean) -> float:
    error, clusters = spread(mean)
    t = abs(float(mean.values.mean())) / error if error > SAME else math.inf
    return max(LEAST, 2 * float(special.stdtr(clusters - 1, -t)))
