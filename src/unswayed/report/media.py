"""Where plots are drawn: on a wide page, on a phone, in a column of a paper with its legend."""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unswayed.figures.canvas import COLOURS, COLUMN, INK, MUTED
from unswayed.figures.page import PAGE, PLACEHOLDERS
from unswayed.report.plots import LinePlot, Plot, Stacks
from unswayed.report.terms import TERMS
from unswayed.report.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_LONGEST = 44
"""Characters of a name in a legend."""


@dataclass(frozen=True)
class Medium:
    """Where plots are drawn.

    Attributes:
        settings: matplotlib's.
        colours: name of a colour → the colour.
        width: inches.
        row: inches from one row to the next.
        rest: inches beside the rows: title, axis, margins.
        small: size in points of the smallest letters.
        above: names stand above their rows.
        alone: it stands alone, without the title, but with a legend of its own.
    """

    settings: Mapping[str, Any]
    colours: Mapping[str, str]
    width: float
    row: float
    rest: float
    small: float
    above: bool = False
    alone: bool = False


WIDE = Medium(PAGE, PLACEHOLDERS, 6.0, 0.27, 0.95, 9.0)
"""A page on a laptop: half of its width."""
NARROW = Medium(PAGE, PLACEHOLDERS, 3.5, 0.4, 0.9, 9.0, above=True)
"""A phone, and half of a printed page."""
_ON_PAPER = {
    "ink": INK,
    "muted": MUTED,
    "paper": "#ffffff",
    "accent": COLOURS[0],
    "second": COLOURS[1],
    "q1": "#0072b2",
    "q2": "#a9d3ec",
    "q3": "#f7cba5",
    "q4": "#b84f00",
    "on-q1": "#ffffff",
    "on-q2": INK,
    "on-q3": INK,
    "on-q4": "#ffffff",
    **{f"s{place}": colour for place, colour in enumerate(COLOURS, 1)},
}


def column(width: float) -> Medium:
    """Return a column of a paper, in inches."""
    return Medium(COLUMN, _ON_PAPER, width, 0.185, 0.5, 7.0, alone=True)


def put_legend(figure: Figure, axes: Axes, plot: Plot, medium: Medium) -> None:
    """Put a legend above a figure that stands alone, if it has more than one thing in it."""
    names = legend_names(plot)
    if not names:
        return
    figure.legend(
        handles=_handles(axes, plot, medium),
        loc="outside upper left",
        ncols=_columns(names, medium),
        fontsize=medium.small,
        handlelength=1.4,
        columnspacing=1.0,
        borderaxespad=0.1,
    )


def legend_names(plot: Plot) -> list[str]:
    """Return the names in a plot's legend; none where a single thing is drawn."""
    if isinstance(plot, Stacks):
        return [TERMS[key].title for key in plot.parts]
    parts = plot.lines if isinstance(plot, LinePlot) else plot.series
    names = [one_line(one.name, _LONGEST) for one in parts]
    return names if len(names) > 1 or isinstance(plot, LinePlot) else []


def legend_height(plot: Plot, medium: Medium) -> float:
    """Return the inches that a legend takes above a figure that stands alone."""
    names = legend_names(plot) if medium.alone else []
    return 0.02 * medium.small * -(-len(names) // _columns(names, medium)) if names else 0.0


def _columns(names: Sequence[str], medium: Medium) -> int:
    longest = max(map(len, names))
    return max(1, min(4, len(names), int(medium.width / (0.057 * (longest + 4)))))


def _handles(axes: Axes, plot: Plot, medium: Medium) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if isinstance(plot, LinePlot):
        return axes.get_legend_handles_labels()[0]
    if isinstance(plot, Stacks):
        return [
            Patch(color=medium.colours[f"q{number}"], label=TERMS[key].title)
            for number, key in enumerate(plot.parts, 1)
        ]
    return [
        Line2D(
            [],
            [],
            color=medium.colours[one.colour],
            marker=one.marker,
            linestyle="",
            markersize=4,
            label=one_line(one.name, _LONGEST),
        )
        for one in plot.series
    ]
