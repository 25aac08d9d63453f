"""Whether probabilities are as large as the share of right answers: the calibration error.

The binned error is a sum of absolute values, so that noise alone makes it positive: of 50 perfectly
calibrated rows it is about 0.1. What is said of the error itself is therefore found by asking which
true gaps would give one as large as was found: the middle of its distribution for the value, the
tails for the interval. A perfectly calibrated model's interval then holds 0 as often as it says.

Source of the error: Guo et al., *On Calibration of Modern Neural Networks* (ICML 2017), equation 3.
Of the test inversion: Carpenter, *Test inversion bootstrap confidence intervals* (JRSS B, 1999).
"""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.closed_forms import SAME, t_quantile
from unswayed.metrics.intervals import (
    MIN_CLUSTERS,
    Figure,
    IntervalSettings,
    Mean,
    mean_figures,
)

BINS = 10
METHOD = "test-inversion-clusters"
BIASED = "biased upwards by noise; ece_debiased has an interval"

_NORMALS = 1000
"""Pairs of noise z and −z; by symmetry each distribution falls as the gaps grow (Anderson 1955)."""


class Bin(TypedDict):
    """Rows of about the same confidence, as they are written to `metrics.json`.

    Attributes:
        above: lower edge, not of the bin, in [0, 1).
        to: upper edge, of the bin.
        confidence: mean of the rows.
        accuracy: share of right rows, in [0, 1].
        low: lower end of its interval; None where there is none.
        high: upper end.
        n: number of rows.
    """

    above: float
    to: float
    confidence: float
    accuracy: float
    low: float | None
    high: float | None
    n: int


def ece(confidence: Floats, correct: Floats) -> float:
    """Return Σ over bins of |Σ (correct − confidence)| / n; NaN without rows.

    Args:
        confidence: (n,) in [0, 1]; ten bins of equal width, closed on the right.
        correct: (n,) in [0, 1].
    """
    if len(confidence) == 0:
        return math.nan
    gaps = np.bincount(_bins(confidence), correct - confidence)
    return float(np.abs(gaps).sum()) / len(confidence)


def ece_figures(
    names: tuple[str, str],
    confidence: Floats,
    correct: Floats,
    clusters: Ints,
    settings: IntervalSettings,
    missing: str,
) -> list[Figure]:
    """Return the binned calibration error, and the debiased one with its interval.

    Args:
        names: of the two figures.
        confidence: (n,) in [0, 1].
        correct: (n,) in [0, 1].
        clusters: (n,) code of each row's cluster.
        settings: level of the interval, and seed of the noise.
        missing: why there are no rows, if there are none.
    """
    codes = np.unique(clusters, return_inverse=True)[1]
    n, size = len(codes), int(codes.max(initial=-1)) + 1
    if n == 0:
        return [Figure(name, None, 0, 0, level=settings.level, reason=missing) for name in names]
    error = ece(confidence, correct)
    binned = Figure(names[0], error, n, size, level=settings.level, reason=BIASED)
    if size < MIN_CLUSTERS:
        few = f"debiasing needs at least {MIN_CLUSTERS} clusters, found {size}"
        return [binned, Figure(names[1], None, n, size, level=settings.level, reason=few)]
    gaps, spread = _gaps(confidence, correct, codes, size)
    noise = _noise(spread, size, settings)
    # What the error would be depends on how it lies in the bins: of all shapes with one error, one
    # that is even comes out smallest, one in few bins largest. The ends are those of the worst.
    own = np.sqrt(np.maximum(np.diag(spread), 0))
    even = np.where(gaps < 0, -own, own)
    beyond = np.sign(gaps) * np.sqrt(np.maximum(gaps**2 - own**2, 0))
    tail = (1 - settings.level) / 2
    value = _error_at(0.5, error, gaps, noise)
    low = min(_error_at(1 - tail, error, shape, noise) for shape in (gaps, beyond))
    high = max(_error_at(tail, error, shape, noise) for shape in (gaps, even))
    # Gaps smaller than calibrated rows would have are no proof of an error of exactly 0.
    ends = (min(low, value), max(high, value) or error)
    return [binned, Figure(names[1], value, n, size, *ends, settings.level, METHOD)]


def reliability(
    confidence: Floats, correct: Floats, clusters: Ints, settings: IntervalSettings
) -> list[Bin]:
    """Return the bins of the calibration error that have rows, by rising confidence.

    Args:
        confidence: (n,) in [0, 1].
        correct: (n,) in [0, 1].
        clusters: (n,) code of each row's cluster.
        settings: level of the intervals, and the resampling.
    """
    place = _bins(confidence)
    there = [int(code) for code in np.unique(place)]
    inside = [place == code for code in there]
    means = [Mean("accuracy", correct[mask], clusters[mask]) for mask in inside]
    return [
        Bin(
            above=code / BINS,
            to=(code + 1) / BINS,
            confidence=float(confidence[mask].mean()),
            accuracy=figure.value or 0.0,
            low=figure.low,
            high=figure.high,
            n=figure.n,
        )
        for code, mask, figure in zip(there, inside, mean_figures(means, settings), strict=True)
    ]


def _bins(confidence: Floats) -> Ints:
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _gaps(confidence: Floats, correct: Floats, codes: Ints, size: int) -> tuple[Floats, Floats]:
    """Return (bins,) gaps, each over the number of all rows, and their (bins, bins) covariance.

    The covariance is linearised between clusters; a variance is at least that of calibrated
    independent rows, so that a bin with few rows is not taken as certain.
    """
    n, place, gap = len(codes), _bins(confidence), correct - confidence
    table = np.bincount(codes * BINS + place, gap, size * BINS).reshape(size, BINS)
    gaps = table.sum(axis=0) / n
    residuals = (table - np.bincount(codes, minlength=size)[:, None] * gaps) / n
    spread = size / (size - 1) * residuals.T @ residuals
    least = np.bincount(place, confidence * (1 - confidence), BINS) / n**2
    return gaps, spread + np.diag(np.maximum(least - np.diag(spread), 0))


def _noise(spread: Floats, size: int, settings: IntervalSettings) -> Floats:
    """Return (draws, bins) noise of the gaps, as wide as Student's t for few clusters."""
    normal = float(special.ndtri((1 + settings.level) / 2))
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(np.maximum(values, 0))
    z = np.random.default_rng(settings.seed).normal(size=(_NORMALS, BINS))
    noise = z @ root.T * (t_quantile(settings.level, size) / normal)
    return np.concatenate([noise, -noise])


def _error_at(share: float, error: float, shape: Floats, noise: Floats) -> float:
    """Return the true error for which a share of all draws of the binned error is at most `error`.

    Args:
        share: in (0, 1).
        error: the binned error that was found.
        shape: (bins,) gaps up to a factor.
        noise: (draws, bins) of the gaps.

    Returns:
        0 where even true gaps of 0 give larger errors often enough.
    """
    whole = float(np.abs(shape).sum())
    if whole < SAME:
        return 0.0

    def below(true: float) -> float:
        return float((np.abs(shape * (true / whole) + noise).sum(axis=1) <= error).mean())

    low, high = 0.0, 1.0
    if below(low) <= share:
        return low
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) > share else (low, middle)
    return high
