"""Intervals for metrics whose rows are not independent: rows of one image move together.

Three kinds of metric come in: a `Mean` (one value per row; paired differences are one, too), a
`Weighted` statistic (AURC, a difference of AUROCs, Fleiss' κ), which is computed anew in every
resample, and `Strata`, a weighted mean of means over parts of a benchmark. Each gives a `Figure`.
AUROC and the calibration error have intervals of their own, in `metrics.ranking` and
`metrics.calibration`. The choice of the interval and its simulated coverage are in docs/metrics.md.

Sources: cluster bootstrap: Davison and Hinkley, *Bootstrap Methods and their Application* (1997),
section 3.8. Percentile levels widened for few clusters: Hesterberg, *What Teachers Should Know
About the Bootstrap* (The American Statistician, 2015). Where resampling would say nothing, the
closed forms of `metrics.closed_forms` are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.errors import ConfigError
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.closed_forms import (
    SAME,
    adjusted_change,
    bonett_price,
    effective_rows,
    standard_error,
    t_quantile,
    wilson,
)

Statistic = Callable[[Ints], float]
"""Integer weight of each row (n,) → the statistic; NaN where the weights leave it undefined."""

BOOTSTRAP = "cluster-bootstrap"
STRATIFIED = "stratified-cluster-bootstrap"
WILSON = "wilson-clusters"
WILSON_BOOTSTRAP = "wilson-cluster-bootstrap"
BONETT_PRICE = "bonett-price-clusters"
T = "t"
T_CLUSTERS = "t-clusters"

MIN_CLUSTERS = 8
"""Fewest clusters to resample: the ends cannot lie beyond the most extreme clusters, so that with
C clusters an interval misses at least 2 of 2^C times."""

MIN_VARIED_CLUSTERS = 20
"""Fewest clusters off the commonest value for which resampling proportions covers as it says."""

MAX_UNDEFINED_DRAWS = 0.05
"""Largest share of resamples without a value that may be left out of an interval."""

ALL_AGREE = "all resamples agree, which says nothing about the spread"

_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True)
class IntervalSettings:
    """How intervals are made.

    Attributes:
        level: confidence level, in (0, 1).
        resamples: number of bootstrap resamples, at least 100.
        seed: seed of the resampling; every interval starts from it, so that a figure does not
            depend on which other figures are computed.
    """

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot give an interval.

        Raises:
            ConfigError: the level or the number of resamples is out of range.
        """
        if not 0 < self.level < 1:
            raise ConfigError(f"a level lies between 0 and 1, found {self.level}; try 0.95")
        if self.resamples < 100:
            raise ConfigError(
                f"intervals need at least 100 resamples, found {self.resamples}; try 2000"
            )


@dataclass(frozen=True)
class Figure:
    """A value with its interval, not yet told which benchmark and variant it belongs to.

    Attributes are those of `unswayed.types.Estimate`; no number is ever NaN or infinite.
    """

    metric: str
    value: float | None
    n: int
    n_clusters: int
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Mean:
    """A metric that is the mean of one value per row.

    Attributes:
        metric: its name.
        values: (n,) values, finite; only the rows that the metric is about.
        clusters: (n,) code of each row's cluster.
        bounds: the least and the largest value that a row could have had.
        missing: why there are no rows, if there are none.
    """

    metric: str
    values: Floats
    clusters: Ints
    bounds: tuple[float, float] = (0.0, 1.0)
    missing: str = "there are no such rows"


@dataclass(frozen=True)
class Weighted:
    """A metric that is no mean of rows: resampled by weighting the rows and computing it again.

    Attributes:
        metric: its name.
        statistic: weights of the rows → value.
        clusters: (n,) code of each row's cluster.
        bounds: the least and the largest value that the statistic can have.
        missing: why it cannot be computed, if it cannot.
    """

    metric: str
    statistic: Statistic
    clusters: Ints
    bounds: tuple[float, float] = (0.0, 1.0)
    missing: str = "there are no such rows"


