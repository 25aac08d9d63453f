"""The figures of the report: dots with intervals, stacked shares, risk against coverage."""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unswayed.figures.page import PLACEHOLDERS, Drawing, page_canvas, page_svg
from unswayed.report.terms import TERMS
from unswayed.report.text import one_line
from unswayed.types import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unswayed.results.measured import Curve

_ROW = 0.27
"""Inches from one row to the next."""
_LABEL = 34
"""Characters of a row's name that are shown, if nothing else is said."""


@dataclass(frozen=True)
class Series:
    """Estimates by row, drawn in one colour.

    Attributes:
        name: what it is, where there are several; the page has the legend.
        colour: key of `PLACEHOLDERS`.
        estimates: row → estimate; those without a value are written out as n/a.
    """

    name: str
    colour: str
    estimates: Mapping[str, Estimate]


def dots(
    title: str,
    axis: str,
    rows: Sequence[str],
    series: Sequence[Series],
    *,
    name: str,
    width: float = 5.2,
    scale: float = 100.0,
    limits: tuple[float, float] | None = None,
    line: float | None = None,
    ticks: Mapping[str, float] | None = None,
    longest: int = _LABEL,
) -> Drawing:
    """Draw estimates with their intervals, one row for each variant.

    Args:
        title: the panel's title.
        axis: label of the axis, with its unit.
        rows: the variants, from top to bottom.
        series: what to draw.
        name: makes the ids of this drawing unique in the page.
        width: inches.
        scale: factor from estimate to axis, such as 100 for percent.
        limits: of the axis, in its unit; None fits the data.
        line: a value marked through all rows, in the axis's unit.
        ticks: row → value marked in that row alone, such as chance, in the axis's unit.
        longest: characters of a row's name that are shown.
    """
    with page_canvas(name, width, 0.95 + _ROW * len(rows) * max(1.0, 0.7 * len(series))) as figure:
        axes = figure.add_subplot()
        _rows_axis(axes, rows, title, axis, longest)
        if line is not None:
            axes.axvline(line, color=PLACEHOLDERS["muted"], linewidth=0.9, zorder=1)
        for row, value in (ticks or {}).items():
            if row in rows:
                place = rows.index(row)
                axes.vlines(
                    value, place - 0.5, place + 0.5, PLACEHOLDERS["muted"], "dashed", linewidth=0.9
                )
        for number, one in enumerate(series):
            offset = 0.0 if len(series) == 1 else 0.18 * (2 * number - len(series) + 1)
            _dot_row(axes, one, rows, offset, scale)
        if limits is not None:
            axes.set_xlim(*limits)
        axes.margins(x=0.08)
        return Drawing(page_svg(figure, name), _dots_label(title, axis, series, scale))


def stacks(
    title: str,
    axis: str,
    parts: Sequence[str],
    rows: Mapping[str, Mapping[str, Estimate]],
    *,
    name: str,
    width: float = 5.2,
) -> Drawing:
    """Draw shares that sum to 1 as one stacked bar for each variant.

    Args:
        title: the panel's title.
        axis: label of the axis, with its unit.
        parts: the metrics, at most four, from left to right.
        rows: variant → metric → estimate; a variant without values is written as n/a.
        name: makes the ids of this drawing unique in the page.
        width: inches.
    """
    names = list(rows)
    with page_canvas(name, width, 0.95 + _ROW * len(names)) as figure:
        axes = figure.add_subplot()
        _rows_axis(axes, names, title, axis)
        axes.set_xlim(0, 100)
        axes.grid(visible=False)
        for place, row in enumerate(names):
            _stack(axes, place, parts, rows[row])
            _beside(axes, place, [rows[row][key] for key in parts if key in rows[row]])
        return Drawing(page_svg(figure, name), _stacks_label(title, axis, parts, rows))


