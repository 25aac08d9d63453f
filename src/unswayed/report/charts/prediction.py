"""Charts of what the letter distribution predicts, and of whether it is calibrated."""

from __future__ import annotations

from collections.abc import Mapping

from unswayed.metrics.codes import BASE
from unswayed.report.charts.chart import (
    FEW,
    GLYPHS,
    SHOWN_VARIANTS,
    Chart,
    LegendEntry,
    Runs,
    ShownRecord,
    benchmarks_of,
    in_order,
    missing,
    records_of,
    run_colour,
    run_panels,
    scope_title,
    where,
)
from unswayed.report.plots import Dots, LinePlot, Plot, PlotLine, Series
from unswayed.report.text import one_line
from unswayed.results.measured import Curve, Diagram, Measured
from unswayed.types import Estimate

_PREDICTORS = {
    "auroc_p_correct": ("P(correct)", "accent", "o"),
    "auroc_neg_entropy": ("−H", "second", "s"),
}
"""Metric → what predicts, its colour and its marker."""
AUROC = (*_PREDICTORS, "auroc_gain")


def auroc(runs: Runs) -> Chart:
    """Return the chart of what predicts which answers stay right, without single points."""
    panels: dict[str, Plot] = {}
    left_out = list(missing(runs, list(_PREDICTORS)))
    for panel, heading, scope, run in run_panels(runs, list(_PREDICTORS)):
        series: list[Series] = []
        for key, (name, colour, marker) in _PREDICTORS.items():
            estimates = run.measured.of_metric(scope, key)
            series.append(Series(name, colour, _with_interval(estimates), marker))
            left_out += [
                f"{heading}, {one_line(variant, 40)}, {name}: {one_line(e.reason)}"
                for variant, e in estimates.items()
                if e.value is not None and e.low is None
            ]
        rows = in_order([row for one in series for row in one.estimates])
        if rows:
            limits = (-0.015, 1.015)
            panels[panel] = Dots(heading, "AUROC", rows, tuple(series), 1, limits, 0.5)
    legend = tuple(
        LegendEntry(colour, f"{name} in base", GLYPHS[marker])
        for name, colour, marker in _PREDICTORS.values()
    )
    caption = (
        "How well the letter distribution in base predicts which of the right answers stay right "
        "under a variant. The line at 0.5 is chance."
    )
    return Chart(
        "auroc",
        "Predicting which right answers stay right",
        caption,
        legend,
        panels,
        tuple(dict.fromkeys(left_out)),
        records_of(runs, AUROC),
        AUROC,
    )


