"""All estimates of a run: for each benchmark and variant, every metric with its interval.

`all` as a benchmark pools the samples of several benchmarks (each sample weighs the same, so a
large benchmark weighs more); `all` as a variant is a metric that spans variants. A metric that
cannot be computed is there with its reason, one that does not apply to a variant is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from unswayed.metrics import (
    accuracy,
    contrasts,
    draws,
    faithfulness,
    groups,
    panel,
    robustness,
    selection,
    taxonomy,
    uncertainty,
)
from unswayed.metrics.codes import ALL, BASE, asserts_foil, is_misleading
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import (
    Figure,
    IntervalSettings,
    Mean,
    Strata,
    Weighted,
    mean_figures,
    strata_figure,
    weighted_figure,
)
from unswayed.metrics.robustness import Pairs
from unswayed.metrics.scopes import in_benchmark, records, scopes, variant_names, within
from unswayed.metrics.uncertainty import Reliability, RiskCoverage
from unswayed.types import Estimate

Metric = Mean | Weighted | Strata | Figure
Predictor = Literal["confidence", "p_correct"]
PREDICTORS: tuple[Predictor, ...] = ("confidence", "p_correct")


def measure(
    outcomes: Columns, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> list[Estimate]:
    """Return every estimate of a run, benchmark by benchmark, base first among the variants.

    Args:
        outcomes: the run's rows.
        level: confidence level of the intervals, in (0, 1).
        resamples: number of bootstrap resamples.
        seed: seed of the resampling.

    Raises:
        ConfigError: the level or the number of resamples is out of range.
    """
    settings = IntervalSettings(level, resamples, seed)
    estimates: list[Estimate] = []
    for benchmark in scopes(outcomes):
        for variant in variant_names(outcomes, benchmark):
            estimates += _measure_variant(outcomes, benchmark, variant, settings)
        rows = outcomes.take(in_benchmark(outcomes, benchmark)).completed()
        spanning = [faithfulness.steadfastness(rows)]
        figures = _figures([*spanning, *_agreement(rows, settings)], settings)
        estimates += _estimates(outcomes, benchmark, ALL, figures)
        estimates += selection.measured(outcomes, benchmark, settings)
        estimates += contrasts.measured(outcomes, benchmark, settings)
    return estimates


def risk_coverage(
    outcomes: Columns, *, variants: Sequence[str] | None = None, points: int = 100
) -> list[RiskCoverage]:
    """Return the curves of errors when only the samples with the surest base are answered.

    One per benchmark (and `all`), variant and predictor; pairs without a base distribution are
    left out, and so are curves without pairs.

    Args:
        outcomes: the run's rows.
        variants: whose errors are the risk; by default base alone.
        points: largest number of points of a curve, at least 2.

    Raises:
        ConfigError: the run has no such variant.
    """
    names = [BASE] if variants is None and BASE in outcomes.variants else variants or []
    curves = [
        _curve(outcomes, benchmark, variant, predictor, points)
        for benchmark in scopes(outcomes)
        for variant in names
        for predictor in PREDICTORS
    ]
    return [curve for curve in curves if curve["n"]]


def reliability(
    outcomes: Columns, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> list[Reliability]:
    """Return the bins behind `ece`, for each benchmark (and `all`) and variant with letters.

    Args:
        outcomes: the run's rows.
        level: confidence level of the intervals, in (0, 1).
        resamples: number of bootstrap resamples.
        seed: seed of the resampling.

    Raises:
        ConfigError: the level or the number of resamples is out of range.
    """
    settings = IntervalSettings(level, resamples, seed)
    diagrams = [
        _reliability(outcomes, benchmark, variant, settings)
        for benchmark in scopes(outcomes)
        for variant in variant_names(outcomes, benchmark)
    ]
    return [one for one in diagrams if one["bins"]]


def _reliability(
    outcomes: Columns, benchmark: str, variant: str, settings: IntervalSettings
) -> Reliability:
    rows = outcomes.take(within(outcomes, benchmark, variant) & outcomes.has_output())
    bins = uncertainty.reliability(rows.of_kind("choice"), settings)
    return {"benchmark": benchmark, "variant": variant, "bins": bins}


def _measure_variant(
    outcomes: Columns, benchmark: str, variant: str, settings: IntervalSettings
) -> list[Estimate]:
    mask = within(outcomes, benchmark, variant)
    answered = outcomes.has_output()
    rows, lost = outcomes.take(mask & answered), outcomes.take(mask & ~answered)
    pairs = robustness.paired(outcomes, mask)
    metrics = [
        *_metrics(variant, rows, lost, pairs, settings),
        *(draws.metrics(variant, rows, pairs, settings) if outcomes.draws > 1 else ()),
        *accuracy.refusals(outcomes.take(mask & ~outcomes.ended("error"))),
    ]
    return _estimates(outcomes, benchmark, variant, _figures(metrics, settings))


def _metrics(
    variant: str, rows: Columns, lost: Columns, pairs: Pairs, settings: IntervalSettings
) -> Iterator[Metric]:
    """Yield the metrics that apply to a variant, in the order of the report."""
    yield from accuracy.accuracy(rows)
    yield from accuracy.readings(rows)
    yield from accuracy.fallbacks(rows)
    yield from accuracy.boxes(rows)
    if (rows.group >= 0).any():
        yield groups.group_accuracy(rows, lost)
    yield from groups.category_accuracies(rows, lost)
    yield from groups.source_scores(rows)
    if rows.can_abstain.any():
        yield from accuracy.abstention(rows)
    yield robustness.foil_rate(rows)
    if variant != BASE:
        yield from robustness.flips(pairs)
        yield robustness.mcnemar(pairs, settings.level)
        yield robustness.sway(pairs)
    yield from faithfulness.consistency(rows)
    if asserts_foil(variant):
        yield faithfulness.acknowledgement(rows)
    yield from faithfulness.quadrants(rows)
    yield faithfulness.faithful_accuracy(rows)
    yield from panel.panel(rows, settings)
    yield from panel.consistency_by_judge(rows)
    choices = rows.of_kind("choice")
    yield from uncertainty.letters(choices)
    yield from uncertainty.calibration_error(choices, settings)
    if variant != BASE:
        yield from uncertainty.prediction(pairs, settings.level)
    if is_misleading(variant):
        yield uncertainty.prediction_gain(pairs, settings.level)
        yield from taxonomy.shares(pairs)
    yield from uncertainty.selective(pairs)
    if variant == BASE:
        yield from accuracy.letter_shares(rows)


def _agreement(rows: Columns, settings: IntervalSettings) -> Iterator[Metric]:
    """Yield how far the judges agree over all variants, and each two of them."""
    yield from panel.panel(rows, settings)
    yield from panel.pairs(rows, settings)


def _curve(
    outcomes: Columns, benchmark: str, variant: str, predictor: Predictor, points: int
) -> RiskCoverage:
    pairs = robustness.paired(outcomes, within(outcomes, benchmark, variant))
    has_letters = pairs.base.method >= 0
    base, after = pairs.base.take(has_letters), pairs.variant.take(has_letters)
    confidence = base.p_top if predictor == "confidence" else base.p_correct
    threshold, coverage, risk = uncertainty.curve(confidence, ~after.correct, points)
    return {
        "benchmark": benchmark,
        "variant": variant,
        "predictor": predictor,
        "threshold": threshold.tolist(),
        "coverage": coverage.tolist(),
        "risk": risk.tolist(),
        "n": len(after),
    }


def _figures(metrics: Sequence[Metric], settings: IntervalSettings) -> list[Figure]:
    """Return the metrics' figures in order; the means are resampled together."""
    means = iter(mean_figures([one for one in metrics if isinstance(one, Mean)], settings))
    return [next(means) if isinstance(one, Mean) else _figure(one, settings) for one in metrics]


def _figure(metric: Weighted | Strata | Figure, settings: IntervalSettings) -> Figure:
    if isinstance(metric, Figure):
        return metric
    if isinstance(metric, Strata):
        return strata_figure(metric, settings)
    return weighted_figure(metric, settings)


def _estimates(
    outcomes: Columns, benchmark: str, variant: str, figures: Sequence[Figure]
) -> list[Estimate]:
    variants = outcomes.variants if variant == ALL else (variant,)
    return records(outcomes, benchmark, variant, variants, figures)
