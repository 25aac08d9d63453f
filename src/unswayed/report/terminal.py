"""The main figures of a run as plain text, for a terminal: a block for each benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from unswayed.report.numbers import contrast_text, spread_text
from unswayed.report.terms import CONTRASTS, term
from unswayed.report.text import one_line
from unswayed.results import measured as figures_file
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

COLUMNS = ("accuracy", "iou_mean", "drop", "sway", "consistency_rate", "entropy", "p_correct")
_UNITS = {"share": "{} %", "points": "{} pts"}
_FOOT = "± is half the width of the interval, [ ] its ends; the report has every metric with its n"


def summary(metrics: Mapping[str, Any]) -> str:
    """Return the main figures as a table: a block for each benchmark, a line for each variant.

    Args:
        metrics: the contents of `metrics.json`.

    Raises:
        RunError: they are not what this version writes.
    """
    measured = figures_file.parse(metrics)
    blocks = [_block(measured, scope) for scope in measured.benchmarks()]
    shown = [block for block in [*blocks, _contrasts(measured)] if block]
    return "\n\n".join([*shown, _FOOT]) if shown else "no figures"


def main_figures(measured: Measured) -> dict[str, list[list[str]]]:
    """Return the main figures as cells: title of a benchmark → head, and a line for each variant.

    Args:
        measured: the figures of a run.
    """
    tables = {_title(scope): _cells(measured, scope) for scope in measured.benchmarks()}
    return {title: cells for title, cells in tables.items() if cells}


def _block(measured: Measured, scope: str) -> str:
    table = _cells(measured, scope)
    if not table:
        return ""
    steady = measured.find(scope, ALL, "steadfastness")
    tail = [f"steadfastness % {_figure(steady)}, n = {steady.n}"] if steady else []
    tail += _agreement(measured, scope)
    return "\n".join([click.style(_title(scope), bold=True), *_aligned(table), *tail])


def _contrasts(measured: Measured) -> str:
    """Return the contrasts between variants, of all benchmarks together if there are several."""
    scope = next(iter(measured.benchmarks()), ALL)
    columns = [metric for metric in CONTRASTS if measured.of_metric(scope, metric)]
    names = measured.contrasts(scope)
    return _further(measured, scope, "contrasts between variants", names, columns)


def _further(
    measured: Measured, scope: str, title: str, names: Sequence[str], columns: Sequence[str]
) -> str:
    """Return a block of further metrics, with a line for each variant or contrast."""
    if not names or not columns:
        return ""
    lines = [_line(measured, scope, name, columns) for name in names]
    whole = click.style(f"{_title(scope)}: {title}", bold=True)
    return "\n".join([whole, *_aligned([_head(columns), *lines])])


def _head(columns: Sequence[str]) -> list[str]:
    return ["", *(_UNITS.get(term(m).unit, "{}").format(term(m).title) for m in columns), "n"]


def _cells(measured: Measured, scope: str) -> list[list[str]]:
    """Return a head and a line for each variant; nothing if there are no main figures."""
    columns = [metric for metric in COLUMNS if measured.of_metric(scope, metric)]
    if not columns:
        return []
    lines = [_line(measured, scope, name, columns) for name in measured.variants(scope)]
    head, lines = _with_refused(measured, scope, _head(columns), lines)
    return [head, *lines]


def _title(scope: str) -> str:
    return "all benchmarks" if scope == ALL else one_line(scope, 60)


def _agreement(measured: Measured, scope: str) -> list[str]:
    """Say how far a panel's judges agree over all variants; nothing for a single judge."""
    strict, kappa = (measured.find(scope, ALL, m) for m in ("strict_agreement", "fleiss_kappa"))
    if strict is None or kappa is None:
        return []
    pairs = [
        f"{one_line(term(one.metric).title, 100)} {_figure(one)}"
        for one in measured.estimates
        if (one.benchmark, one.variant) == (scope, ALL) and one.metric.startswith("cohen_kappa[")
    ]
    whole = f"strict agreement % {_figure(strict)}, Fleiss' κ {_figure(kappa)}, n = {strict.n}"
    return ["; ".join([whole, *pairs])]


def _with_refused(
    measured: Measured, scope: str, head: list[str], lines: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """Add a column of refused prompts, if there are any."""
    estimates = [measured.find(scope, name, "accuracy") for name in measured.variants(scope)]
    counts = [estimate.n_refused if estimate else 0 for estimate in estimates]
    if not any(counts):
        return head, lines
    return [*head, "refused"], [[*line, str(n)] for line, n in zip(lines, counts, strict=True)]


def _line(measured: Measured, scope: str, name: str, columns: Sequence[str]) -> list[str]:
    estimates = [measured.find(scope, name, metric) for metric in columns]
    counts = [estimate.n for estimate in estimates if estimate is not None]
    cells = ["–" if estimate is None else _figure(estimate) for estimate in estimates]
    return [one_line(contrast_text(name), 60), *cells, str(max(counts, default=0))]


def _figure(estimate: Estimate) -> str:
    return spread_text(estimate, term(estimate.metric).unit)


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Align cells: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
