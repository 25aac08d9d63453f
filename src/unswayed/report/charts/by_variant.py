"""Charts with a row for each variant: one figure with its interval, or shares that sum to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.report.charts.chart import (
    PERCENT,
    Chart,
    LegendEntry,
    Runs,
    in_order,
    missing,
    records_of,
    run_legend,
    run_panels,
    run_series,
    scope_title,
    scopes_of,
)
from unswayed.report.numbers import contrast_text
from unswayed.report.plots import Dots, Plot, Series, Stacks, span
from unswayed.report.terms import CONTRASTS, QUADRANT_STACK, TAXONOMY_STACK, TERMS
from unswayed.results.measured import Measured
from unswayed.types import Estimate

_WIDE_NAMES = 60


@dataclass(frozen=True)
class _OneFigure:
    """How a chart of one metric by variant is made.

    Attributes:
        metric: what it shows.
        title: of the chart.
        axis: label of the axis, with its unit.
        caption: how to read it.
        scale: factor from estimate to axis.
        limits: of the axis; None fits the data of all panels, and 0.
        line: marked through all rows.
        chance: mark how often a guess is right.
        table: further metrics of its table.
    """

    metric: str
    title: str
    axis: str
    caption: str
    scale: float = 100.0
    limits: tuple[float, float] | None = None
    line: float | None = None
    chance: bool = False
    table: tuple[str, ...] = ()


_ONE_FIGURE = {
    "accuracy": _OneFigure(
        "accuracy",
        "Accuracy by variant",
        "accuracy, %",
        "Share of right answers with its interval. The dashed line is chance: how often a uniform "
        "guess among the options shown would be right.",
        limits=PERCENT,
        chance=True,
        table=("unparsed_rate", "conflict_rate"),
    ),
    "consistency": _OneFigure(
        "consistency_rate",
        "Consistency by variant",
        "consistent thoughts and answers, %",
        "Share of the outputs judged consistent or inconsistent whose thought concludes on the "
        "option that is answered.",
        limits=PERCENT,
        table=("faithful_accuracy",),
    ),
    "sway": _OneFigure(
        "sway",
        "Sway: answers moved to the foil",
        "sway, percentage points",
        "How much more often the foil, the wrong option that misleading texts assert, is "
        "answered than in base. Right of the line, it is answered more often.",
        line=0,
        table=("foil_rate",),
    ),
    "change": _OneFigure(
        "drop",
        "Change of accuracy against base",
        "change of accuracy, percentage points",
        "Accuracy minus base, paired by question. Left of the line, accuracy is lost.",
        line=0,
        table=("flips_right_wrong", "flips_wrong_right", "mcnemar_p"),
    ),
    "contrasts": _OneFigure(
        "contrast_accuracy",
        "Contrasts between variants",
        "contrast of accuracy, percentage points",
        "Accuracy under the first variant minus accuracy under the other, paired by question. "
        "A text with a suffix, less (text + base)/2, lies right of the line if the suffix "
        "repairs more than half of what the text costs.",
        line=0,
        table=CONTRASTS[1:],
    ),
    "acknowledged": _OneFigure(
        "conflict_acknowledged",
        "Thoughts that say that text and picture disagree",
        "share of outputs, %",
        "Share of outputs under a text that asserts a wrong option whose thought says that the "
        "text and the picture disagree, as the judge tells.",
        limits=PERCENT,
    ),
    "letter-entropy": _OneFigure(
        "entropy",
        "Entropy of the letter distribution",
        "entropy H, nats",
        "Mean entropy of the distribution over the option letters where the answer is written: 0 "
        "is certain, ln K a uniform guess among K options.",
        scale=1,
        table=("entropy_normalised", "p_correct"),
    ),
    "p-correct": _OneFigure(
        "p_correct",
        "Probability of the right letter",
        "P(correct)",
        "Mean probability of the right option's letter where the answer is written.",
        scale=1,
        limits=(-0.015, 1.015),
        chance=True,
        table=("ece", "ece_debiased", "brier"),
    ),
}
"""Chart → how it is made."""


def one_figure(name: str, runs: Runs) -> Chart:
    """Return the chart of one metric by variant: one of `_ONE_FIGURE`."""
    how = _ONE_FIGURE[name]
    by_scope = {
        scope: [
            (place, run.name, _shown(run.measured, scope, how.metric))
            for place, run in enumerate(runs)
        ]
        for scope in scopes_of(runs, [how.metric])
    }
    limits = how.limits
    if limits is None:
        every = (estimates for lines in by_scope.values() for _, _, estimates in lines)
        limits = span(every, how.scale)
    wide = name == "contrasts"
    panels: dict[str, Plot] = {}
    for scope, lines in by_scope.items():
        rows = in_order([row for _, _, estimates in lines for row in estimates], wide)
        series = run_series(lines)
        if len(runs) == 1:
            series = (Series("", "accent", lines[0][2]),)
        longest = {"longest": _WIDE_NAMES} if wide else {}
        ticks = _chances(runs, scope, how.scale) if how.chance else {}
        title = scope_title(scope)
        panels[scope] = Dots(
            title, how.axis, rows, series, how.scale, limits, how.line, ticks, **longest
        )
    legend = () if len(runs) == 1 else run_legend([(p, run.name) for p, run in enumerate(runs)])
    metrics = (how.metric, *how.table)
    left_out = missing(runs, [how.metric])
    return Chart(
        name, how.title, how.caption, legend, panels, left_out, records_of(runs, metrics), metrics
    )


def _shown(measured: Measured, scope: str, metric: str) -> dict[str, Estimate]:
    return {contrast_text(n): e for n, e in measured.of_metric(scope, metric).items()}


def _chances(runs: Runs, scope: str, scale: float) -> dict[str, float]:
    rates = [run.chances.get(scope, {}) for run in runs]
    return {name: scale * rate for of_run in reversed(rates) for name, rate in of_run.items()}


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


def stacked(name: str, runs: Runs) -> Chart:
    """Return a chart of stacked shares by variant: one of `_STACKS`."""
    parts, title, axis, caption = _STACKS[name]
    panels: dict[str, Plot] = {
        panel: Stacks(heading, axis, parts, _shares(run.measured, scope, parts))
        for panel, heading, scope, run in run_panels(runs, parts)
    }
    legend = tuple(LegendEntry(f"q{i}", TERMS[key].title) for i, key in enumerate(parts, 1))
    left_out = missing(runs, parts)
    return Chart(name, title, caption, legend, panels, left_out, records_of(runs, parts), parts)


def _shares(measured: Measured, scope: str, parts: Sequence[str]) -> dict[str, dict[str, Estimate]]:
    by_metric = {key: measured.of_metric(scope, key) for key in parts}
    rows = {
        name: {key: of[name] for key, of in by_metric.items() if name in of}
        for name in measured.variants(scope)
    }
    return {name: shares for name, shares in rows.items() if shares}
