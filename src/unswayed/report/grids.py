"""The numbers of a chart as a table of a paper: a line for each variant, a column for each metric.

A column says of which run or benchmark a line is only where there are several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unswayed.metrics.compare import Difference
from unswayed.report.charts.chart import Chart, ShownRecord, scope_title
from unswayed.report.markup import Grid
from unswayed.report.numbers import contrast_text, spread_text
from unswayed.report.terms import Unit, term
from unswayed.results.measured import ALL
from unswayed.types import Estimate

_UNITS: Mapping[Unit, str] = {"share": " (%)", "points": " (points)", "nats": " (nats)"}


def grid(chart: Chart) -> Grid | None:
    """Return the table of a chart; None of curves, whose points are no table."""
    estimates = [(one.run, e) for one in chart.data if (e := _estimate(one)) is not None]
    if not estimates:
        return None
    metrics = chart.columns or tuple(dict.fromkeys(e.metric for _, e in estimates))
    by_metric = chart.columns != ()
    return _by_metric(chart, estimates, metrics) if by_metric else _by_variant(chart, estimates)


def _estimate(record: ShownRecord) -> Estimate | None:
    if "metric" not in record.values:
        return None
    kind = Difference if "p_holm" in record.values else Estimate
    return kind.model_validate(record.values)


_Named = Sequence[tuple[str, Estimate]]


def _by_metric(chart: Chart, estimates: _Named, metrics: Sequence[str]) -> Grid:
    there = [m for m in metrics if any(e.metric == m for _, e in estimates)]
    cells = {(run, e.benchmark, e.variant, e.metric): e for run, e in estimates}
    keys = dict.fromkeys((run, e.benchmark, e.variant) for run, e in estimates if e.metric in there)
    rows: list[tuple[str, ...]] = []
    for key in keys:
        found = [cells.get((*key, metric)) for metric in there]
        n = next(str(one.n) for one in found if one is not None)
        name = "all variants" if key[2] == ALL else contrast_text(key[2])
        rows.append((key[0], scope_title(key[1]), name, *map(_cell, found), n))
    head = ["Model", "Benchmark", "Variant", *(_heading(metric) for metric in there), "n"]
    return _without_repetition(chart, head, rows)


def _by_variant(chart: Chart, estimates: _Named) -> Grid:
    variants = list(dict.fromkeys(e.variant for _, e in estimates))
    cells = {(run, e.benchmark, e.metric, e.variant): e for run, e in estimates}
    keys = dict.fromkeys((run, e.benchmark, e.metric) for run, e in estimates)
    rows: list[tuple[str, ...]] = []
    for key in keys:
        found = [cells.get((*key, variant)) for variant in variants]
        n = next(str(one.n) for one in found if one is not None)
        rows.append((key[0], scope_title(key[1]), term(key[2]).title, *map(_cell, found), n))
    return _without_repetition(chart, ["Model", "Benchmark", "Metric", *variants, "n"], rows)


def _heading(metric: str) -> str:
    column = term(metric)
    return f"{column.title}{_UNITS.get(column.unit, '')}"


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    text = spread_text(estimate, term(estimate.metric).unit)
    if not isinstance(estimate, Difference):
        return text
    return f"{text}{'**' if estimate.stands else '*' if estimate.clear else ''}"


def _without_repetition(chart: Chart, head: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Grid:
    """Leave out the columns of runs and benchmarks where there is only one."""
    kept = [place for place in (0, 1) if len({row[place] for row in rows}) > 1]
    kept += range(2, len(head))
    names = len(kept) - (len(head) - 3)
    caption = f"{chart.title}. {chart.caption}"
    shown = tuple(tuple(row[place] for place in kept) for row in rows)
    return Grid(caption, tuple(head[place] for place in kept), names, shown)