def _with_interval(estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return those with an interval or without a value: a value alone rests on too few rows."""
    return {n: e for n, e in estimates.items() if e.value is None or e.low is not None}


_STYLES = ("solid", "dashed", "dotted")
_CURVE_NAMES = {
    "p_correct": "by P(correct) in base",
    "neg_entropy": "by −H in base",
    "confidence": "by the largest probability in base",
}


def risk_coverage(runs: Runs) -> Chart:
    """Draw the curves of one run, or of several those of the confidence, which needs no gold."""
    panels: dict[str, Plot] = {}
    left_out: list[str] = []
    shown: list[ShownRecord] = []
    there = {c.benchmark for run in runs for c in run.measured.curves if c.coverage}
    for scope in benchmarks_of(runs, there):
        lines: list[PlotLine] = []
        for place, run in enumerate(runs):
            for curve in run.measured.curves:
                if curve.benchmark != scope or not curve.coverage:
                    continue
                if len(runs) > 1 and curve.predictor != "confidence":
                    continue
                shown += _curve_records(run.name, curve)
                if reason := _too_few(curve):
                    left_out.append(f"{where(runs, run, scope)}: {reason}")
                else:
                    lines.append(_curve_line(curve, len(lines), run.name, place, len(runs) > 1))
        if lines:
            axis, side = "share of questions answered, %", "error rate among them, %"
            panels[scope] = LinePlot(scope_title(scope), axis, side, tuple(lines))
    caption = (
        "Risk–coverage curves: the share of wrong answers among the questions answered with the "
        "highest confidence. A curve that falls to the left means that the model's own "
        "probabilities show which answers to trust; a flat one, that they do not."
    )
    title = "Error rate when only confident answers count"
    once = tuple(dict.fromkeys(left_out))
    return Chart("risk-coverage", title, caption, (), panels, once, tuple(shown))


def _too_few(curve: Curve) -> str:
    """Say why a curve would show the place of a few answers; empty if it shows more."""
    errors = round(curve.risk[-1] * curve.n)
    if curve.n == 0 or min(errors, curve.n - errors) >= FEW:
        return ""
    kind = "wrong" if errors < FEW else "right"
    found = min(errors, curve.n - errors)
    return (
        f"{found} of {curve.n} answers {'is' if found == 1 else 'are'} {kind}; a curve needs at "
        f"least {FEW} of either kind"
    )


def _curve_line(curve: Curve, number: int, run: str, place: int, several: bool) -> PlotLine:
    x, y = (tuple(100 * value for value in side) for side in (curve.coverage, curve.risk))
    if several:
        return PlotLine(
            run, run_colour(place)[0], x, y, ("solid", "dashed", "dotted")[place // 6 % 3]
        )
    known = _CURVE_NAMES.get(curve.predictor, one_line(curve.predictor, 40))
    after = curve.variant not in ("", BASE)
    name = f"{known}, errors under {one_line(curve.variant, 40)}" if after else known
    return PlotLine(name, ("accent", "second")[number % 2], x, y, _STYLES[number % 3])


def _curve_records(run: str, curve: Curve) -> list[ShownRecord]:
    names = {
        "benchmark": curve.benchmark,
        "variant": curve.variant or BASE,
        "predictor": curve.predictor,
    }
    points = zip(curve.coverage, curve.risk, strict=True)
    return [ShownRecord(run, {**names, "coverage": c, "risk": r, "n": curve.n}) for c, r in points]


def reliability(runs: Runs) -> Chart:
    """Draw a line for each of a few variants of one run, or for base of each of several."""
    panels: dict[str, Plot] = {}
    left_out: list[str] = []
    data: list[ShownRecord] = []
    for run in runs:
        if run.measured.diagrams is None and _has_letters(run.measured):
            left_out.append(f"{run.name}: measured before there were any; run unswayed measure")
    there = {d.benchmark for run in runs for d in run.measured.diagrams or ()}
    for scope in benchmarks_of(runs, there):
        lines: list[PlotLine] = []
        for place, run in enumerate(runs):
            for number, diagram in enumerate(_diagrams(run.measured, scope, len(runs) > 1)):
                data += _bin_records(run.name, diagram)
                if reason := _no_diagram(diagram):
                    place_of = where(runs, run, scope)
                    left_out.append(f"{place_of}, {one_line(diagram.variant, 40)}: {reason}")
                else:
                    several = len(runs) > 1
                    name = run.name if several else diagram.variant
                    lines.append(_bin_line(diagram, name, place if several else number))
        if lines:
            axis, side = "probability of the likeliest letter, %", "how often it is right, %"
            title = scope_title(scope)
            panels[scope] = LinePlot(title, axis, side, tuple(lines), 100, diagonal=True)
    caption = (
        "Reliability: how often the likeliest letter is the right one, by its probability, in ten "
        f"bins of equal width; bins of fewer than {FEW} outputs are left out. On the line, "
        "probabilities are what they say; below it, the model is surer than it should be."
    )
    title = "Are the probabilities what they say?"
    return Chart("reliability", title, caption, (), panels, tuple(left_out), tuple(data))


def _has_letters(measured: Measured) -> bool:
    return any(e.metric == "entropy" and e.value is not None for e in measured.estimates)


def _diagrams(measured: Measured, scope: str, base_alone: bool) -> list[Diagram]:
    names = (BASE,) if base_alone else SHOWN_VARIANTS
    by_variant = {d.variant: d for d in measured.diagrams or () if d.benchmark == scope}
    return [by_variant[name] for name in names if name in by_variant]


def _no_diagram(diagram: Diagram) -> str:
    bins = [one for one in diagram.bins if one.n >= FEW]
    if len(bins) > 1:
        return ""
    total = sum(one.n for one in diagram.bins)
    if not bins:
        return f"no bin has {FEW} of its {total} outputs"
    only = bins[0]
    return (
        f"{only.n} of {total} outputs have a probability of {100 * only.above:.0f} to "
        f"{100 * only.to:.0f} %, and one bin is no diagram"
    )


def _bin_line(diagram: Diagram, name: str, place: int) -> PlotLine:
    bins = [one for one in diagram.bins if one.n >= FEW]
    colour, marker = run_colour(place)
    return PlotLine(
        name,
        colour,
        tuple(100 * one.confidence for one in bins),
        tuple(100 * one.accuracy for one in bins),
        marker=marker,
        ends=tuple(
            None if one.low is None or one.high is None else (100 * one.low, 100 * one.high)
            for one in bins
        ),
    )


def _bin_records(run: str, diagram: Diagram) -> list[ShownRecord]:
    names = {"benchmark": diagram.benchmark, "variant": diagram.variant}
    return [ShownRecord(run, {**names, **one.model_dump()}) for one in diagram.bins]
