"""Intervals in closed form, for metrics with too few clusters that vary to be resampled.

Sources: Wilson interval at an effective sample size: Dean and Pagano (Journal of Survey Statistics
and Methodology, 2015). Adjusted interval for a paired difference of proportions: Bonett and Price
(Journal of Educational and Behavioral Statistics, 2012).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.arrays import Floats

SAME = 1e-12
"""Values closer than this differ by rounding only."""


def wilson(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Return the Wilson score interval of a share of n rows (Wilson, JASA 1927).

    Args:
        share: observed share, in [0, 1].
        n: number of independent rows; the effective one where rows are clustered.
        quantile: two-sided quantile, such as 1.96.
    """
    square = quantile**2 / n
    centre = (share + square / 2) / (1 + square)
    half = quantile / (1 + square) * math.sqrt(share * (1 - share) / n + square / (4 * n))
    # At a share of 0 or 1 the end equals the share; rounding must not push it inside.
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high


def bonett_price(up: float, down: float, n: float, quantile: float) -> tuple[float, float]:
    """Return the adjusted interval of a mean of values −1, 0, 1 (Bonett and Price 2012).

    Args:
        up: share of rows with +1.
        down: share of rows with −1.
        n: number of independent rows; the effective one where rows are clustered.
        quantile: two-sided quantile, such as 1.96.
    """
    centre, error = adjusted_change(up, down, n)
    return max(-1.0, centre - quantile * error), min(1.0, centre + quantile * error)


def adjusted_change(up: float, down: float, n: float) -> tuple[float, float]:
    """Return centre and standard error of the interval of Bonett and Price; see `bonett_price`."""
    more, less = (up * n + 1) / (n + 2), (down * n + 1) / (n + 2)
    centre = more - less
    return centre, math.sqrt((more + less - centre**2) / (n + 2))


def t_quantile(level: float, clusters: float) -> float:
    """Return the two-sided Student quantile with `clusters` − 1 degrees of freedom."""
    return float(special.stdtrit(clusters - 1, (1 + level) / 2))


def effective_rows(values: Floats, total: Floats, count: Floats) -> float:
    """Return the number of independent rows that would give the mean the same variance.

    The rows' variance over the linearised cluster variance of the mean, at most the number of
    rows. Where the rows do not vary the design effect is unknown, and each cluster counts once.

    Args:
        values: (n,) value of each row.
        total: (clusters,) sum of the values in each cluster.
        count: (clusters,) number of rows in each cluster.
    """
    rows = float(len(values))
    if np.ptp(values) < SAME or len(count) < 2:
        return float(len(count))
    error = standard_error(values, total, count)
    return min(float(values.var()) / error**2, rows) if error > SAME else rows


def standard_error(values: Floats, total: Floats, count: Floats) -> float:
    """Return the linearised standard error of the mean of clustered rows, a ratio estimate.

    Arguments as in `effective_rows`; Cochran, *Sampling Techniques* (1977), chapter 6.
    """
    size = len(count)
    residuals = total - float(values.mean()) * count
    return math.sqrt(size / (size - 1) * float(residuals @ residuals)) / float(count.sum())
