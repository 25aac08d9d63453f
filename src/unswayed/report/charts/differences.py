"""Charts of paired differences: every further run less the first, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unswayed.metrics.compare import Difference
from unswayed.report.charts.chart import (
    Chart,
    estimate_records,
    in_order,
    run_legend,
    run_series,
    scope_title,
)
from unswayed.report.numbers import contrast_text
from unswayed.report.plots import LABEL, Dots, Plot, span
from unswayed.report.text import one_line
from unswayed.results.measured import variant_rank

DIFFERENCES: Mapping[str, tuple[str, str, str, float]] = {
    "difference-accuracy": (
        "accuracy_difference",
        "Accuracy, less that of the first run",
        "difference of accuracy, percentage points",
        100,
    ),
    "difference-consistency": (
        "consistency_rate_difference",
        "Consistency, less that of the first run",
        "difference of consistency, percentage points",
        100,
    ),
    "difference-sway": (
        "sway_difference",
        "Sway, less that of the first run",
        "difference of sway, percentage points",
        100,
    ),
    "difference-entropy": (
        "entropy_difference",
        "Entropy, less that of the first run",
        "difference of H, nats",
        1,
    ),
    "difference-contrasts": (
        "contrast_accuracy_difference",
        "Contrasts between variants, less those of the first run",
        "difference of a contrast, percentage points",
        100,
    ),
}
"""Chart → the metric of `compare`, title, axis and scale."""
_CAPTION = (
    "Over the questions that both runs answered, paired; right of the line it is more than in "
    "{first}. In the table, * marks an interval that leaves 0 out, ** one that does so after "
    "Holm's correction for all the differences that are looked at."
)
_WIDE_NAMES = 60


def difference_charts(
    first: str, further: Sequence[tuple[int, str, Sequence[Difference]]]
) -> list[Chart]:
    """Return the charts of differences that there are values of.

    Args:
        first: name of the run that is taken off.
        further: place, name and differences of each other run.
    """
    made = (_chart(name, first, further) for name in DIFFERENCES)
    return [chart for chart in made if chart.panels]


def _chart(
    name: str, first: str, further: Sequence[tuple[int, str, Sequence[Difference]]]
) -> Chart:
    metric, title, axis, scale = DIFFERENCES[name]
    chosen = [
        (place, run, _ranked(metric, rows, name == "difference-contrasts"))
        for place, run, rows in further
    ]
    scopes = dict.fromkeys(one.benchmark for _, _, rows in chosen for one in rows)
    by_scope = {
        scope: [
            (place, run, {contrast_text(r.variant): r for r in rows if r.benchmark == scope})
            for place, run, rows in chosen
        ]
        for scope in scopes
    }
    limits = span((found for lines in by_scope.values() for _, _, found in lines), scale)
    contrast = name == "difference-contrasts"
    panels: dict[str, Plot] = {}
    for scope, lines in by_scope.items():
        if any(one.value is not None for _, _, found in lines for one in found.values()):
            rows = in_order([row for _, _, found in lines for row in found], contrast)
            longest = _WIDE_NAMES if contrast else LABEL
            series = run_series(lines)
            panels[scope] = Dots(
                scope_title(scope), axis, rows, series, scale, limits, 0, longest=longest
            )
    legend = run_legend([(place, run) for place, run, _ in further])
    data = [record for _, run, rows in chosen for record in estimate_records(run, rows)]
    caption = _CAPTION.format(first=one_line(first, 80))
    return Chart(name, title, caption, legend, panels, (), tuple(data), (metric,))


def _ranked(metric: str, rows: Sequence[Difference], as_they_come: bool) -> list[Difference]:
    """Return the differences of a metric by benchmark, in the order of the protocol's table."""
    found = [one for one in rows if one.metric == metric]
    if as_they_come:
        return found
    return sorted(found, key=lambda one: (one.benchmark, variant_rank(one.variant)))
