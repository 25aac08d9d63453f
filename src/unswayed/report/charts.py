"""Which charts the report has: one for each question that it answers, a panel a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.figures.page import Drawing
from unswayed.report.figures import Series, curves, dots, span, stacks
from unswayed.report.numbers import contrast_text
from unswayed.report.survey import Survey
from unswayed.report.terms import QUADRANT_STACK, TAXONOMY_STACK, TERMS
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

NARROW, WIDE = 4.9, 7.2
"""Inches: width of a panel among several, and alone."""


@dataclass(frozen=True)
class Chart:
    """One chart: its panels, what it shows and how to read it.

    Attributes:
        title: what it shows.
        caption: how to read it.
        legend: (CSS variable, words) pairs; empty if the panels carry their own.
        panels: the drawings.
        missing: panels that would be empty, each with the reason.
    """

    title: str
    caption: str
    legend: tuple[tuple[str, str], ...]
    panels: tuple[Drawing, ...]
    missing: tuple[str, ...] = ()


def charts(measured: Measured, survey: Survey) -> list[Chart]:
    """Return the charts that the run has estimates for, in the order of the report."""
    every = [
        _accuracy(measured, survey),
        _stacked(measured, "quadrants"),
        _differences(measured, "sway"),
        _differences(measured, "drop"),
        _differences(measured, "contrast_accuracy"),
        _stacked(measured, "taxonomy"),
        _auroc(measured),
        _risk_coverage(measured),
    ]
    return [chart for chart in every if chart.panels or chart.missing]


def scope_title(benchmark: str) -> str:
    """Return a benchmark's name as a heading."""
    return "All benchmarks together" if benchmark == ALL else benchmark


def _scopes(measured: Measured, metrics: Sequence[str]) -> list[str]:
    """Return the benchmarks with a value of one of the metrics."""
    return [
        scope
        for scope in measured.benchmarks()
        if any(e.value is not None for e in _estimates(measured, scope, metrics))
    ]


def _missing(measured: Measured, metrics: Sequence[str]) -> tuple[str, ...]:
    """Say why a benchmark that has the metrics has no value of them, instead of an empty panel."""
    there = _scopes(measured, metrics)
    lines: list[str] = []
    for scope in measured.benchmarks():
        reasons = {one_line(e.reason) for e in _estimates(measured, scope, metrics)} - {""}
        if scope not in there and _estimates(measured, scope, metrics):
            why = "; ".join(sorted(reasons)) or "no reason was recorded"
            lines.append(f"{scope_title(one_line(scope, 60))}: {why}")
    return tuple(lines)


def _estimates(measured: Measured, scope: str, metrics: Sequence[str]) -> list[Estimate]:
    return [e for metric in metrics for e in measured.of_metric(scope, metric).values()]


def _width(scopes: Sequence[str]) -> float:
    return WIDE if len(scopes) == 1 else NARROW


def _accuracy(measured: Measured, survey: Survey) -> Chart:
    scopes = _scopes(measured, ["accuracy"])
    panels = [
        dots(
            scope_title(scope),
            "accuracy, %",
            measured.variants(scope),
            [Series("", "accent", measured.of_metric(scope, "accuracy"))],
            name=f"accuracy-{number}",
            width=_width(scopes),
            limits=(-1.5, 101.5),
            ticks={name: 100 * rate for name, rate in survey.chances(scope).items()},
        )
        for number, scope in enumerate(scopes)
    ]
    caption = (
        "Share of right answers with its interval. The dashed line is chance: how often a uniform "
        "guess among the options shown would be right."
    )
    missing = _missing(measured, ["accuracy"])
    return Chart("Accuracy by variant", caption, (), tuple(panels), missing)


_STACKS = {
    "quadrants": (
        QUADRANT_STACK,
        "Consistency of thought and answer",
        "share of judged outputs, %",
        "Outputs that were judged consistent or inconsistent, by whether the answer is right. In "
        "the two middle parts, the thought concludes on another option than the answer. What is "
        "missing from 100 % are answers whose letter and text disagree.",
    ),
    "taxonomy": (
        TAXONOMY_STACK,
        "What becomes of right answers when a text misleads",
        "share of the answers that are right in base, %",
        "Steadfast: right and consistent in both. Stubborn: still right, but the thought no longer "
        "says so. Brittle: thought and answer both follow the text. Confused: the rest, such as "
        "another wrong answer. Answers whose thoughts were not judged in both are left out.",
    ),
}
"""Chart → the metrics that are stacked, title, axis and caption."""