def curves(title: str, lines: Sequence[Curve], *, name: str, width: float = 5.2) -> Drawing:
    """Draw risk–coverage curves: risk among the answered against the share answered."""
    with page_canvas(name, width, 2.9) as figure:
        axes = figure.add_subplot()
        axes.set_title(one_line(title, 60), loc="left", fontweight="bold", fontsize=10.5)
        axes.set_xlabel("share of questions answered, %")
        axes.set_ylabel("error rate among them, %")
        axes.grid(axis="y")
        for place, line in enumerate(lines):
            colour = PLACEHOLDERS["accent" if place % 2 == 0 else "second"]
            style = ("solid", "dashed", "dotted")[place // 2 % 3]
            x, y = ([100 * value for value in side] for side in (line.coverage, line.risk))
            label = predictor_name(line)
            axes.plot(x, y, color=colour, linestyle=style, label=label, linewidth=1.6)
        axes.set_xlim(0, 100)
        axes.set_ylim(bottom=0)
        axes.legend(loc="best")
        return Drawing(page_svg(figure, name), _curves_label(title, lines))


def span(series: Iterable[Mapping[str, Estimate]], scale: float) -> tuple[float, float]:
    """Return limits that hold zero and every interval, the same for panels that are compared."""
    ends = [
        scale * end
        for estimates in series
        for estimate in estimates.values()
        for end in (estimate.value, estimate.low, estimate.high)
        if end is not None
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def predictor_name(curve: Curve) -> str:
    """Return what a curve's questions were ranked by, in words."""
    known = {
        "p_correct": "by P(correct) in base",
        "neg_entropy": "by −H in base",
        "confidence": "by the largest probability in base",
    }
    words = known.get(curve.predictor, one_line(curve.predictor, 40))
    after = curve.variant not in ("", "base")
    return f"{words}, errors under {one_line(curve.variant, 40)}" if after else words


def _rows_axis(
    axes: Axes, rows: Sequence[str], title: str, label: str, longest: int = _LABEL
) -> None:
    axes.set_title(one_line(title, 60), loc="left", fontweight="bold", fontsize=10.5)
    axes.set_yticks(range(len(rows)), [one_line(row, longest) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.grid(axis="x")


def _dot_row(axes: Axes, series: Series, rows: Sequence[str], offset: float, scale: float) -> None:
    colour = PLACEHOLDERS[series.colour]
    x: list[float] = []
    y: list[float] = []
    for place, row in enumerate(rows):
        estimate = series.estimates.get(row)
        if estimate is None:
            continue
        if estimate.value is None:
            _not_available(axes, place + offset)
            continue
        x.append(scale * estimate.value)
        y.append(place + offset)
        if estimate.low is not None and estimate.high is not None:
            ends = (scale * estimate.low, scale * estimate.high)
            axes.hlines(place + offset, *ends, colour, linewidth=2.2, alpha=0.55, zorder=2)
    axes.scatter(x, y, s=34, color=colour, zorder=3, linewidths=0, clip_on=False)


def _not_available(axes: Axes, place: float) -> None:
    axes.text(
        0.01,
        place,
        "n/a",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=8.5,
        color=PLACEHOLDERS["muted"],
    )


def _stack(axes: Axes, place: int, parts: Sequence[str], shares: Mapping[str, Estimate]) -> None:
    values = [(key, shares[key].value) for key in parts if key in shares]
    if all(value is None for _, value in values):
        _not_available(axes, place)
        return
    left = 0.0
    for key, value in values:
        share = 100 * (value or 0.0)
        variable = f"q{parts.index(key) + 1}"
        edge = PLACEHOLDERS["paper"]
        axes.barh(place, share, 0.78, left, color=PLACEHOLDERS[variable], edgecolor=edge, lw=0.8)
        if share >= 7:
            colour = PLACEHOLDERS[f"on-{variable}"]
            middle = left + share / 2
            axes.text(
                middle, place, f"{share:.0f}", ha="center", va="center", fontsize=8.5, color=colour
            )
        left += share


def _beside(axes: Axes, place: int, estimates: Sequence[Estimate]) -> None:
    """Write how many outputs a bar is about: it leaves out those that were not judged."""
    count = max((estimate.n for estimate in estimates), default=0)
    axes.text(
        1.015,
        place,
        f"n = {count}",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=8.5,
        color=PLACEHOLDERS["muted"],
    )


def _dots_label(title: str, axis: str, series: Sequence[Series], scale: float) -> str:
    parts: list[str] = []
    for one in series:
        for row, estimate in one.estimates.items():
            value = "n/a" if estimate.value is None else f"{scale * estimate.value:.3g}"
            parts.append(f"{one_line(row, 60)}{f', {one.name}' if one.name else ''}: {value}")
    return f"{one_line(title)}, {axis}. {'; '.join(parts)}."


def _stacks_label(
    title: str, axis: str, parts: Sequence[str], rows: Mapping[str, Mapping[str, Estimate]]
) -> str:
    lines: list[str] = []
    for row, shares in rows.items():
        values = [
            f"{TERMS[key].title.lower()} {100 * value:.0f} %"
            for key in parts
            if key in shares and (value := shares[key].value) is not None
        ]
        lines.append(f"{one_line(row, 40)}: {', '.join(values) or 'n/a'}")
    return f"{one_line(title)}, {axis}. {'; '.join(lines)}."


def _curves_label(title: str, lines: Sequence[Curve]) -> str:
    parts = [
        f"{predictor_name(line)}: {100 * line.risk[-1]:.0f} % wrong with "
        f"{100 * line.coverage[-1]:.0f} % answered"
        for line in lines
        if line.risk and line.coverage
    ]
    return f"{one_line(title)}, risk against coverage. {'; '.join(parts)}."
