"""The figures of a study: curves with all seeds, the frontier, seeds against recipes."""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import fmean
from typing import TYPE_CHECKING, Any

from unswayed.figures.canvas import COLOURS, MARKERS, canvas
from unswayed.figures.page import PAGE, PLACEHOLDERS, Drawing, page_svg
from unswayed.study.claims import ACCURACY, LARGE, PAPER, consistencies
from unswayed.study.remedy import KEPT, STEADFAST, FrontierPoint, frontier_of
from unswayed.study.results import FigureKey, StudyResults
from unswayed.training.track.curves import mean_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHECKED, JUDGED = "scenes", "scenes-judged"
"""Questions that every checkpoint answers: their curves are drawn."""
_ACROSS = 3
_INCHES = (3.3, 2.5)


@dataclass(frozen=True)
class StudyCurve:
    """What is drawn over optimiser steps.

    Attributes:
        title: its name and unit.
        figure: the figure.
        scale: factor to the unit.
    """

    title: str
    figure: FigureKey
    scale: float = 100.0


@dataclass(frozen=True)
class StudyChart:
    """A figure of a study on a page.

    Attributes:
        title: what it shows.
        caption: how to read it.
        drawing: the figure; None where nothing of it was run.
    """

    title: str
    caption: str
    drawing: Drawing | None


def charts_of(results: StudyResults) -> list[StudyChart]:
    """Return the figures of a study.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    recipes = results.plan.recipes
    remedies = [ACCURACY, *(name for name in recipes if name not in PAPER)]
    own = [name for name in recipes if name in PAPER]
    thin = "A thin line is a seed, the bold one their mean at the steps that all of them have."
    outside = [
        StudyCurve(f"accuracy, base, {name} (%)", FigureKey(name, "base", "accuracy"))
        for name in results.benchmarks()
        if any(0 < step < last for step, last in _inner_steps(results, name))
    ]
    return [
        _curves(results, "paper", "The paper's recipes over training", thin, curves(results), own),
        _curves(results, "remedies", "The remedies over training", thin, curves(results), remedies),
        _curves(
            results,
            "distribution",
            "In distribution and out of it",
            f"The same on other questions than training has. {thin}",
            outside,
            own,
        ),
        _frontier(results),
        _seeds(results),
    ]


def curves(results: StudyResults) -> list[StudyCurve]:
    """Return what is drawn over steps."""
    texts = [
        StudyCurve(f"accuracy, {name} (%)", FigureKey(CHECKED, name, "accuracy"))
        for name in ("base", "wrong-think", "wrong-caption")
    ]
    judged = [
        StudyCurve(f"consistency, base, by {judge} (%)", figure)
        for judge, figure in consistencies(results, JUDGED)
    ]
    return [
        *texts,
        *judged,
        StudyCurve("steadfastness (%)", FigureKey(CHECKED, "all", "steadfastness")),
        StudyCurve("entropy, base (nats)", FigureKey(CHECKED, "base", "entropy"), 1.0),
        StudyCurve("entropy, stop-think (nats)", FigureKey(CHECKED, "stop-think", "entropy"), 1.0),
        StudyCurve(
            "thought length, base (words)", FigureKey(CHECKED, "base", "thought_words"), 1.0
        ),
    ]


def _inner_steps(results: StudyResults, benchmark: str) -> Iterator[tuple[int, int]]:
    """Yield each step that questions were asked at, with the training's last one."""
    figure = FigureKey(benchmark, "base", "accuracy")
    for recipe in results.tables:
        for seed, line in results.line(recipe, figure).items():
            if benchmark != JUDGED:
                yield from ((step, results.last(recipe, seed)) for step in line)


@contextmanager
def _page(results: StudyResults, name: str, size: tuple[float, float]) -> Generator[Any]:
    """Give a figure that says what the study says of itself."""
    with canvas(size, {**PAGE, "axes.grid": True}, salt=name) as figure:
        if results.plan.note:
            figure.suptitle(
                results.plan.note, x=0.01, ha="left", fontsize=8.5, color=PLACEHOLDERS["muted"]
            )
        yield figure


