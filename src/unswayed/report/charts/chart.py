"""A chart: its panels, how to read it and the numbers in it; and what all charts share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from unswayed.figures.canvas import MARKERS
from unswayed.metrics.codes import BASE
from unswayed.report.named import NamedRun
from unswayed.report.plots import Plot, Series
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured, variant_rank
from unswayed.types import Estimate

FEW = 10
"""Rows below which a bin, a category or a side of a risk curve says nothing (ours)."""
SHOWN_VARIANTS = (BASE, "wrong-think", "wrong-caption")
"""Variants of one run where a chart has room for few."""
PERCENT = (-1.5, 101.5)
"""Limits of an axis of shares, with room for dots on its ends."""


@dataclass(frozen=True)
class LegendEntry:
    """One entry of a chart's legend.

    Attributes:
        colour: its CSS variable.
        words: what it stands for.
        glyph: the shape of its dots, for people who do not tell colours apart.
    """

    colour: str
    words: str
    glyph: str = "■"


@dataclass(frozen=True)
class ShownRecord:
    """A record behind a chart: an estimate, a point of a curve or a bin, of one run.

    Attributes:
        run: name of the run.
        values: its fields.
    """

    run: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Chart:
    """One chart: its panels, what it shows, how to read it, and the numbers in it.

    Attributes:
        name: by which it is asked for.
        title: what it shows.
        caption: how to read it.
        legend: empty if the panels carry their own.
        panels: name of each panel → what it shows.
        left_out: what is not shown, each with the reason.
        data: the records that are shown, and those that could not be computed.
        columns: the metrics of its table; empty if the records are the table.
    """

    name: str
    title: str
    caption: str
    legend: tuple[LegendEntry, ...]
    panels: Mapping[str, Plot]
    left_out: tuple[str, ...]
    data: tuple[ShownRecord, ...]
    columns: tuple[str, ...] = ()


Runs = Sequence[NamedRun]


def scope_title(benchmark: str) -> str:
    """Return a benchmark's name as a heading."""
    return "All benchmarks together" if benchmark == ALL else benchmark


def run_colour(place: int) -> tuple[str, str]:
    """Return colour and marker of the run at a place; 36 runs have different ones."""
    return f"s{place % 6 + 1}", MARKERS[(place + place // 6) % 6]


GLYPHS: Mapping[str, str] = dict(zip(MARKERS, "●■▲◆▼✚", strict=True))
"""Marker → a character that looks like it."""


def run_legend(runs: Sequence[tuple[int, str]]) -> tuple[LegendEntry, ...]:
    """Return the legend of runs, each with its place."""
    looks = [(run_colour(place), name) for place, name in runs]
    return tuple(LegendEntry(colour, name, GLYPHS[marker]) for (colour, marker), name in looks)


def run_series(runs: Sequence[tuple[int, str, Mapping[str, Estimate]]]) -> tuple[Series, ...]:
    """Return a series for each run: its place among all, its name and its estimates by row."""
    looks = [(run_colour(place), name, estimates) for place, name, estimates in runs]
    return tuple(
        Series(name, colour, estimates, marker) for (colour, marker), name, estimates in looks
    )


def estimate_records(run: str, estimates: Sequence[Estimate]) -> list[ShownRecord]:
    """Return estimates as records of a run."""
    return [ShownRecord(run, dict(one)) for one in estimates]


def benchmarks_of(runs: Runs, among: Collection[str] | None = None) -> list[str]:
    """Return the benchmarks of all runs once each, `all` first; of some of them if they are given.

    Those that no run has figures of, such as in a file that holds curves alone, come last.
    """
    names = dict.fromkeys(scope for run in runs for scope in run.measured.benchmarks())
    if among is None:
        return list(names)
    return [*(name for name in names if name in among), *sorted(set(among) - set(names))]


def scopes_of(runs: Runs, metrics: Sequence[str]) -> list[str]:
    """Return the benchmarks with a value of one of the metrics in some run."""
    scopes = benchmarks_of(runs)
    return [s for s in scopes if any(has_value(run.measured, s, metrics) for run in runs)]


def has_value(measured: Measured, scope: str, metrics: Sequence[str]) -> bool:
    """Say whether a benchmark has a value of one of the metrics, under any variant."""
    return any(e.value is not None for e in estimates_of(measured, scope, metrics))


def estimates_of(measured: Measured, scope: str, metrics: Sequence[str]) -> list[Estimate]:
    """Return the estimates of some metrics in a benchmark, by variant."""
    return [e for metric in metrics for e in measured.of_metric(scope, metric).values()]


def missing(runs: Runs, metrics: Sequence[str]) -> tuple[str, ...]:
    """Say why a benchmark that has the metrics has no value of them, instead of an empty panel."""
    lines: list[str] = []
    for run in runs:
        for scope in run.measured.benchmarks():
            there = estimates_of(run.measured, scope, metrics)
            if there and not has_value(run.measured, scope, metrics):
                reasons = sorted({one_line(e.reason) for e in there} - {""})
                why = "; ".join(reasons) or "no reason was recorded"
                lines.append(f"{where(runs, run, scope)}: {why}")
    return tuple(lines)


def where(runs: Runs, run: NamedRun, scope: str) -> str:
    """Return a benchmark's title, with the run where there are several."""
    title = scope_title(one_line(scope, 60))
    return title if len(runs) == 1 else f"{run.name}, {title}"


def run_panels(runs: Runs, metrics: Sequence[str]) -> Iterator[tuple[str, str, str, NamedRun]]:
    """Yield a panel's name, title, benchmark and run, for each run that has the metrics there."""
    for scope in scopes_of(runs, metrics):
        for place, run in enumerate(runs, 1):
            if has_value(run.measured, scope, metrics):
                title = where(runs, run, scope)
                name = scope if len(runs) == 1 else f"{scope}-run-{place}"
                yield name, title, scope, run


def records_of(runs: Runs, metrics: Sequence[str]) -> tuple[ShownRecord, ...]:
    """Return every estimate of some metrics."""
    return tuple(
        record
        for run in runs
        for scope in run.measured.benchmarks()
        for record in estimate_records(run.name, estimates_of(run.measured, scope, metrics))
    )


def in_order(rows: Sequence[str], as_they_come: bool = False) -> tuple[str, ...]:
    """Return rows once each, in the order of the protocol's table."""
    once = dict.fromkeys(rows)
    return tuple(once if as_they_come else sorted(once, key=variant_rank))
