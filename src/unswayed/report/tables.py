"""Estimates laid out as tables: each cell with its tooltip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unswayed.report.losses import KINDS, LossKind, losses
from unswayed.report.numbers import MISSING, contrast_text, estimate_text, interval_text
from unswayed.report.terms import TERMS, Term, term
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate


@dataclass(frozen=True)
class Cell:
    """One figure.

    Attributes:
        value: as people read it; `n/a` where there is none.
        interval: `[low, high]`, or empty.
        count: `n = …` where it differs from the row's, else empty.
        note: everything about the figure, for the tooltip.
        missing: there is no value.
    """

    value: str
    interval: str = ""
    count: str = ""
    note: str = ""
    missing: bool = False


@dataclass(frozen=True)
class TableRow:
    """The figures of one variant or contrast, and what they were computed on."""

    name: str
    cells: tuple[Cell, ...]
    n: int
    lost: Mapping[str, int]
    """Name of each of `losses.KINDS` → how many outputs."""


@dataclass(frozen=True)
class Table:
    """A table of one benchmark: a row for each variant (or contrast), a column for each metric.

    Attributes:
        benchmark: name of the benchmark.
        columns: the metrics.
        rows: the variants or contrasts.
        notes: why figures are missing, each reason once.
    """

    benchmark: str
    columns: tuple[Term, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...]

    @property
    def losses(self) -> tuple[LossKind, ...]:
        """The kinds of loss with a column: always the first and the failed, others if any are."""
        always = ("unparsed", "failed")
        return tuple(
            kind
            for kind in KINDS
            if kind.name in always or any(row.lost[kind.name] for row in self.rows)
        )


def table(
    measured: Measured, benchmark: str, metrics: Sequence[str], skip_base: bool = False
) -> Table | None:
    """Return the table of some metrics, or None if none of them was computed.

    Args:
        measured: the figures.
        benchmark: a benchmark, or `all`.
        metrics: the columns, those left out of which no variant has an estimate.
        skip_base: leave the base variant out, for metrics that compare with it.
    """
    by_metric = {metric: measured.of_metric(benchmark, metric) for metric in metrics}
    columns = tuple(term(metric) for metric in metrics if by_metric[metric])
    there = {name for column in columns for name in by_metric[column.metric]}
    every = [*measured.variants(benchmark), *measured.contrasts(benchmark)]
    names = [v for v in every if v in there and not (skip_base and v == "base")]
    if not columns or not names:
        return None
    rows = [[by_metric[column.metric].get(name) for column in columns] for name in names]
    return Table(
        benchmark,
        columns,
        tuple(_row(measured, benchmark, n, r, columns) for n, r in zip(names, rows, strict=True)),
        reasons(columns, rows),
    )


def cell(estimate: Estimate | None, column: Term, row_n: int | None = None) -> Cell:
    """Return what stands in a cell; a figure that does not apply to the variant is a dash."""
    if estimate is None:
        return Cell("–", note="does not apply to this variant", missing=True)
    return Cell(
        value=estimate_text(estimate, column.unit),
        interval=interval_text(estimate, column.unit),
        count=f"n = {estimate.n}" if row_n not in (None, estimate.n) else "",
        note=note(estimate, column),
        missing=estimate.value is None,
    )


def note(estimate: Estimate, column: Term) -> str:
    """Say everything about an estimate on one line."""
    parts = [f"{column.title}, {one_line(contrast_text(estimate.variant), 120)}"]
    if estimate.value is None:
        parts.append(f"{MISSING}: {one_line(estimate.reason) or 'no reason was recorded'}")
    elif interval_text(estimate, column.unit):
        method = f", {one_line(estimate.method, 60)}" if estimate.method else ""
        parts.append(f"{100 * estimate.level:g} % interval{method}")
    elif estimate.reason:
        parts.append(f"no interval: {one_line(estimate.reason)}")
    parts.append(f"n = {estimate.n} in {estimate.n_clusters} clusters")
    counts = f"{estimate.n_unparsed} unparsed, {estimate.n_failed} failed"
    parts.append(f"{counts}, {estimate.n_refused} refused" if estimate.n_refused else counts)
    return "; ".join(parts)


def everything(measured: Measured) -> list[tuple[Estimate, Term, Cell]]:
    """Return every estimate with its term and cell, in the order of the file."""
    return [(e, column := term(e.metric), cell(e, column)) for e in measured.estimates]


def used_terms(measured: Measured) -> list[Term]:
    """Return the terms of the metrics that the run has, in the order of `TERMS`."""
    metrics = {e.metric for e in measured.estimates}
    return [one for metric, one in TERMS.items() if metric in metrics]


def _row(
    measured: Measured,
    benchmark: str,
    name: str,
    estimates: Sequence[Estimate | None],
    columns: Sequence[Term],
) -> TableRow:
    there = [e for e in estimates if e is not None]
    whole = measured.find(benchmark, name, "accuracy") or there[0]
    pairs = zip(estimates, columns, strict=True)
    return TableRow(
        name=one_line(contrast_text(name), 120),
        cells=tuple(cell(e, column, whole.n) for e, column in pairs),
        n=whole.n,
        lost=_lost(measured, benchmark, whole),
    )


def _lost(measured: Measured, benchmark: str, whole: Estimate) -> dict[str, int]:
    """Return how many outputs were lost; a contrast knows less of it than a variant."""
    counts = {k: v.count for k, v in losses(measured, benchmark, whole.variant).items()}
    return counts | {
        "unparsed": whole.n_unparsed,
        "failed": whole.n_failed,
        "refused": whole.n_refused,
    }


def reasons(columns: Sequence[Term], rows: Sequence[Sequence[Estimate | None]]) -> tuple[str, ...]:
    """Say once for each reason which columns miss a value for it: tooltips need a mouse."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        for column, estimate in zip(columns, row, strict=True):
            if estimate is not None and estimate.value is None:
                titles = by_reason.setdefault(one_line(estimate.reason) or "no reason given", [])
                if column.title not in titles:
                    titles.append(column.title)
    return tuple(f"{', '.join(titles)}: {reason}" for reason, titles in by_reason.items())


def headline(measured: Measured, metric: str = "steadfastness") -> Estimate | None:
    """Return the run's headline figure, over every benchmark if there are several."""
    names = measured.benchmarks()
    return measured.find(names[0], ALL, metric) if names else None
