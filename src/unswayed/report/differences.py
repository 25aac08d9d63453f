"""Paired differences between two runs as plain text and as JSON, for `unswayed compare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from unswayed.metrics.compare import Difference
from unswayed.pipeline.comparison import RunComparison
from unswayed.report.folding import folded, width_of
from unswayed.report.numbers import contrast_text
from unswayed.report.text import one_line

_PLAIN = ("entropy_difference", "p_correct_difference")
"""Metrics shown as they are; the others are shares, shown in percentage points."""
_HEAD = ("benchmark", "variant", "metric", "difference", "interval", "n", "p", "shows", "")


def comparisons_text(found: Sequence[RunComparison], width: int | None = None) -> str:
    """Return the comparisons of a command, a block each, and what their marks mean.

    Args:
        found: the comparisons.
        width: columns that it is made to fit; None for lines as long as they come.
    """
    rows = [row for one in found for row in one.differences]
    legend = _fitted(_legend(rows), width)
    return "\n".join([*(f"{comparison_text(one, width)}\n" for one in found), *legend])


def comparison_text(one: RunComparison, width: int | None = None) -> str:
    """Return one comparison: what is compared, what else differs, and a line a difference.

    Where a table would be wider than `width`, benchmark and variant stand above their lines.
    """
    table = _aligned([_HEAD, *map(_cells, one.differences)])
    if width is not None and any(width_of(line) > width for line in table):
        table = _grouped(one.differences, width)
    folders, *preface = _preface(one)  # paths are not broken
    return "\n".join([folders, *_fitted(preface, width), *table])


def _fitted(lines: Sequence[str], width: int | None) -> list[str]:
    if width is None:
        return list(lines)
    return [part for line in lines for part in folded(line, width, "   ")]


def _grouped(rows: Sequence[Difference], width: int) -> list[str]:
    """Return the differences below their benchmark and variant, reasons on lines of their own."""
    head, *table = _aligned([_HEAD[2:], *map(_short_cells, rows)])
    lines, before = [f"  {head}"], ("", "")
    for row, line in zip(rows, table, strict=True):
        if (row.benchmark, row.variant) != before:
            before = row.benchmark, row.variant
            named = f"{one_line(row.benchmark, 60)}, {one_line(contrast_text(row.variant), 60)}"
            lines += folded(named, width, "   ")
        lines.append(f"  {line}")
        lines += folded(f"    {row.reason}", width, "    ") if _is_reason(row) else []
    return lines


def _short_cells(row: Difference) -> tuple[str, ...]:
    """Return the cells behind benchmark and variant; the difference beside it has the unit."""
    metric, value, interval, *others = _cells(row)[2:]
    return (metric, value, "" if _is_reason(row) else interval.replace(" pts", ""), *others)


def _is_reason(row: Difference) -> bool:
    """Say whether a reason stands in the place of the interval."""
    return row.value is None or row.low is None or row.high is None


def comparisons_json(found: Sequence[RunComparison]) -> list[dict[str, Any]]:
    """Return the comparisons as JSON holds them; docs/metrics.md has the shape."""
    return [
        {
            "reference": str(one.reference),
            "run": str(one.run),
            "models": list(one.models),
            "differing": [asdict(setting) for setting in one.differing],
            "other_questions": [asdict(row) for row in one.other_questions],
            "by_chance": by_chance(one.differences),
            "differences": [
                {**row.model_dump(mode="json"), "clear": row.clear, "stands": row.stands}
                for row in one.differences
            ],
        }
        for one in found
    ]


def by_chance(rows: Sequence[Difference]) -> float:
    """Return how many of the intervals would leave 0 out if nothing differed."""
    return sum(1 - row.level for row in rows if row.p is not None)


def _preface(one: RunComparison) -> list[str]:
    a, b = (one_line(name, 80) for name in one.models)
    models = f"{a} in both" if a == b else f"{b} − {a}"
    differing = "; ".join(one_line(setting.text(), 300) for setting in one.differing)
    lines = [f"{one.run} − {one.reference}", f"model: {models}; also differing: "]
    lines[1] += differing or "nothing"
    if one.other_questions:
        where = ", ".join(
            f"{o.rows} of {o.shared} in {one_line(o.variant, 40)}" for o in one.other_questions
        )
        lines.append(f"not the same questions (rows that differ: {where}): no effect of the model")
    return lines


def _legend(rows: Sequence[Difference]) -> list[str]:
    tested = [row for row in rows if row.p is not None]
    if not tested:
        return []
    clear, stands = sum(row.clear for row in rows), sum(row.stands for row in rows)
    level = f"{100 * rows[0].level:g} %"
    return [
        f"*  the {level} interval leaves 0 out: {clear} of {len(tested)}; if nothing differed, "
        f"about {by_chance(rows):.1f} would by chance",
        f"** so it does after Holm's correction for {len(tested)} differences: {stands}",
        "p  two-sided, in agreement with the interval",
        "shows  the smallest true difference that this n would show (* in 80 % of such runs)",
    ]


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _cells(row: Difference) -> tuple[str, ...]:
    head = (
        one_line(row.benchmark, 60),
        one_line(contrast_text(row.variant), 60),
        row.metric.removesuffix("_difference"),
    )
    if row.value is None:
        return (*head, "n/a", row.reason, str(row.n), "", "", "")
    shows = "n/a" if row.detectable is None else _number(row.metric, row.detectable, sign="±")
    value = _number(row.metric, row.value)
    if row.low is None or row.high is None:
        return (*head, value, f"none: {row.reason}", str(row.n), "", shows, "")
    interval = f"[{_number(row.metric, row.low)}, {_number(row.metric, row.high)}]"
    mark = "**" if row.stands else "*" if row.clear else ""
    return (*head, value, interval, str(row.n), _p(row.p), shows, mark)


def _p(p: float | None) -> str:
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(metric: str, value: float, sign: str = "") -> str:
    plain = metric in _PLAIN
    text = _significant(abs(value)) if plain else f"{100 * abs(value):.1f}"
    zero = float(text) == 0
    sign = sign or ("" if zero else "−" if value < 0 else "+")
    return f"{sign}{text}" if plain else f"{sign}{text} pts"


def _significant(value: float) -> str:
    """Write a number with three significant digits, and at least three decimals; noise as 0."""
    return "0.000" if value < 1e-6 else f"{value:.3f}" if value >= 0.1 else f"{value:#.3g}"
