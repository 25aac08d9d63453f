"""Differences between two steps of a training, or between two recipes, with honest intervals.

Two sources of chance must not be mistaken for each other. Another draw of questions would change
every figure; another training seed would change the checkpoint. A recipe's effect is about the
second: its interval takes each seed's figure as one value, on the same questions, and is Student's
with the number of seeds behind it. Zhao et al. (arXiv 2602.12506) found the variance between seeds
to be larger than the difference between recipes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal

from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.seeds import over_seeds

FEW = 3
"""Fewer seeds than this cannot tell: with two, Student's quantile is 12.7."""

BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Spread:
    """A difference b − a with its interval.

    Attributes:
        value: the difference; None where a side has no value.
        low: lower end of the interval; None without one.
        high: upper end.
        df: degrees of freedom; None without an interval, and of a resampled one.
        seeds: seeds on the side that has fewer.
        paired: whether the seeds of both sides are the same and were compared one by one.
        reason: why there is no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    df: float | None = None
    seeds: int = 0
    paired: bool = False
    reason: str = ""

    @property
    def few(self) -> bool:
        """Whether there are too few seeds to tell."""
        return self.seeds < FEW


@dataclass(frozen=True)
class Contrast:
    """A difference in one figure.

    Attributes:
        benchmark: the benchmark.
        variant: the variant.
        metric: the metric, as in `dynamics.parquet`.
        a: its value on the first side, the mean over seeds.
        b: on the second side.
        spread: b − a.
        over: what the interval is about: other training seeds, or other questions.
    """

    benchmark: str
    variant: str
    metric: str
    a: float | None
    b: float | None
    spread: Spread
    over: Literal["seeds", "questions"] = "seeds"

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out, and there are seeds enough to say so."""
        low, high = self.spread.low, self.spread.high
        enough = self.over == "questions" or not self.spread.few
        return enough and low is not None and high is not None and (low > 0 or high < 0)


def contrast(a: BySeed, b: BySeed, level: float = 0.95) -> Spread:
    """Return the difference b − a of two sides' means over their seeds.

    The same seeds on both sides are compared one by one: they drew the same prompts. Otherwise the
    sides are independent, and the interval is Welch's (1947) with Satterthwaite's degrees of
    freedom. Neither is cut at the metric's bounds.

    Args:
        a: seed → value of the first side.
        b: of the second.
        level: confidence level, in (0, 1).

    Raises:
        ConfigError: the level is out of range, or a value is not finite.
    """
    if a.keys() == b.keys():
        spread = over_seeds([b[seed] - a[seed] for seed in sorted(a)], level)
        df = None if spread.low is None else float(spread.n - 1)
        return Spread(spread.mean, spread.low, spread.high, df, spread.n, True, spread.reason)
    return _welch(list(a.values()), list(b.values()), level)


def _welch(a: Sequence[float], b: Sequence[float], level: float) -> Spread:
    fewer = min(len(a), len(b))
    if fewer == 0:
        return Spread(None, reason="one side has no value")
    value = fmean(b) - fmean(a)
    if fewer < 2:
        return Spread(
            value, seeds=fewer, reason=f"an interval needs at least 2 seeds a side, found {fewer}"
        )
    parts = [variance(side) / len(side) for side in (a, b)]
    if sum(parts) == 0:
        return Spread(value, seeds=fewer, reason="the seeds of each side agree")
    weights = [part**2 / (len(side) - 1) for part, side in zip(parts, (a, b), strict=True)]
    df = sum(parts) ** 2 / sum(weights)
    half = float(special.stdtrit(df, (1 + level) / 2)) * math.sqrt(sum(parts))
    return Spread(value, value - half, value + half, df, fewer)
