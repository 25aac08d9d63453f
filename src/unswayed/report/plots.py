"""What a figure shows, apart from how it is drawn: dots with intervals, stacked shares, lines.

The same plot is drawn for a wide page, for a phone and for a column of a paper (`drawing`), and
told in words to people who cannot see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from unswayed.report.terms import TERMS
from unswayed.report.text import one_line
from unswayed.types import Estimate

LABEL = 34
"""Characters of a row's name that are shown, if nothing else is said."""


@dataclass(frozen=True)
class Series:
    """Estimates by row, drawn in one colour.

    Attributes:
        name: what it is, where there are several.
        colour: name of a colour of the medium.
        estimates: row → estimate; those without a value are written out as n/a.
        marker: shape of its dots.
    """

    name: str
    colour: str
    estimates: Mapping[str, Estimate]
    marker: str = "o"


@dataclass(frozen=True)
class Dots:
    """Estimates with their intervals, one row for each variant.

    Attributes:
        title: of the panel.
        axis: label of the axis, with its unit.
        rows: from top to bottom.
        series: what to draw.
        scale: factor from estimate to axis, such as 100 for percent.
        limits: of the axis, in its unit; None fits the data.
        line: a value marked through all rows, in the axis's unit.
        ticks: row → value marked in that row alone, such as chance, in the axis's unit.
        longest: characters of a row's name that are shown.
    """

    title: str
    axis: str
    rows: tuple[str, ...]
    series: tuple[Series, ...]
    scale: float = 100.0
    limits: tuple[float, float] | None = None
    line: float | None = None
    ticks: Mapping[str, float] = field(default_factory=dict[str, float])
    longest: int = LABEL

    def label(self) -> str:
        """Say what it shows, for people who cannot see it."""
        parts: list[str] = []
        for one in self.series:
            for row, estimate in one.estimates.items():
                value = "n/a" if estimate.value is None else f"{self.scale * estimate.value:.3g}"
                of = f", {one_line(one.name, 60)}" if one.name else ""
                parts.append(f"{one_line(row, 60)}{of}: {value}")
        return f"{one_line(self.title)}, {self.axis}. {'; '.join(parts)}."


@dataclass(frozen=True)
class Stacks:
    """Shares that sum to 1, as one stacked bar for each variant.

    Attributes:
        title: of the panel.
        axis: label of the axis, with its unit.
        parts: the metrics, at most four, from left to right.
        rows: variant → metric → estimate; a variant without values is written as n/a.
    """

    title: str
    axis: str
    parts: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Estimate]]

    def label(self) -> str:
        """Say what it shows, for people who cannot see it."""
        lines: list[str] = []
        for row, shares in self.rows.items():
            values = [
                f"{TERMS[key].title.lower()} {100 * value:.0f} %"
                for key in self.parts
                if key in shares and (value := shares[key].value) is not None
            ]
            lines.append(f"{one_line(row, 40)}: {', '.join(values) or 'n/a'}")
        return f"{one_line(self.title)}, {self.axis}. {'; '.join(lines)}."


@dataclass(frozen=True)
class PlotLine:
    """One line of points.

    Attributes:
        name: what it is.
        colour: name of a colour of the medium.
        x: of the points, in the axis's unit.
        y: of the points, as many.
        style: of the line, as matplotlib names it.
        marker: shape of its points; empty for a line alone.
        ends: ends of the interval of each point, or None; empty where no point has one.
    """

    name: str
    colour: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    style: str = "solid"
    marker: str = ""
    ends: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class LinePlot:
    """Lines over a common axis.

    Attributes:
        title: of the panel.
        axis: label of the axis, with its unit.
        side: label of the other axis, with its unit.
        lines: what to draw.
        top: upper end of the other axis; None fits the data.
        diagonal: draw the line on which both axes agree.
    """

    title: str
    axis: str
    side: str
    lines: tuple[PlotLine, ...]
    top: float | None = None
    diagonal: bool = False

    def label(self) -> str:
        """Say what it shows, for people who cannot see it."""
        parts = [
            f"{one_line(line.name, 80)}: "
            + ", ".join(f"{y:.0f} at {x:.0f}" for x, y in _some(line.x, line.y))
            for line in self.lines
        ]
        return f"{one_line(self.title)}, {self.side} by {self.axis}. {'; '.join(parts)}."


Plot = Dots | Stacks | LinePlot


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


def _some(x: tuple[float, ...], y: tuple[float, ...]) -> list[tuple[float, float]]:
    """Return up to eleven points of a line, evenly taken, both ends included."""
    pairs = list(zip(x, y, strict=True))
    steps = min(10, len(pairs) - 1)
    if steps < 1:
        return pairs
    return [pairs[round(place * (len(pairs) - 1) / steps)] for place in range(steps + 1)]
