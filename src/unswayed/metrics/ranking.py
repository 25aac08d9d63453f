"""How well a score ranks rows: the area under the ROC curve, and its interval for clustered rows.

Resampling covers an AUROC near 1 too seldom (83 to 92 % where 95 is said; docs/metrics.md), and
gives nothing where every resample ranks without a fault. Here the variance that the area would have
with independent rows is corrected by the clusters' own, and the interval is a score interval, which
neither ends beyond 1 nor shrinks to nothing there. How much better one score ranks the same rows
than another is told from the clusters' influence on both areas.

Sources: the area's linearised variance in clusters: Obuchowski, *Nonparametric Analysis of
Clustered ROC Curve Data* (Biometrics 1997). Score interval from the variance of Hanley and McNeil:
Newcombe, *Confidence intervals for an effect size measure based on the Mann–Whitney statistic, part
2* (Statistics in Medicine 2006), method 5. Difference of two areas: DeLong et al., *Comparing the
areas under two or more correlated receiver operating characteristic curves* (Biometrics 1988).
Degrees of freedom: Satterthwaite, *An approximate distribution of estimates of variance components*
(Biometrics Bulletin 1946).
"""

from __future__ import annotations

import math

import numpy as np

from unswayed.metrics.arrays import Bools, Floats, Ints
from unswayed.metrics.closed_forms import SAME, t_quantile
from unswayed.metrics.intervals import ALL_AGREE, Figure

METHOD = "newcombe-clusters"
DELONG = "delong-clusters"


def auroc_figure(
    metric: str, scores: Floats, labels: Bools, clusters: Ints, level: float, missing: str
) -> Figure:
    """Return the area with its interval at the effective numbers of rows of either label.

    The design effect is the variance between clusters over that of independent rows, or over that
    of exponential scores where the scores at hand vary more than those. Where all rows are ranked
    without a fault it is unknown, and each cluster counts once for each label. Student's quantile
    is that of the clusters which hold the rarer label; where the scores at hand vary more than
    exponential ones, as where a few surely wrong rows decide, its degrees of freedom are those of
    the variance between clusters, which are fewer.

    Args:
        metric: name of the figure.
        scores: (n,) higher should mean a positive label.
        labels: (n,) flags.
        clusters: (n,) code of each row's cluster.
        level: of the interval, in (0, 1).
        missing: why there is no value, if there is none.
    """
    n, codes = len(labels), np.unique(clusters, return_inverse=True)[1]
    size = int(codes.max(initial=-1)) + 1
    sizes = int(labels.sum()), int((~labels).sum())
    if not all(sizes):
        return Figure(metric, None, n, size, level=level, reason=missing)
    area, influence = influences(scores, labels)
    held = _held(codes, labels)
    if reason := _too_few(held):
        return Figure(metric, area, n, size, level=level, reason=reason)
    by_cluster = np.bincount(codes, influence, size).astype(np.float64)
    variance = _variance(by_cluster)
    alone = n / (n - 1) * float(influence @ influence)
    assumed = hanley_mcneil(area, *sizes)
    effective, freedom = (float(held[0]), float(held[1])), min(held) - 1.0
    if min(variance, alone, assumed) >= SAME**2:
        design = max(1.0, variance / alone, variance / assumed)
        effective = (max(1.0, sizes[0] / design), max(1.0, sizes[1] / design))
        if variance / assumed >= design:
            freedom = _freedom(by_cluster, min(held))
    low, high = newcombe(area, *effective, t_quantile(level, 1 + freedom))
    return Figure(metric, area, n, size, low, high, level, METHOD)