def _stacked(measured: Measured, chart: str) -> Chart:
    parts, title, axis, caption = _STACKS[chart]
    scopes = _scopes(measured, parts)
    panels = [
        stacks(
            scope_title(scope),
            axis,
            parts,
            {
                name: estimates
                for name in measured.variants(scope)
                if (estimates := _shares(measured, scope, name, parts))
            },
            name=f"{chart}-{number}",
            width=_width(scopes),
        )
        for number, scope in enumerate(scopes)
    ]
    legend = tuple((f"q{i}", TERMS[key].title) for i, key in enumerate(parts, 1))
    return Chart(title, caption, legend, tuple(panels), _missing(measured, parts))


def _shares(measured: Measured, scope: str, name: str, parts: Sequence[str]) -> dict[str, Estimate]:
    estimates = {key: measured.find(scope, name, key) for key in parts}
    return {key: estimate for key, estimate in estimates.items() if estimate is not None}


_DIFFERENCES = {
    "sway": (
        "Sway: answers moved to the foil",
        "sway, percentage points",
        "How much more often the foil, the wrong option that misleading texts assert, is "
        "answered than in base. Right of the line, it is answered more often.",
    ),
    "drop": (
        "Change of accuracy against base",
        "change of accuracy, percentage points",
        "Accuracy minus base, paired by question. Left of the line, accuracy is lost.",
    ),
    "contrast_accuracy": (
        "Contrasts between variants",
        "contrast of accuracy, percentage points",
        "Accuracy under the first variant minus accuracy under the other, paired by question. "
        "A text with a suffix, less (text + base)/2, lies right of the line if the suffix "
        "repairs more than half of what the text costs.",
    ),
}
"""Metric → title, axis and caption of its chart."""


def _differences(measured: Measured, metric: str) -> Chart:
    title, axis, caption = _DIFFERENCES[metric]
    scopes = _scopes(measured, [metric])
    by_scope = {
        scope: {contrast_text(n): e for n, e in measured.of_metric(scope, metric).items()}
        for scope in scopes
    }
    limits = span(by_scope.values(), 100)
    wide = metric.startswith("contrast_")
    panels = [
        dots(
            scope_title(scope),
            axis,
            list(by_scope[scope]),
            [Series("", "accent", by_scope[scope])],
            name=f"{metric}-{number}",
            width=WIDE if wide else _width(scopes),
            limits=limits,
            line=0,
            longest=60 if wide else 34,
        )
        for number, scope in enumerate(scopes)
    ]
    return Chart(title, caption, (), tuple(panels), _missing(measured, [metric]))


def _auroc(measured: Measured) -> Chart:
    names = {"auroc_p_correct": ("P(correct)", "accent"), "auroc_neg_entropy": ("−H", "second")}
    scopes = _scopes(measured, list(names))
    panels = [
        dots(
            scope_title(scope),
            "AUROC",
            [name for name in measured.variants(scope) if name != "base"],
            [Series(n, c, measured.of_metric(scope, key)) for key, (n, c) in names.items()],
            name=f"auroc-{number}",
            width=_width(scopes),
            scale=1,
            limits=(-0.015, 1.015),
            line=0.5,
        )
        for number, scope in enumerate(scopes)
    ]
    legend = tuple((colour, f"{name} in base") for name, colour in names.values())
    caption = (
        "How well the letter distribution in base predicts which of the right answers stay right "
        "under a variant. The line at 0.5 is chance."
    )
    title, missing = "Predicting which right answers stay right", _missing(measured, list(names))
    return Chart(title, caption, legend, tuple(panels), missing)


def _risk_coverage(measured: Measured) -> Chart:
    order = [scope for scope in measured.benchmarks()]
    order += [c.benchmark for c in measured.curves if c.benchmark not in order]
    by_scope = {
        scope: [c for c in measured.curves if c.benchmark == scope and c.coverage]
        for scope in dict.fromkeys(order)
    }
    shown = {scope: lines for scope, lines in by_scope.items() if lines}
    panels = [
        curves(scope_title(scope), lines, name=f"risk-{number}", width=_width(list(shown)))
        for number, (scope, lines) in enumerate(shown.items())
    ]
    caption = (
        "Risk–coverage curves: the share of wrong answers among the questions answered with the "
        "highest confidence. A curve that falls to the left means that the model's own "
        "probabilities show which answers to trust; a flat one, that they do not."
    )
    return Chart("Error rate when only confident answers count", caption, (), tuple(panels))
