"""Several training seeds of one recipe: mean, range and t-interval, never one seed as a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unswayed.errors import ConfigError
from unswayed.metrics.closed_forms import t_quantile
from unswayed.metrics.intervals import T


@dataclass(frozen=True)
class SeedSummary:
    """A metric over training seeds.

    Attributes:
        mean: mean over the seeds, None without any.
        minimum: least value of a seed.
        maximum: largest value of a seed.
        deviation: standard deviation between seeds (n − 1), None for fewer than two.
        low: lower end of the t-interval of the mean, None for fewer than two seeds.
        high: upper end.
        level: confidence level.
        method: `t`, or empty without an interval.
        n: number of seeds with a value.
        reason: why there is no interval.
    """

    mean: float | None
    minimum: float | None
    maximum: float | None
    deviation: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n: int
    reason: str = ""


def over_seeds(values: Sequence[float | None], level: float = 0.95) -> SeedSummary:
    """Summarise one metric over training seeds.

    The t-interval (Student 1908) is about the recipe's mean over seeds, with the seeds as the only
    source of chance; it is not cut at a metric's bounds. Seeds that agree to the last digit have no
    interval: width 0 would claim certainty.

    Args:
        values: the metric per seed; None where a seed has no value, which leaves that seed out.
        level: confidence level, in (0, 1).

    Raises:
        ConfigError: the level is out of range or a value is not finite.
    """
    if not 0 < level < 1:
        raise ConfigError(f"a level lies between 0 and 1, found {level}; try 0.95")
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not np.isfinite(known).all():
        raise ConfigError(
            "expected finite values per seed, found NaN or infinity; use None instead"
        )
    n = len(known)
    if n == 0:
        return SeedSummary(None, None, None, None, None, None, level, "", 0, "no seed has a value")
    mean, least, most = float(known.mean()), float(known.min()), float(known.max())
    if n < 2:
        reason = "an interval needs at least 2 seeds, found 1"
        return SeedSummary(mean, least, most, None, None, None, level, "", n, reason)
    deviation = float(known.std(ddof=1))
    if least == most:
        reason = f"all {n} seeds agree, which says nothing about their spread"
        return SeedSummary(mean, least, most, 0.0, None, None, level, "", n, reason)
    half = t_quantile(level, n) * deviation / math.sqrt(n)
    return SeedSummary(mean, least, most, deviation, mean - half, mean + half, level, T, n)
