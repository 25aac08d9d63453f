"""Figures of a training: what was evaluated and what was rewarded, over optimiser steps.

    curves.svg   curves.png    a row a metric, a column a group of variants; one pair a benchmark
    rewards.svg  rewards.png   the reward, its parts and the length of what was sampled, and how
                               unsteady they are

A thin line is a seed; the bold one is the mean over the seeds, drawn only at steps that all of
them have. A bar behind the last step is the interval of that mean over seeds, from three seeds on;
with a single seed it is the interval over questions, which says nothing of another seed. Rewards,
a value a step, are noisy: their bold line is a running mean.
"""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import fmean
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

from unswayed.figures.canvas import BOTH, COLOURS, INK, MARKERS, MUTED, REFERENCE, canvas, save
from unswayed.metrics.seeds import over_seeds
from unswayed.training.track.contrasts import FEW
from unswayed.training.track.dynamics import (
    ALL,
    TRAINING,
    Dynamics,
    TrackedValue,
    dynamics,
    write,
)
from unswayed.training.track.findings import emptied_lines, fall_lines, template_lines, verdicts
from unswayed.training.track.measures import EVALUATED, Measure, rewarded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = Mapping[int, float]
"""Step → value."""
CURVES, REWARDS = "curves", "rewards"
"""The figures, as their files are called."""
_GROUPS = {
    "nothing asserted": (),
    "a wrong answer asserted": ("wrong-",),
    "the right answer asserted": ("correct-",),
}
"""Column → how the names of its variants begin; the first takes all that are left."""
_BASE = "base"
_UNSCORED = "reward/unscored"
_CHARACTERS_AN_INCH = 13.5  # of the note above a figure
_ROOM = 0.05
"""Of an axis, beyond its ends: half of a line that lies on the limit would be cut off."""
_WINDOWS = 20
"""A running mean is over one part in so many of the steps."""


@dataclass(frozen=True)
class Look:
    """How a variant's lines are drawn."""

    colour: str
    marker: str
    style: Literal["-", "--"] = "-"


def redraw(out: Path) -> Dynamics:
    """Write a training's table and figures anew from its evaluations and logs; return the table.

    Raises:
        ConfigError: there is no training in the folder.
        RunError: a file of it cannot be read.
        MissingExtra: matplotlib or pyarrow is not installed.
        StageError: a file cannot be written.
    """
    table = dynamics(out)
    write(table, out)
    draw(table, out)
    return table


def draw(
    found: Dynamics,
    out: Path,
    *,
    kinds: Sequence[str] = BOTH,
    prefix: str = "",
    only: Sequence[str] = (CURVES, REWARDS),
) -> list[Path]:
    """Draw the figures of a training into a folder and return their paths.

    Args:
        found: the training's table.
        out: the folder.
        kinds: formats of the files.
        prefix: how the files' names begin.
        only: which of the figures: `curves`, `rewards`.

    Raises:
        MissingExtra: matplotlib is not installed.
        StageError: a file cannot be written.
    """
    # `all` is several benchmarks together, each of which has a figure of its own
    benchmarks = sorted({row.benchmark for row in found.rows} - {TRAINING, ALL})
    paths: list[Path] = []
    for benchmark in benchmarks if CURVES in only else ():
        suffix = f"-{_plain(benchmark)}" if len(benchmarks) > 1 else ""
        rows = [row for row in found.rows if row.benchmark == benchmark]
        paths += _evaluated(rows, _notes(found, rows), out / f"{prefix}{CURVES}{suffix}", kinds)
    logged = [row for row in found.rows if row.benchmark == TRAINING]
    fallen = [f"Warning: {line}" for line in fall_lines(found)]
    if not logged or REWARDS not in only:
        return paths
    return paths + _rewarded(logged, fallen, out / f"{prefix}{REWARDS}", kinds)


def lines_of(rows: Iterable[TrackedValue], scale: float = 1.0) -> dict[int, dict[int, float]]:
    """Return seed → step → value, of rows of one metric; values that are not known are left out."""
    lines: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row.value is not None:
            lines[row.seed][row.step] = scale * row.value
    return {seed: dict(sorted(line.items())) for seed, line in sorted(lines.items())}


def mean_line(lines: Mapping[int, Line]) -> dict[int, float]:
    """Return the mean over seeds at the steps that all of them have."""
    if not lines:
        return {}
    steps = set[int].intersection(*(set(line) for line in lines.values()))
    return {step: fmean(line[step] for line in lines.values()) for step in sorted(steps)}


