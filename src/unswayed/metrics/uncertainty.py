"""What the letter distribution says: entropy, calibration, and whether it predicts robustness.

All are over the rows that have a distribution (`letters_rate` says how many). ECE and Brier judge
the distribution's own likeliest letter, not the answer that was parsed.
"""

from __future__ import annotations

import math
from typing import Literal, TypedDict

import numpy as np

from unswayed.metrics import calibration
from unswayed.metrics.arrays import Bools, Floats, Ints
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean, Statistic, Weighted
from unswayed.metrics.ranking import auroc_figure, gain_figure, ties
from unswayed.metrics.robustness import NO_PAIRS, Pairs

NO_LETTERS = "no letter distributions"
Distribution = Literal["", "_marginal"]
"""Of an output, or of a prompt: what its columns and its metrics end in."""


def letters(rows: Columns) -> list[Mean]:
    """Return the means over the letter distributions, their share and that of forced ones."""
    ceiling = math.log(rows.options.max()) if len(rows) else 1.0
    letter_rows = rows.take(rows.method >= 0)
    return [
        Mean("letters_rate", (rows.method >= 0).astype(np.float64), rows.cluster),
        Mean(
            "forced_rate",
            letter_rows.forced.astype(np.float64),
            letter_rows.cluster,
            missing=NO_LETTERS,
        ),
        _mean("entropy", rows.entropy, rows, ceiling),
        _mean("entropy_normalised", rows.entropy_normalised, rows),
        _mean("p_correct", rows.p_correct, rows),
        _mean("p_foil", rows.p_foil, rows, missing="no letter distributions with a foil"),
        _mean("other_mass", rows.other_mass, rows, missing="other_mass was not measured"),
        _mean("brier", rows.brier, rows, 2.0),
    ]


def calibration_error(rows: Columns, settings: IntervalSettings) -> list[Figure]:
    """Return `ece` and `ece_debiased`, the calibration error of the likeliest letter."""
    letter_rows = rows.take(rows.method >= 0)
    return calibration.ece_figures(
        ("ece", "ece_debiased"),
        letter_rows.p_top,
        letter_rows.top_correct,
        letter_rows.cluster,
        settings,
        NO_LETTERS,
    )


class Reliability(TypedDict):
    """A reliability diagram as it is written to `metrics.json`.

    Attributes:
        benchmark: benchmark, or `all`.
        variant: the variant.
        bins: those that have rows, by rising confidence.
    """

    benchmark: str
    variant: str
    bins: list[calibration.Bin]


def reliability(rows: Columns, settings: IntervalSettings) -> list[calibration.Bin]:
    """Return the bins of `ece`: how often the likeliest letter is right, by its probability."""
    letter_rows = rows.take(rows.method >= 0)
    columns = letter_rows.p_top, letter_rows.top_correct, letter_rows.cluster
    return calibration.reliability(*columns, settings)


def prediction(pairs: Pairs, level: float, of: Distribution = "") -> list[Figure]:
    """Return the AUROCs of base P(correct) and −H for "still correct under the variant".

    Over the pairs that are correct under base and have a base distribution (Zhao et al.,
    arXiv 2602.12506).

    Args:
        pairs: rows of a variant with their base rows.
        level: of the intervals, in (0, 1).
        of: which distribution predicts, that of the base output or the marginal one of its prompt;
            what is predicted is the same.
    """
    base, after, missing = _predicted(pairs)
    return [
        auroc_figure(f"{metric}{of}", score, after.correct, after.cluster, level, missing)
        for metric, score in _scores(base, of).items()
    ]


def prediction_gain(pairs: Pairs, level: float, of: Distribution = "") -> Figure:
    """Return `auroc_gain`: AUROC of base P(correct) minus AUROC of base −H, in [−1, 1].

    Over the pairs of `prediction`. Its interval is that of the difference: two intervals that
    overlap say nothing about it. Arguments as in `prediction`.
    """
    base, after, missing = _predicted(pairs)
    by_p, by_entropy = _scores(base, of).values()
    columns = after.correct, after.cluster
    return gain_figure(f"auroc_gain{of}", (by_p, by_entropy), *columns, level, missing)


def _scores(base: Columns, of: Distribution) -> dict[str, Floats]:
    p_correct: Floats = getattr(base, f"p_correct{of}")
    entropy: Floats = getattr(base, f"entropy{of}")
    return {"auroc_p_correct": p_correct, "auroc_neg_entropy": -entropy}


