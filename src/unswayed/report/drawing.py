"""How plots are drawn: on a wide page, on a phone, and in a column of a paper.

On a phone, and where names are long, a row's name stands above what it names, so that the drawing
has the whole width and its letters keep their size.
"""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from unswayed.figures.canvas import canvas
from unswayed.figures.page import Drawing, page_svg
from unswayed.report.media import Medium, legend_height, put_legend
from unswayed.report.plots import LABEL, Dots, LinePlot, Plot, PlotLine, Series, Stacks
from unswayed.report.text import one_line
from unswayed.types import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CROWDED = 0.55
"""Of a row's height, for each of several series in it."""


def page_drawing(plot: Plot, name: str, medium: Medium) -> Drawing:
    """Return a plot as a page shows it; its name makes the ids in it unique.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    with drawn(plot, medium, salt=name) as figure:
        return Drawing(page_svg(figure, name), plot.label())


@contextmanager
def drawn(plot: Plot, medium: Medium, salt: str = "unswayed") -> Generator[Figure]:
    """Give a figure that has the plot on it; `salt` is of the ids inside an SVG.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    medium = _fitting(plot, medium)
    height = _height(plot, medium) + legend_height(plot, medium)
    with canvas((medium.width, height), medium.settings, salt) as figure:
        axes: Axes = figure.add_subplot()
        if not medium.alone:
            title = one_line(plot.title, 60 if medium.width > 5 else 40)
            axes.set_title(title, loc="left", fontweight="bold", fontsize=10.5)
        if isinstance(plot, Dots):
            _dots(axes, plot, medium)
        elif isinstance(plot, Stacks):
            _stacks(axes, plot, medium)
        else:
            _lines(axes, plot, medium)
        if medium.alone:
            figure.supxlabel(plot.axis, fontsize=8)  # longer than a column's axis
            put_legend(figure, axes, plot, medium)
        yield figure


def _fitting(plot: Plot, medium: Medium) -> Medium:
    """Return the medium with names above their rows where they are too long to stand beside."""
    if medium.above or not isinstance(plot, Dots) or plot.longest <= LABEL:
        return medium
    return replace(medium, above=True, row=1.45 * medium.row)


def _height(plot: Plot, medium: Medium) -> float:
    if isinstance(plot, LinePlot):
        return medium.width if plot.diagonal and medium.width < 5 else 0.45 * medium.width + 0.6
    if isinstance(plot, Stacks):
        return medium.rest + medium.row * len(plot.rows)
    return medium.rest + medium.row * len(plot.rows) * max(1.0, _CROWDED * len(plot.series))


def _rows_axis(axes: Axes, names: Sequence[str], label: str, medium: Medium, longest: int) -> None:
    shown = [one_line(name, longest) for name in names]
    axes.set_yticks(range(len(shown)), [] if medium.above else shown)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("" if medium.alone else label)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    if medium.above:
        for place, name in enumerate(shown):
            _text(axes, 0.0, place - 0.24, name, medium, "ink")


def _text(
    axes: Axes, x: float, y: float, text: str, medium: Medium, colour: str, right: bool = False
) -> None:
    """Write a text at a share of the width, in the middle of a row's part."""
    axes.text(
        x,
        y,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        ha="right" if right else "left",
        fontsize=medium.small,
        color=medium.colours[colour],
        bbox={"facecolor": medium.colours["paper"], "edgecolor": "none", "pad": 0.6},
        zorder=1.5,
    )


def _offset(medium: Medium) -> float:
    """Return how far below the middle of a row its drawing lies."""
    return 0.22 if medium.above else 0.0


def _dots(axes: Axes, plot: Dots, medium: Medium) -> None:
    _rows_axis(axes, plot.rows, plot.axis, medium, plot.longest)
    muted = medium.colours["muted"]
    if plot.line is not None:
        axes.axvline(plot.line, color=muted, linewidth=0.9, zorder=1)
    reach = 0.24 if medium.above else 0.5
    for row, value in plot.ticks.items():
        if row in plot.rows:
            middle = plot.rows.index(row) + _offset(medium)
            axes.vlines(value, middle - reach, middle + reach, muted, "dashed", linewidth=0.9)
    count, room = len(plot.series), 0.5 if medium.above else 0.76
    for number, one in enumerate(plot.series):
        offset = _offset(medium) + room * ((number + 0.5) / count - 0.5)
        _dot_row(axes, one, plot, offset, medium)
    if plot.limits is not None:
        axes.set_xlim(*plot.limits)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=6 if medium.width < 5 else 9)