@dataclass(frozen=True)
class Strata:
    """A weighted mean of means over parts of a benchmark that share no cluster.

    Attributes:
        metric: its name.
        parts: (weight, mean) of each part; the weights sum to 1.
    """

    metric: str
    parts: tuple[tuple[float, Mean], ...]


@dataclass(frozen=True)
class _Sums:
    """Per cluster: the sum of the values and the number of rows; `support` names the clusters."""

    total: Floats
    count: Floats
    support: bytes = field(repr=False)


def mean_figure(mean: Mean, settings: IntervalSettings | None = None) -> Figure:
    """Return the mean of rows in clusters with its interval; see `mean_figures`."""
    return mean_figures([mean], settings)[0]


def mean_figures(means: Sequence[Mean], settings: IntervalSettings | None = None) -> list[Figure]:
    """Return each mean with its interval; means over the same clusters share their resamples.

    Memory is a few dozen MB plus (metrics × clusters), whatever the number of resamples.
    """
    settings = settings or IntervalSettings()
    return [at(settings.level) for at in figures_by_level(means, settings)]


def figures_by_level(
    means: Sequence[Mean], settings: IntervalSettings
) -> list[Callable[[float], Figure]]:
    """Return for each mean a function from a level in (0, 1) to its figure at that level.

    All levels of a mean are read off the same resamples, so that intervals at higher levels hold
    those at lower ones.
    """
    sums = [_sums(mean) for mean in means]
    chosen = [i for i, mean in enumerate(means) if _resamples(mean)]
    draws = _mean_draws({i: sums[i] for i in chosen}, settings)
    return [partial(_figure, mean, sums[i], draws.get(i)) for i, mean in enumerate(means)]


def weighted_figure(weighted: Weighted, settings: IntervalSettings | None = None) -> Figure:
    """Return a statistic that is no mean with an interval from resampled clusters.

    Of one in [0, 1], such as AURC, it is Wilson's at as many rows as would give a share the spread
    of the resamples, since percentiles cover too seldom near an end; of others, percentiles. There
    is no interval where too many resamples leave the statistic undefined, and no percentiles where
    all agree: width 0 would be a lie.
    """
    settings = settings or IntervalSettings()
    codes = _codes(weighted.clusters)
    n, size = len(codes), int(codes.max()) + 1 if len(codes) else 0
    value = weighted.statistic(np.ones(n, dtype=np.int64)) if n else math.nan
    if not math.isfinite(value):
        return Figure(weighted.metric, None, n, size, level=settings.level, reason=weighted.missing)
    low, high, reason = _weighted_interval(weighted, codes, size, value, settings)
    return Figure(
        weighted.metric,
        value,
        n,
        size,
        low,
        high,
        settings.level,
        "" if low is None else WILSON_BOOTSTRAP if weighted.bounds == (0.0, 1.0) else BOOTSTRAP,
        reason,
    )


def strata_figure(strata: Strata, settings: IntervalSettings | None = None) -> Figure:
    """Return a weighted mean of means; the clusters are resampled within each part.

    Stratified bootstrap: Davison and Hinkley (1997), section 3.2. The percentiles are widened for
    the part with the fewest clusters. There is no interval where a part has too few clusters that
    vary: resampling would take that part for certain.
    """
    settings = settings or IntervalSettings()
    sums = [_sums(mean) for _, mean in strata.parts]
    n, size = sum(len(mean.values) for _, mean in strata.parts), sum(len(s.count) for s in sums)
    empty = [mean.missing for _, mean in strata.parts if len(mean.values) == 0]
    if empty:
        return Figure(strata.metric, None, n, size, level=settings.level, reason=empty[0])
    value = float(sum(weight * mean.values.mean() for weight, mean in strata.parts))
    if not all(_resamples(mean) for _, mean in strata.parts):
        reason = "a part has too few clusters that vary to resample it"
        return Figure(strata.metric, value, n, size, level=settings.level, reason=reason)
    draws = np.zeros(settings.resamples)
    for i, (weight, _) in enumerate(strata.parts):  # parts of one size must not be drawn alike
        draws += weight * _mean_draws({0: sums[i]}, settings, part=i)[0]
    low, high = percentile_interval(draws, min(len(s.count) for s in sums), settings.level)
    low, high = min(low, value), max(high, value)
    return Figure(strata.metric, value, n, size, low, high, settings.level, STRATIFIED)