def running_mean(line: Line, window: int) -> dict[int, float]:
    """Return the mean of each value with its neighbours; fewer of them at the ends.

    Args:
        line: the line, by step.
        window: values in a mean, odd.
    """
    steps, half = sorted(line), window // 2
    return {
        step: fmean(line[near] for near in steps[max(0, place - half) : place + half + 1])
        for place, step in enumerate(steps)
    }


def last_interval(rows: Sequence[TrackedValue]) -> tuple[int, float, float] | None:
    """Return the last common step and its interval: over seeds, or over questions of a single one.

    Args:
        rows: of one metric and variant.
    """
    lines = lines_of(rows)
    mean = mean_line(lines)
    if not mean:
        return None
    step = max(mean)
    if len(lines) == 1:
        last = next(row for row in rows if row.step == step and row.value is not None)
        low, high = last.low, last.high
    elif len(lines) >= FEW:
        spread = over_seeds([line[step] for line in lines.values()])
        low, high = spread.low, spread.high
    else:
        return None
    return None if low is None or high is None else (step, low, high)


def columns(variants: Iterable[str]) -> dict[str, list[str]]:
    """Return column → its variants, without columns that would be empty; `base` comes first."""
    by_column: dict[str, list[str]] = {name: [] for name in _GROUPS}
    for variant in sorted(variants, key=lambda name: (name != _BASE, name)):
        matching = [
            name
            for name, starts in _GROUPS.items()
            if any(part.startswith(start) for part in variant.split("+") for start in starts)
        ]
        by_column[matching[0] if matching else next(iter(_GROUPS))].append(variant)
    return {name: inside for name, inside in by_column.items() if inside}


def _evaluated(
    rows: Sequence[TrackedValue], notes: Sequence[str], path: Path, kinds: Sequence[str]
) -> list[Path]:
    by_metric: defaultdict[str, list[TrackedValue]] = defaultdict(list)
    for row in rows:
        by_metric[row.metric].append(row)
    shown = [one for one in EVALUATED if lines_of(by_metric[one.metric])]
    groups = columns({row.variant for one in shown for row in by_metric[one.metric]} - {ALL})
    if not shown or not groups:
        return []
    with canvas((2.9 * len(groups) + 0.8, 1.35 * len(shown) + 1.5)) as figure:
        grid: Any = figure.subplots(
            len(shown), len(groups), sharex=True, sharey="row", squeeze=False
        )
        for across, (title, variants) in enumerate(groups.items()):
            looks = _looks(variants, rows)
            for down, measure in enumerate(shown):
                axes: Axes = grid[down][across]
                _panel(axes, by_metric[measure.metric], measure, looks)
                if across == 0:
                    axes.set_ylabel(measure.label.replace(" (", "\n("))
            _legend(grid[0][across], title, looks)
            grid[-1][across].set_xlabel("optimiser steps")
        figure.align_ylabels(grid[:, 0])
        _title(figure, [f"{rows[0].benchmark}: every checkpoint, the same questions", *notes])
        return save(figure, path, kinds)


def _panel(
    axes: Axes, rows: Sequence[TrackedValue], measure: Measure, looks: Mapping[str, Look]
) -> None:
    """Draw a metric's lines of some variants, and the intervals of their last step."""
    steps = [row.step for row in rows]
    gap = 0.025 * (max(steps) - min(steps) or 1)
    for place, (variant, look) in enumerate(looks.items()):
        inside = [row for row in rows if row.variant == variant]
        lines = lines_of(inside, measure.scale)
        _lines(axes, lines, mean_line(lines), look)
        if interval := last_interval(inside):
            step, low, high = interval
            at = step + gap * (1 + place)
            ends = [measure.scale * end for end in (low, high)]
            axes.plot([at, at], ends, color=look.colour, linewidth=1.3, solid_capstyle="butt")
    if measure.limits:
        axes.set_ylim(*measure.limits)
    axes.locator_params(axis="x", nbins=5, integer=True)
    axes.tick_params(length=0)