def _curves(
    results: StudyResults,
    name: str,
    title: str,
    caption: str,
    shown: Sequence[StudyCurve],
    recipes: Sequence[str],
) -> StudyChart:
    lines = {
        curve: {recipe: results.line(recipe, curve.figure) for recipe in recipes} for curve in shown
    }
    there = [curve for curve in shown if any(lines[curve].values())]
    if not there:
        return StudyChart(title, caption, None)
    looks = _looks(recipes)
    high = -(-len(there) // _ACROSS)
    with _page(results, name, (_ACROSS * _INCHES[0], high * _INCHES[1] + 0.6)) as figure:
        grid: Any = figure.subplots(high, _ACROSS, squeeze=False)
        for axes in grid.flat[len(there) :]:
            axes.set_axis_off()
        for axes, curve in zip(grid.flat, there, strict=False):
            for recipe, by_seed in lines[curve].items():
                _line(axes, by_seed, curve.scale, looks[recipe])
            axes.set_title(curve.title, loc="left", fontsize=9)
            axes.locator_params(axis="x", nbins=5, integer=True)
        for axes in grid[-1]:
            axes.set_xlabel("optimiser steps")
        _legend(figure, looks)
        label = f"{title}: {', '.join(curve.title for curve in there)}"
        return StudyChart(title, caption, Drawing(page_svg(figure, name), label))


def _line(
    axes: Axes, by_seed: Mapping[int, Mapping[int, float]], scale: float, look: Mapping[str, Any]
) -> None:
    scaled = {
        seed: {step: scale * value for step, value in line.items()}
        for seed, line in by_seed.items()
    }
    for line in scaled.values():
        axes.plot(list(line), list(line.values()), color=look["color"], linewidth=0.7, alpha=0.45)
    bold = mean_line(scaled)
    axes.plot(list(bold), list(bold.values()), linewidth=1.8, markersize=3.5, **look)


def _frontier(results: StudyResults) -> StudyChart:
    title, points = "The frontier: a point a seed", frontier_of(results)
    caption = (
        "Every seed's last checkpoint, and the start (star). Steadfastness is the share of "
        "questions with a right answer and a consistent thought under base and every wrong text. "
        "The dashed line is the accuracy that a remedy has to keep."
    )
    if not points:
        return StudyChart(title, caption, None)
    panels: list[tuple[str, dict[FrontierPoint, float | None]]] = [
        ("steadfastness (%)", {one: one.steadfastness for one in points})
    ]
    panels += [
        (
            f"consistency, base, by {judge} (%)",
            {one: dict(one.consistency)[judge] for one in points},
        )
        for judge, _ in consistencies(results)
    ]
    looks = _looks(results.plan.recipes)
    with _page(results, "frontier", (len(panels) * _INCHES[0], 3.6)) as figure:
        grid: Any = figure.subplots(1, len(panels), squeeze=False)
        kept = results.values(ACCURACY, FigureKey(LARGE, "base", "accuracy"))
        for axes, (label, values) in zip(grid.flat, panels, strict=True):
            _scatter(axes, values, looks)
            if kept:
                axes.axvline(
                    100 * (fmean(kept.values()) + KEPT),
                    color=PLACEHOLDERS["muted"],
                    linestyle="--",
                    linewidth=0.9,
                )
            axes.set_title(label, loc="left", fontsize=9)
            axes.set_xlabel("accuracy, base (%)")
        _legend(figure, looks)
        return StudyChart(title, caption, Drawing(page_svg(figure, "frontier"), title))


def _scatter(
    axes: Axes,
    values: Mapping[FrontierPoint, float | None],
    looks: Mapping[str, Mapping[str, Any]],
) -> None:
    start = {"color": PLACEHOLDERS["ink"], "marker": "*"}
    for one, value in values.items():
        if one.accuracy is None or value is None:
            continue
        look = looks.get(one.recipe, start)
        axes.plot(
            [100 * one.accuracy],
            [100 * value],
            color=look["color"],
            marker=look["marker"],
            linestyle="",
            markersize=9 if one.seed is None else 5,
        )


def _seeds(results: StudyResults) -> StudyChart:
    title = "Seeds against recipes"
    caption = "The last step of every seed; the bar is a recipe's mean."
    measures = [("accuracy, base (%)", FigureKey(LARGE, "base", "accuracy"))]
    measures += [
        (f"consistency, base, by {judge} (%)", figure) for judge, figure in consistencies(results)
    ]
    measures.append(("steadfastness (%)", STEADFAST))
    recipes = [name for name in results.plan.recipes if results.seeds(name)]
    if not recipes:
        return StudyChart(title, caption, None)
    looks = _looks(results.plan.recipes)
    size = (len(measures) * 2.7 + 1.2, 0.35 * len(recipes) + 1.4)
    with _page(results, "seeds", size) as figure:
        grid: Any = figure.subplots(1, len(measures), sharey=True, squeeze=False)
        for axes, (label, measured) in zip(grid.flat, measures, strict=True):
            for place, recipe in enumerate(recipes):
                values = [100 * value for value in results.values(recipe, measured).values()]
                look: Mapping[str, Any] = {**looks[recipe], "linestyle": ""}
                axes.plot(values, [place] * len(values), markersize=5, **look)
                if values:
                    axes.plot([fmean(values)] * 2, [place - 0.3, place + 0.3], color=look["color"])
            axes.set_title(label, loc="left", fontsize=9)
            axes.locator_params(axis="x", nbins=4)
        grid[0][0].set_yticks(range(len(recipes)), recipes)
        grid[0][0].invert_yaxis()
        return StudyChart(title, caption, Drawing(page_svg(figure, "seeds"), title))


def _looks(recipes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return recipe → look: a colour, a marker and a style, so that colour alone tells nothing."""
    styles = ("-", "--", ":")
    shapes = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    return {
        name: {
            "color": colour,
            "marker": marker,
            "linestyle": styles[place // len(COLOURS) % len(styles)],
        }
        for place, (name, (colour, marker)) in enumerate(zip(recipes, shapes, strict=False))
    }


def _legend(figure: Any, looks: Mapping[str, Mapping[str, Any]]) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[Line2D([], [], label=name, markersize=4, **look) for name, look in looks.items()],
        loc="outside lower left",
        ncols=5,
        fontsize=8.5,
    )
