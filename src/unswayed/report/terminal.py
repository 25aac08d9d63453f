"""The main figures of a run as plain text, for a terminal: a block for each benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from unswayed.metrics.codes import is_misleading
from unswayed.report import losses, tables
from unswayed.report.numbers import contrast_text, spread_text
from unswayed.report.terms import CONTRASTS, DRAWS, SELECTION, TAXONOMY_STACK, term
from unswayed.report.text import one_line
from unswayed.results import measured as figures_file
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

COLUMNS = (
    "accuracy",
    "iou_mean",
    "drop",
    "sway",
    "consistency_rate",
    "conflict_acknowledged",
    "entropy",
    "p_correct",
)
_DRAWS_TITLE = "several outputs a prompt, and the letters over all of their thoughts (n prompts)"
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
    warned = [click.style(f"warning: {line}", fg="yellow") for line in losses.warnings(measured)]
    shown = [block for block in [*blocks, "\n".join(warned), *_findings(measured)] if block]
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
    tail = [_steadfastness(steady)] if steady else []
    tail += [*_agreement(measured, scope), *_nothing_lost(measured, scope)]
    columns = _columns(measured, scope)
    rows = [[measured.find(scope, v, m) for m in columns] for v in measured.variants(scope)]
    tail += [f"n/a in {why}" for why in tables.reasons([term(m) for m in columns], rows)]
    return "\n".join([click.style(_title(scope), bold=True), *_aligned(table), *tail])


def _steadfastness(steady: Estimate) -> str:
    why = f": {one_line(steady.reason, 200)}" if steady.value is None else f", n = {steady.n}"
    return f"steadfastness % {_figure(steady)}{why}"


def _findings(measured: Measured) -> list[str]:
    """Return blocks that compare variants, of all benchmarks together if there are several."""
    scope = next(iter(measured.benchmarks()), ALL)
    some = [name for name in measured.variants(scope) if name == "base" or is_misleading(name)]
    contrasts = measured.contrasts(scope)
    blocks = [
        _further(measured, scope, _DRAWS_TITLE, measured.variants(scope), DRAWS),
        _further(measured, scope, "contrasts between variants", contrasts, CONTRASTS),
        _taxonomy(measured, scope, some),
        _further(measured, scope, _selection_title(measured, scope), some, SELECTION),
    ]
    return [block for block in blocks if block]


def _taxonomy(measured: Measured, scope: str, names: Sequence[str]) -> str:
    title = "what becomes of the answers that are right in base"
    block = _further(measured, scope, title, names, TAXONOMY_STACK)
    judged = [(name, measured.find(scope, name, "taxonomy_judged")) for name in names]
    lost = [
        f"{one_line(name, 40)} {round((1 - one.value) * one.n)} of {one.n}"
        for name, one in judged
        if one is not None and one.value is not None and one.value < 1
    ]
    return f"{block}\nleft out, not judged in both: {', '.join(lost)}" if block and lost else block


def _selection_title(measured: Measured, scope: str) -> str:
    threshold = measured.find(scope, "base", "selective_threshold")
    if threshold is None or threshold.value is None:
        return "answering only where base is sure"
    return (
        f"answering only where base's confidence is at least {_figure(threshold)}, chosen on one "
        "half to halve its error, tried on the other"
    )


def _further(
    measured: Measured, scope: str, title: str, names: Sequence[str], metrics: Sequence[str]
) -> str:
    """Return a block of further metrics, with a line for each variant or contrast that has them."""
    found = [(name, m, measured.find(scope, name, m)) for name in names for m in metrics]
    there = [(name, metric, one) for name, metric, one in found if one is not None]
    if not there:
        return ""
    whole = click.style(f"{_title(scope)}: {title}", bold=True)
    if all(one.value is None for _, _, one in there):
        reasons = sorted({one.reason for _, _, one in there})
        return f"{whole}\nn/a: {one_line('; '.join(reasons), 300)}"
    columns = [m for m in metrics if any(metric == m for _, metric, _ in there)]
    lines = [
        _line(measured, scope, name, columns) for name in dict.fromkeys(n for n, _, _ in there)
    ]
    return "\n".join([whole, *_aligned([_head(columns), *lines])])


def _head(columns: Sequence[str]) -> list[str]:
    return ["", *(_UNITS.get(term(m).unit, "{}").format(term(m).title) for m in columns), "n"]


def _cells(measured: Measured, scope: str) -> list[list[str]]:
    """Return a head and a line for each variant; nothing if there are no main figures."""
    columns = _columns(measured, scope)
    if not columns:
        return []
    lines = [_line(measured, scope, name, columns) for name in measured.variants(scope)]
    return _with_losses(measured, scope, [_head(columns), *lines])


def _columns(measured: Measured, scope: str) -> list[str]:
    return [metric for metric in COLUMNS if measured.of_metric(scope, metric)]


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


def _nothing_lost(measured: Measured, scope: str) -> list[str]:
    """Say that nothing was lost, where there is no column that says what was."""
    lost = [losses.losses(measured, scope, name) for name in measured.variants(scope)]
    if any(one.count for each in lost for one in each.values()):
        return []
    *names, last = (kind.name for kind in losses.KINDS)
    return [f"{', '.join(names)} and {last}: none"]


def _with_losses(measured: Measured, scope: str, table: list[list[str]]) -> list[list[str]]:
    """Add what was lost beside each accuracy: a column for each kind of loss that there is."""
    lost = [losses.losses(measured, scope, name) for name in measured.variants(scope)]
    kinds = [kind.name for kind in losses.KINDS if any(one[kind.name].count for one in lost)]
    added = [kinds, *([str(one[name].count) for name in kinds] for one in lost)]
    return [[*line, *more] for line, more in zip(table, added, strict=True)]


def _line(measured: Measured, scope: str, name: str, columns: Sequence[str]) -> list[str]:
    """Return a line: the n of its accuracy, or the largest, is the line's; others stand beside."""
    estimates = [measured.find(scope, name, metric) for metric in columns]
    there = [estimate for estimate in estimates if estimate is not None]
    whole = next((one.n for one in there if one.metric == "accuracy"), None)
    n = max([one.n for one in there], default=0) if whole is None else whole
    cells = ["–" if estimate is None else _cell(estimate, n) for estimate in estimates]
    return [one_line(contrast_text(name), 60), *cells, str(n)]


def _cell(estimate: Estimate, n: int) -> str:
    own = estimate.value is not None and estimate.n not in (1, n)
    return f"{_figure(estimate)} (n {estimate.n})" if own else _figure(estimate)


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