def _dot_row(axes: Axes, series: Series, plot: Dots, offset: float, medium: Medium) -> None:
    colour = medium.colours[series.colour]
    x: list[float] = []
    y: list[float] = []
    for place, row in enumerate(plot.rows):
        estimate = series.estimates.get(row)
        if estimate is None:
            continue
        if estimate.value is None:
            _text(axes, 0.01, place + offset, "n/a", medium, "muted")
            continue
        x.append(plot.scale * estimate.value)
        y.append(place + offset)
        if estimate.low is not None and estimate.high is not None:
            ends = (plot.scale * estimate.low, plot.scale * estimate.high)
            width = 0.25 * medium.small if len(plot.series) < 3 else 1.4
            axes.hlines(place + offset, *ends, colour, linewidth=width, alpha=0.55, zorder=2)
    size = (medium.small - 3.2 if len(plot.series) < 3 else medium.small - 4.2) ** 2
    axes.scatter(
        x, y, s=size, color=colour, marker=series.marker, zorder=3, linewidths=0, clip_on=False
    )


def _stacks(axes: Axes, plot: Stacks, medium: Medium) -> None:
    _rows_axis(axes, list(plot.rows), plot.axis, medium, LABEL)
    axes.set_xlim(0, 100)
    axes.grid(visible=False)
    for place, shares in enumerate(plot.rows.values()):
        _stack(axes, place, plot.parts, shares, medium)
        count = max((shares[key].n for key in plot.parts if key in shares), default=0)
        words = f"n = {count}"  # a bar leaves out what was not judged
        if medium.above:
            _text(axes, 1.0, place - 0.24, words, medium, "muted", right=True)
        else:
            _text(axes, 1.015, place, words, medium, "muted")


def _stack(
    axes: Axes, place: int, parts: Sequence[str], shares: Mapping[str, Estimate], medium: Medium
) -> None:
    values = [(key, shares[key].value) for key in parts if key in shares]
    middle, high = place + _offset(medium), 0.46 if medium.above else 0.78
    if all(value is None for _, value in values):
        _text(axes, 0.01, middle, "n/a", medium, "muted")
        return
    left = 0.0
    for key, value in values:
        share, variable = 100 * (value or 0.0), f"q{parts.index(key) + 1}"
        edge = medium.colours["paper"]
        axes.barh(middle, share, high, left, color=medium.colours[variable], edgecolor=edge, lw=0.8)
        if share >= (10 if medium.width < 5 else 7):
            axes.text(
                left + share / 2,
                middle,
                f"{share:.0f}",
                ha="center",
                va="center_baseline",
                fontsize=medium.small,
                color=medium.colours[f"on-{variable}"],
            )
        left += share


def _lines(axes: Axes, plot: LinePlot, medium: Medium) -> None:
    axes.set_xlabel("" if medium.alone else plot.axis)
    axes.set_ylabel(plot.side)
    axes.grid(visible=True, axis="both" if plot.diagonal else "y")
    if plot.diagonal:
        axes.plot([0, 100], [0, 100], color=medium.colours["muted"], linewidth=0.9, zorder=1)
    for line in plot.lines:
        _line(axes, line, medium)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, plot.top)
    axes.tick_params(axis="y", labelcolor=medium.colours["muted"])
    if not medium.alone:
        axes.legend(loc="best", fontsize=medium.small)


def _line(axes: Axes, line: PlotLine, medium: Medium) -> None:
    colour = medium.colours[line.colour]
    axes.plot(
        line.x,
        line.y,
        color=colour,
        linestyle=line.style,
        marker=line.marker,
        markersize=medium.small - 4,
        label=one_line(line.name, 44),
        linewidth=1.5,
        clip_on=not line.marker,
    )
    for x, ends in zip(line.x, line.ends, strict=False):
        if ends is not None:
            axes.vlines(x, *ends, colour, linewidth=1.4, alpha=0.5)
