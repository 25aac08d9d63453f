"""How far raters agree: two of them (a judge and a person) or a panel of judges."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from unswayed.errors import ConfigError
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.intervals import (
    Figure,
    IntervalSettings,
    Mean,
    Statistic,
    Weighted,
    mean_figure,
    weighted_figure,
)

ONE_CATEGORY = "all ratings are the same category: agreement by chance is 1"


def cohen_kappa(
    first: Sequence[str],
    second: Sequence[str],
    clusters: Ints | None = None,
    settings: IntervalSettings | None = None,
) -> Figure:
    """Return Cohen's κ of two raters (Cohen 1960), resampled by cluster.

    Args:
        first: (n,) categories that the first rater gave.
        second: (n,) categories that the second rater gave.
        clusters: (n,) code of each item's cluster; by default each item is one.
        settings: level, resamples and seed.

    Raises:
        ConfigError: the raters rated different numbers of items.
    """
    ratings = _columns([first, second])
    statistic = _cohen(ratings[:, 0], ratings[:, 1])
    return _kappa("cohen_kappa", statistic, len(ratings), clusters, settings)


def fleiss_kappa(
    ratings: Sequence[Sequence[str]],
    clusters: Ints | None = None,
    settings: IntervalSettings | None = None,
) -> Figure:
    """Return Fleiss' κ of a panel (Fleiss, Psychological Bulletin 1971), resampled by cluster.

    Args:
        ratings: (raters, n) categories; every rater rated every item.
        clusters: (n,) code of each item's cluster; by default each item is one.
        settings: level, resamples and seed.

    Raises:
        ConfigError: fewer than two raters, or raters with different numbers of items.
    """
    codes = _columns(ratings)
    return _kappa("fleiss_kappa", _fleiss(codes), len(codes), clusters, settings)


def strict_agreement(
    ratings: Sequence[Sequence[str]],
    clusters: Ints | None = None,
    settings: IntervalSettings | None = None,
) -> Figure:
    """Return the share of items on which all raters agree; arguments as in `fleiss_kappa`."""
    codes = _columns(ratings)
    same = (codes == codes[:, :1]).all(axis=1).astype(np.float64)
    where = np.arange(len(codes)) if clusters is None else clusters
    return mean_figure(Mean("strict_agreement", same, where, missing="no items"), settings)


def _kappa(
    metric: str,
    statistic: Statistic,
    n: int,
    clusters: Ints | None,
    settings: IntervalSettings | None,
) -> Figure:
    where = np.arange(n) if clusters is None else clusters
    missing = ONE_CATEGORY if n else "no items"
    weighted = Weighted(metric, statistic, where, bounds=(-1.0, 1.0), missing=missing)
    return weighted_figure(weighted, settings)


def _columns(ratings: Sequence[Sequence[str]]) -> Ints:
    """Return (n, raters) category codes."""
    lengths = {len(rater) for rater in ratings}
    if len(ratings) < 2 or len(lengths) != 1:
        raise ConfigError(
            "agreement needs at least two raters with a rating for each item, found "
            f"{len(ratings)} with {sorted(lengths)} ratings; leave out items that one did not rate"
        )
    flat = [category for rater in ratings for category in rater]
    codes = {category: code for code, category in enumerate(sorted(set(flat)))}
    table = np.array([codes[category] for category in flat], dtype=np.int64)
    return table.reshape(len(ratings), -1).T


def _cohen(first: Ints, second: Ints) -> Statistic:
    size = int(max(first.max(initial=0), second.max(initial=0))) + 1

    def statistic(weights: Ints) -> float:
        total = float(weights.sum())
        if total == 0:
            return math.nan
        observed = float(weights[first == second].sum()) / total
        left = np.bincount(first, weights, size) / total
        right = np.bincount(second, weights, size) / total
        return _above_chance(observed, float(left @ right))

    return statistic


def _fleiss(codes: Ints) -> Statistic:
    raters = codes.shape[1]
    size = int(codes.max(initial=0)) + 1
    counts: Floats = (codes[:, :, None] == np.arange(size)).sum(axis=1).astype(np.float64)
    agreeing = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))

    def statistic(weights: Ints) -> float:
        total = float(weights.sum())
        if total == 0:
            return math.nan
        shares = weights @ counts / (total * raters)
        return _above_chance(float(weights @ agreeing) / total, float(shares @ shares))

    return statistic


def _above_chance(observed: float, chance: float) -> float:
    return math.nan if chance > 1 - 1e-12 else (observed - chance) / (1 - chance)