def _figure(mean: Mean, sums: _Sums, draws: Floats | None, level: float) -> Figure:
    n, size = len(mean.values), len(sums.count)
    if n == 0:
        return Figure(mean.metric, None, 0, 0, level=level, reason=mean.missing)
    value = float(mean.values.mean())
    if size < 2:
        reason = f"an interval needs at least 2 clusters, found {size}"
        return Figure(mean.metric, value, n, size, level=level, reason=reason)
    method = BOOTSTRAP
    if draws is not None and np.ptp(draws) > SAME:
        low, high = percentile_interval(draws, size, level)
    elif _kind(mean) == "other" and standard_error(mean.values, sums.total, sums.count) < SAME:
        return Figure(mean.metric, value, n, size, level=level, reason=ALL_AGREE)
    else:
        low, high = _closed_interval(mean, sums, level)
        method = {"changes": BONETT_PRICE, "other": T_CLUSTERS}.get(_kind(mean), WILSON)
    low, high = min(low, value), max(high, value)
    return Figure(mean.metric, value, n, size, low, high, level, method)


def _kind(mean: Mean) -> Literal["shares", "changes", "constant", "other"]:
    """Tell 0/1 values, sums of changes, one and the same value, and all else apart.

    Changes are differences of 0/1 values, −1, 0, 1; their halves and sums have half-integers.
    """
    if mean.bounds == (0.0, 1.0) and np.isin(mean.values, (0.0, 1.0)).all():
        return "shares"
    if mean.bounds in ((-1.0, 1.0), (-2.0, 2.0)) and not np.mod(2 * mean.values, 1).any():
        return "changes"
    return "constant" if np.ptp(mean.values) < SAME else "other"


def spread(mean: Mean) -> tuple[float, int]:
    """Return the standard error of a mean of at least one row, and its number of clusters.

    Of changes it is that of Bonett and Price, which is not 0 where all rows agree; of other values
    the linearised one between clusters.
    """
    sums = _sums(mean)
    clusters = len(sums.count)
    if clusters < 2:
        return 0.0, clusters
    if _kind(mean) == "changes":
        n = effective_rows(mean.values, sums.total, sums.count)
        return mean.bounds[1] * adjusted_change(*_up_down(mean), n)[1], clusters
    return standard_error(mean.values, sums.total, sums.count), clusters


def _resamples(mean: Mean) -> bool:
    """Whether enough clusters carry information for resampling to cover as it says."""
    values, clusters = mean.values, mean.clusters
    if len(np.unique(clusters)) < MIN_CLUSTERS:
        return False
    kind = _kind(mean)
    if kind in ("constant", "other"):
        return kind == "other"
    kinds, counts = np.unique(values, return_counts=True)
    varied = np.unique(clusters[values != kinds[counts.argmax()]])
    return len(varied) >= MIN_VARIED_CLUSTERS


def _closed_interval(mean: Mean, sums: _Sums, level: float) -> tuple[float, float]:
    """Closed forms at the effective sample size, with Student's quantile for few clusters."""
    quantile = t_quantile(level, len(sums.count))
    n = effective_rows(mean.values, sums.total, sums.count)
    value, kind = float(mean.values.mean()), _kind(mean)
    if kind == "shares":
        return wilson(value, n, quantile)
    low, high = mean.bounds
    if kind == "changes":
        ends = bonett_price(*_up_down(mean), n, quantile)
        return high * ends[0], high * ends[1]
    if kind == "other":
        half = quantile * standard_error(mean.values, sums.total, sums.count)
        return max(low, value - half), min(high, value + half)
    # Every row has the same value: at least `sure` of the mass lies there, the rest anywhere.
    sure = wilson(1.0, n, quantile)[0]
    return sure * value + (1 - sure) * low, sure * value + (1 - sure) * high