def _rewarded(
    rows: Sequence[TrackedValue], notes: Sequence[str], path: Path, kinds: Sequence[str]
) -> list[Path]:
    measures = rewarded(row.metric for row in rows)
    lines = {one: lines_of(r for r in rows if r.metric == one.metric) for one in measures}
    shown = [one for one, by_seed in lines.items() if _worth_showing(one, by_seed)]
    steps = len({row.step for row in rows})
    window = 2 * (steps // _WINDOWS // 2) + 1
    high = -(-len(shown) // 3)
    with canvas((8.2, 1.75 * high + 0.7)) as figure:
        grid: Any = figure.subplots(high, 3, squeeze=False)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        for axes, measure in zip(grid.flat, shown, strict=False):
            bold = running_mean(mean_line(lines[measure]), window)
            _lines(axes, lines[measure], bold, Look(COLOURS[0], ""))
            _from_zero(axes, [value for line in lines[measure].values() for value in line.values()])
            axes.set_ylabel(measure.label)
            axes.set_xlabel("optimiser steps")
            axes.locator_params(axis="x", nbins=5, integer=True)
            axes.tick_params(length=0)
        thin = _seeds_note(sorted({row.seed for row in rows}))
        note = (
            f"{thin} The bold line is a running mean over {window} steps." if window > 1 else thin
        )
        _title(figure, ["sampled in training: means over the completions of a step", note, *notes])
        return save(figure, path, kinds)


def _from_zero(axes: Axes, values: Sequence[float]) -> None:
    """Begin an axis at 0 where nothing lies below, with room for lines that lie on its ends."""
    if min(values) >= 0:
        top = max(values) or 1.0
        axes.set_ylim(-_ROOM * top, (1 + _ROOM) * top)


def _worth_showing(measure: Measure, lines: Mapping[int, Line]) -> bool:
    values = [value for line in lines.values() for value in line.values()]
    return any(values) if measure.metric == _UNSCORED else bool(values)


def _lines(axes: Axes, lines: Mapping[int, Line], bold: Line, look: Look) -> None:
    """Draw each seed thin, and their mean; a single evaluated seed is its own mean."""
    style: dict[str, Any] = {"color": look.colour, "linestyle": look.style}
    if len(lines) > 1 or not look.marker:
        for line in lines.values():
            axes.plot(list(line), list(line.values()), linewidth=0.7, alpha=0.45, **style)
    axes.plot(
        list(bold),
        list(bold.values()),
        linewidth=1.8,
        marker=look.marker if len(bold) <= 15 else "",
        markersize=3.5,
        **style,
    )


def _looks(variants: Sequence[str], rows: Iterable[TrackedValue]) -> dict[str, Look]:
    """Return variant → look of a column: its own, and base in grey where base is elsewhere."""
    shapes = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    own = {name: Look(*shape) for name, shape in zip(variants, shapes, strict=False)}
    if _BASE in own:
        return {**own, _BASE: Look(INK, "o")}
    there = any(row.variant == _BASE for row in rows)
    return {_BASE: Look(REFERENCE, "", "--"), **own} if there else own


def _legend(axes: Axes, title: str, looks: Mapping[str, Look]) -> None:
    from matplotlib.lines import Line2D

    axes.legend(
        handles=[
            Line2D(
                [],
                [],
                color=look.colour,
                marker=look.marker,
                linestyle=look.style,
                linewidth=1.8,
                markersize=4,
                label=name[:34],
            )
            for name, look in looks.items()
        ],
        title=title,
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        fontsize=8,
        title_fontsize=8.5,
        alignment="left",
        borderaxespad=0,
        handlelength=2.2,
    )


def _title(figure: Any, lines: Sequence[str]) -> None:
    width = int(_CHARACTERS_AN_INCH * figure.get_figwidth())
    text = "\n".join(part for line in lines for part in wrap(line, width))
    figure.suptitle(text, x=0.01, ha="left", fontsize=8, color=MUTED)


def _notes(table: Dynamics, rows: Sequence[TrackedValue]) -> list[str]:
    counts = {row.n for row in rows if row.metric == "accuracy" and row.n}
    span = f"{min(counts)}–{max(counts)}" if len(counts) > 1 else f"{max(counts, default=0)}"
    seeds = list(table.evaluated)  # others may only have trained so far
    bar = {1: " Bar: 95 % interval of the last step over questions.", 2: ""}.get(
        len(seeds), " Bar: 95 % interval of the last step's mean over seeds."
    )
    here = rows[0].benchmark
    inside = Dynamics(
        (),
        {key: one for key, one in table.findings.items() if key[1] == here},
        {key: one for key, one in table.emptied.items() if key[1] == here},
        table.reference,
        {key: one for key, one in table.behind.items() if key[1] == here},
    )
    return [
        f"{_seeds_note(seeds)} A point: {span} questions.{bar}",
        *(f"Collapsed: {line}" for line in verdicts(inside)[0]),
        *(f"Empty thoughts: {line}" for line in emptied_lines(inside)),
        *(f"Templates: {line}" for line in template_lines(inside)),
    ]


def _seeds_note(seeds: Sequence[int]) -> str:
    if len(seeds) < 2:
        return "One seed: another seed of the same recipe may do something else."
    named = ", ".join(map(str, seeds))
    return f"Thin: each of {len(seeds)} seeds ({named}); bold: their mean."


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:60]