def gain_figure(
    metric: str,
    scores: tuple[Floats, Floats],
    labels: Bools,
    clusters: Ints,
    level: float,
    missing: str,
) -> Figure:
    """Return the area of the first scores less that of the second, in [−1, 1], with its interval.

    Student's, from the clusters' influence on both areas together (DeLong et al. 1988), with the
    degrees of freedom of that variance. There is none where no cluster moves the difference.

    Args:
        metric: name of the figure.
        scores: of the same rows, two times (n,).
        labels: (n,) flags.
        clusters: (n,) code of each row's cluster.
        level: of the interval, in (0, 1).
        missing: why there is no value, if there is none.
    """
    n, codes = len(labels), np.unique(clusters, return_inverse=True)[1]
    size = int(codes.max(initial=-1)) + 1
    if not labels.any() or labels.all():
        return Figure(metric, None, n, size, level=level, reason=missing)
    (first, moved), (second, back) = (influences(one, labels) for one in scores)
    by_cluster = np.bincount(codes, moved - back, size).astype(np.float64)
    value, held = first - second, _held(codes, labels)
    reason = _too_few(held)
    error = 0.0 if reason else math.sqrt(_variance(by_cluster))
    if error < SAME:
        return Figure(metric, value, n, size, level=level, reason=reason or ALL_AGREE)
    half = t_quantile(level, 1 + _freedom(by_cluster, min(held))) * error
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Figure(metric, value, n, size, low, high, level, DELONG)


def _held(codes: Ints, labels: Bools) -> tuple[int, int]:
    """Return how many clusters hold a positive row, and how many a negative one."""
    return len(np.unique(codes[labels])), len(np.unique(codes[~labels]))


def _too_few(held: tuple[int, int]) -> str:
    """Say why the variance between clusters cannot be told for a label; empty if it can."""
    if min(held) >= 2:
        return ""
    kind = "that stay correct are" if held[0] < 2 else "that turn wrong are"
    return f"the pairs {kind} of {min(held)} image or scene: an interval needs 2 or more"


def _variance(by_cluster: Floats) -> float:
    size = len(by_cluster)
    return size / (size - 1) * float(by_cluster @ by_cluster)


def _freedom(by_cluster: Floats, held: int) -> float:
    """Return the degrees of freedom of the variance between clusters (Satterthwaite 1946).

    Twice its square over its own variance, which the fourth powers of the influences tell; at most
    one less than the clusters that hold the rarer label, and at least 1.
    """
    squares = by_cluster**2
    spread = float(squares @ squares) / float(squares.sum()) ** 2 - 1 / len(squares)
    return max(1.0, min(held - 1.0, 2 / max(spread, SAME)))


def influences(scores: Floats, labels: Bools) -> tuple[float, Floats]:
    """Return the area and (n,) how much each row moves it; their sum is 0.

    A positive row's placement is the share of the negatives below it, a negative row's the share
    of the positives above; its influence is its placement less the area, over the number of rows
    of its label.
    """
    order, starts = ties(scores)
    sizes = np.diff(np.append(starts, len(order)))
    positive = labels[order].astype(np.float64)
    hits = np.add.reduceat(positive, starts)
    misses = sizes - hits
    below = (np.cumsum(misses) - misses / 2) / misses.sum()
    above = 1 - (np.cumsum(hits) - hits / 2) / hits.sum()
    placements = np.empty(len(order))
    placements[order] = np.where(positive == 1, np.repeat(below, sizes), np.repeat(above, sizes))
    area = float(placements[labels].mean())
    of_label = np.where(labels, float(hits.sum()), float(misses.sum()))
    return area, (placements - area) / of_label


def hanley_mcneil(area: float, positives: float, negatives: float) -> float:
    """Return the variance of an area over independent rows, for exponential scores.

    Hanley and McNeil (Radiology 1982), with Newcombe's mean number of rows for both labels.
    """
    further = (positives + negatives) / 2 - 1
    spread = 1 + further * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (positives * negatives)


def newcombe(
    area: float, positives: float, negatives: float, quantile: float
) -> tuple[float, float]:
    """Return the areas that differ from the one found by `quantile` of their own errors."""

    def end(outside: float) -> float:
        inside = area
        for _ in range(50):
            middle = (inside + outside) / 2
            error = math.sqrt(hanley_mcneil(middle, positives, negatives))
            near = abs(area - middle) <= quantile * error
            inside, outside = (middle, outside) if near else (inside, middle)
        return inside

    return (0.0 if area == 0 else end(0.0)), (1.0 if area == 1 else end(1.0))


def ties(keys: Floats) -> tuple[Ints, Ints]:
    """Return the order that sorts `keys`, and where in it each run of ties starts."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return order.astype(np.int64), starts.astype(np.int64)