def _up_down(mean: Mean) -> tuple[float, float]:
    """Return shares of +1 and −1 that have mean and mean square of changes scaled to [−1, 1].

    Bonett and Price add one row at each bound and take the rows' variance, which asks for no more
    than these two moments; of changes −1, 0, 1 they are the shares themselves.
    """
    scaled = mean.values / mean.bounds[1]
    centre, square = float(scaled.mean()), float((scaled**2).mean())
    return (square + centre) / 2, (square - centre) / 2


def percentile_interval(draws: Floats, clusters: int, level: float) -> tuple[float, float]:
    """Return percentiles of bootstrap draws, widened for few clusters (Hesterberg 2015)."""
    wide = math.sqrt(clusters / (clusters - 1)) * t_quantile(level, clusters)
    tail = float(special.ndtr(-wide))
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def resampled_counts(
    clusters: int, settings: IntervalSettings, cells: int = _CHUNK_CELLS, part: int = 0
) -> Iterator[Ints]:
    """Yield (chunk, clusters) arrays: how often each cluster is drawn in each resample.

    Parts with different numbers are drawn independently of each other.
    """
    rng = np.random.default_rng([settings.seed, part] if part else settings.seed)
    chunk = max(1, cells // clusters)
    for start in range(0, settings.resamples, chunk):
        rows = min(chunk, settings.resamples - start)
        picks = rng.integers(0, clusters, (rows, clusters))
        picks += np.arange(rows)[:, None] * clusters
        yield np.bincount(picks.ravel(), minlength=rows * clusters).reshape(rows, clusters)


def _mean_draws(
    sums: dict[int, _Sums], settings: IntervalSettings, part: int = 0
) -> dict[int, Floats]:
    """Resample the means that need it, those over the same clusters together."""
    by_support: dict[bytes, list[int]] = {}
    for i, one in sums.items():
        by_support.setdefault(one.support, []).append(i)
    draws: dict[int, Floats] = {}
    for members in by_support.values():
        totals = np.stack([sums[i].total for i in members], axis=1)
        counts = np.stack([sums[i].count for i in members], axis=1)
        chunks: list[Floats] = []
        for weights in resampled_counts(len(totals), settings, part=part):
            factors = weights.astype(np.float64)
            chunks.append((factors @ totals) / (factors @ counts))
        table = np.concatenate(chunks)
        draws |= {i: table[:, column] for column, i in enumerate(members)}
    return draws


def _weighted_interval(
    weighted: Weighted, codes: Ints, size: int, value: float, settings: IntervalSettings
) -> tuple[float | None, float | None, str]:
    if size < MIN_CLUSTERS:
        return None, None, f"resampling needs at least {MIN_CLUSTERS} clusters, found {size}"
    draws = np.array(
        [
            weighted.statistic(counts[codes])
            for chunk in resampled_counts(size, settings)
            for counts in chunk
        ]
    )
    defined = draws[np.isfinite(draws)]
    undefined = 1 - len(defined) / len(draws)
    if undefined > MAX_UNDEFINED_DRAWS:
        return None, None, f"{undefined:.0%} of the resamples leave it undefined: too few rows"
    if weighted.bounds == (0.0, 1.0):
        variance = float(defined.var())
        n = min(value * (1 - value) / variance, len(codes)) if variance > SAME**2 else size
        return *wilson(value, max(n, 1.0), t_quantile(settings.level, size)), ""
    if np.ptp(defined) < SAME:
        return None, None, ALL_AGREE
    low, high = percentile_interval(defined, size, settings.level)
    least, largest = weighted.bounds
    return max(least, min(low, value)), min(largest, max(high, value)), ""


def _sums(mean: Mean) -> _Sums:
    support, codes = _unique(mean.clusters)
    return _Sums(
        np.bincount(codes, mean.values, len(support)).astype(np.float64),
        np.bincount(codes, minlength=len(support)).astype(np.float64),
        support.tobytes(),
    )


def _codes(clusters: Ints) -> Ints:
    return _unique(clusters)[1]


def _unique(clusters: NDArray[Any]) -> tuple[Ints, Ints]:
    support, codes = np.unique(clusters, return_inverse=True)
    return support.astype(np.int64), codes.astype(np.int64)