def _predicted(pairs: Pairs) -> tuple[Columns, Columns, str]:
    """Return base and variant rows that are predicted, and why there is no AUROC if there is none.

    They are the pairs that are correct under base and have a base distribution.
    """
    mask = pairs.base.correct & (pairs.base.method >= 0)
    base, after = pairs.base.take(mask), pairs.variant.take(mask)
    return base, after, _missing(after.correct, len(pairs))


def selective(pairs: Pairs) -> list[Weighted]:
    """Return the areas under the risk–coverage curves for answering only above a threshold.

    Risk is the error rate under the variant. `aurc_confidence` ranks by the largest letter
    probability under base, which needs no gold; `aurc_p_correct` by base P(correct), which does
    and says how well that predictor would rank.
    """
    mask = pairs.base.method >= 0
    base, after = pairs.base.take(mask), pairs.variant.take(mask)
    missing = NO_LETTERS if len(pairs) else NO_PAIRS
    return [
        Weighted(metric, risk_area(score, ~after.correct), after.cluster, missing=missing)
        for metric, score in (("aurc_confidence", base.p_top), ("aurc_p_correct", base.p_correct))
    ]


def risk_area(confidence: Floats, errors: Bools) -> Statistic:
    """Return weights → AURC: mean over k of the error rate among the k most confident rows.

    Geifman and El-Yaniv, *Selective Classification for Deep Neural Networks* (NeurIPS 2017) for
    the curve; rows that tie in confidence are taken in random order, in expectation. With tied
    rows N before the tie and W in it, summing (E_before + m·E/W) / (N + m) over m = 1 … W needs
    only harmonic numbers.

    Args:
        confidence: (n,) higher is answered first.
        errors: (n,) flags.
    """
    order, starts = ties(-confidence)
    wrong = errors[order].astype(np.int64)

    def statistic(weights: Ints) -> float:
        if len(weights) == 0:
            return math.nan
        ordered = weights[order]
        rows = np.add.reduceat(ordered, starts)
        failures = np.add.reduceat(ordered * wrong, starts)[rows > 0]
        rows = rows[rows > 0]
        if len(rows) == 0:
            return math.nan
        total = np.cumsum(rows)
        before, failures_before = total - rows, np.cumsum(failures) - failures
        harmonic = np.zeros(int(total[-1]) + 1)
        harmonic[1:] = np.cumsum(1.0 / np.arange(1, len(harmonic)))
        spread = harmonic[total] - harmonic[before]
        area = failures + (failures_before - before * failures / rows) * spread
        return float(area.sum() / total[-1])

    return statistic


class RiskCoverage(TypedDict):
    """A risk–coverage curve as it is written to `metrics.json`, one point per threshold.

    Attributes:
        benchmark: benchmark, or `all`.
        variant: the variant whose errors are the risk.
        predictor: base `confidence` (largest letter probability) or `p_correct`.
        threshold: falling; rows with a score of at least this are answered.
        coverage: share of rows answered, in (0, 1].
        risk: error rate among them, in [0, 1].
        n: number of rows.
    """

    benchmark: str
    variant: str
    predictor: str
    threshold: list[float]
    coverage: list[float]
    risk: list[float]
    n: int


def curve(confidence: Floats, errors: Bools, points: int) -> tuple[Floats, Floats, Floats]:
    """Return threshold, coverage and risk at each distinct confidence, thinned to `points`."""
    if len(confidence) == 0:
        return np.empty(0), np.empty(0), np.empty(0)
    order, starts = ties(-confidence)
    ends = np.append(starts[1:], len(order))
    coverage = ends / len(order)
    risk = np.cumsum(errors[order])[ends - 1] / ends
    indices = np.unique(np.linspace(0, len(ends) - 1, min(points, len(ends))).astype(np.int64))
    return confidence[order][starts][indices], coverage[indices], risk[indices]


def _missing(labels: Bools, pairs: int) -> str:
    if pairs == 0:
        return NO_PAIRS
    if len(labels) == 0:
        return "no pair is correct under base and has a base distribution"
    kind = "stays correct" if labels[0] else "turns wrong"
    return f"every pair that is correct under base {kind}: AUROC needs both"


def _mean(
    metric: str, values: Floats, rows: Columns, ceiling: float = 1.0, missing: str = NO_LETTERS
) -> Mean:
    known = np.isfinite(values)
    return Mean(metric, values[known], rows.cluster[known], (0.0, ceiling), missing)
