"""Figures of a training: what was evaluated and what was rewarded, over optimiser steps.

    curves.svg   curves.png    a row a metric, a column a group of variants; one pair a benchmark
    rewards.svg  rewards.png   the reward, its parts and the length of what was sampled

A thin line is a seed; the thick one is the mean over the seeds, drawn only at steps that all of
them have. One seed has no thick line: it is not a mean of anything.
"""

# matplotlib's own stubs leave **kwargs untyped, which strict mode would report at every call.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import io
import warnings
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import fmean, median
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from unswayed.errors import MissingExtra
from unswayed.runs import write_bytes
from unswayed.training.dynamics import ALL, TRAINING, Dynamics, Row, verdicts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Line = Mapping[int, float]
"""Step → value."""


@dataclass(frozen=True)
class Panel:
    """How a metric is drawn.

    Attributes:
        metric: its name in the table.
        title: its name for people.
        scale: factor from the table's value, such as 100 for percent.
        limits: of the axis; None fits the data.
    """

    metric: str
    title: str
    scale: float = 1.0
    limits: tuple[float, float] | None = None


PERCENT = (-2.0, 102.0)
EVALUATED = (
    Panel("accuracy", "accuracy, %", 100, PERCENT),
    Panel("faithful_accuracy", "faithful accuracy, %", 100, PERCENT),
    Panel("consistency_rate", "consistency, %", 100, PERCENT),
    Panel("p_correct", "P(correct)", 1, (-0.02, 1.02)),
    Panel("entropy", "H, nats"),
    Panel("sway", "sway, points", 100),
    Panel("thought_words", "words of own thought"),
)
REWARDED = (
    Panel("reward", "reward"),
    Panel("reward/format", "format"),
    Panel("reward/correct", "correct"),
    Panel("reward/consistent", "consistent, share"),
    Panel("output_words", "words of an output"),
    Panel("reward/unscored", "without a reward, share"),
)
_GROUPS = {
    "nothing injected": (),
    "wrong text": ("wrong-",),
    "right text": ("correct-",),
    "text that says nothing": ("neutral-",),
}
"""Column → how the names of its variants begin; the first takes all that are left."""
_COLOURS = ("#0b5fa5", "#c2410c", "#15803d", "#7c3aed", "#b45309", "#0e7490")
_INK, _MUTED, _GRID = "#1f2328", "#57606a", "#d8dee4"
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _MUTED,
    "axes.linewidth": 0.7,
    "axes.labelcolor": _INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "text.color": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
_THIN, _THICK = 0.9, 2.4


def draw(found: Dynamics, out: Path) -> list[Path]:
    """Draw the figures of a training into its folder and return their paths.

    Raises:
        MissingExtra: matplotlib is not installed.
        StageError: a file cannot be written.
    """
    benchmarks = sorted({row.benchmark for row in found.rows} - {TRAINING})
    if ALL in benchmarks:  # of several benchmarks together: each has a figure of its own
        benchmarks.remove(ALL)
    made: list[Path] = []
    for benchmark in benchmarks:
        suffix = f"-{_plain(benchmark)}" if len(benchmarks) > 1 else ""
        rows = [row for row in found.rows if row.benchmark == benchmark]
        made += _evaluated(rows, found, benchmark, out / f"curves{suffix}")
    logged = [row for row in found.rows if row.benchmark == TRAINING]
    return made + (_rewarded(logged, out / "rewards") if logged else [])


def lines_of(rows: Iterable[Row], scale: float = 1.0) -> dict[int, dict[int, float]]:
    """Return seed → step → value, of rows of one metric; values that are not known are left out."""
    found: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row.value is not None:
            found[row.seed][row.step] = scale * row.value
    return {seed: dict(sorted(line.items())) for seed, line in sorted(found.items())}


def mean_line(lines: Mapping[int, Line]) -> dict[int, float]:
    """Return the mean over seeds at the steps that all of them have; empty for fewer than two."""
    if len(lines) < 2:
        return {}
    steps = set[int].intersection(*(set(line) for line in lines.values()))
    return {step: fmean(line[step] for line in lines.values()) for step in sorted(steps)}


def half_width(rows: Iterable[Row], scale: float = 1.0) -> float | None:
    """Return the median half width of the rows' intervals; None without any."""
    widths = [
        scale * (row.high - row.low) / 2
        for row in rows
        if row.low is not None and row.high is not None
    ]
    return median(widths) if widths else None


def columns(variants: Iterable[str]) -> dict[str, list[str]]:
    """Return column → its variants, without columns that would be empty; `base` comes first."""
    found: dict[str, list[str]] = {name: [] for name in _GROUPS}
    for variant in sorted(variants, key=lambda name: (name != "base", name)):
        matching = [
            name
            for name, starts in _GROUPS.items()
            if any(part.startswith(start) for part in variant.split("+") for start in starts)
        ]
        found[matching[0] if matching else next(iter(_GROUPS))].append(variant)
    return {name: inside for name, inside in found.items() if inside}


def _evaluated(rows: Sequence[Row], found: Dynamics, benchmark: str, path: Path) -> list[Path]:
    by_metric: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_metric[row.metric].append(row)
    panels = [one for one in EVALUATED if lines_of(by_metric[one.metric])]
    groups = columns({row.variant for row in rows} - {ALL})
    if not panels or not groups:
        return []
    height = 1.5 * len(panels) + 1.6
    with _figure((3.1 * len(groups) + 0.9, height)) as figure:
        grid: Any = figure.subplots(
            len(panels), len(groups), sharex=True, sharey="row", squeeze=False
        )
        for across, (title, variants) in enumerate(groups.items()):
            for down, panel in enumerate(panels):
                axes: Axes = grid[down][across]
                drawn = _reference_and(variants, by_metric[panel.metric])
                for variant, colour in drawn.items():
                    of_one = [r for r in by_metric[panel.metric] if r.variant == variant]
                    _lines(axes, lines_of(of_one, panel.scale), colour, variant)
                _dress(axes, panel, across == 0, half_width(by_metric[panel.metric], panel.scale))
            _legend(grid[0][across], title, _reference_and(variants, rows))
            grid[-1][across].set_xlabel("optimiser steps")
        # A suptitle above the rows; the words below it are what a reader must know.
        figure.suptitle(
            "\n".join([f"{benchmark}, checkpoint by checkpoint", *_notes(found, rows)]),
            x=0.01,
            ha="left",
            fontsize=9,
        )
        return _save(figure, path)


def _reference_and(variants: Sequence[str], rows: Iterable[Row]) -> dict[str, str]:
    """Return variant → colour of a column: its own, and base in grey where base is elsewhere."""
    colours: dict[str, str] = dict(zip(variants, cycle(_COLOURS), strict=False))
    if "base" in colours:
        return {**colours, "base": _INK}
    there = any(row.variant == "base" for row in rows)
    return {"base": "#9aa4af", **colours} if there else colours


def _rewarded(rows: Sequence[Row], path: Path) -> list[Path]:
    seeds = sorted({row.seed for row in rows})
    lines = {one: lines_of(r for r in rows if r.metric == one.metric) for one in REWARDED}
    panels = [
        one
        for one, by_seed in lines.items()
        if any(by_seed.values())
        and (one.metric != "reward/unscored" or any(any(x.values()) for x in by_seed.values()))
    ]
    high = -(-len(panels) // 3)
    with _figure((9.6, 1.9 * high + 0.9)) as figure:
        grid: Any = figure.subplots(high, 3, sharex=True, squeeze=False)
        for place, panel in enumerate(panels):
            axes: Axes = grid[place // 3][place % 3]
            _lines(axes, lines[panel], _COLOURS[0], "")
            _dress(axes, panel, True, None)
            axes.set_xlabel("optimiser steps")
        for place in range(len(panels), 3 * high):
            grid[place // 3][place % 3].set_axis_off()
        figure.suptitle(
            f"sampled in training, a point a step\n{_seeds_note(seeds)}",
            x=0.01,
            ha="left",
            fontsize=9,
        )
        return _save(figure, path)


def _lines(axes: Axes, lines: Mapping[int, Line], colour: str, label: str) -> None:
    mean = mean_line(lines)
    for line in lines.values():
        axes.plot(
            list(line),
            list(line.values()),
            color=colour,
            linewidth=_THIN if mean or len(lines) > 1 else 1.5,
            alpha=0.5 if mean else 1.0,
            marker="o" if len(line) < 15 else "",
            markersize=2.2,
        )
    if mean:
        axes.plot(list(mean), list(mean.values()), color=colour, linewidth=_THICK, label=label)


def _dress(axes: Axes, panel: Panel, first: bool, half: float | None) -> None:
    if panel.limits:
        axes.set_ylim(*panel.limits)
    if first:
        axes.set_ylabel(panel.title)
    if half is not None and first:
        axes.text(
            0.02,
            0.04,
            f"± {half:.2g} a point" if panel.scale == 1 else f"± {half:.1f} a point",
            transform=axes.transAxes,
            fontsize=7.5,
            color=_MUTED,
        )
    axes.locator_params(axis="x", nbins=5, integer=True)
    axes.tick_params(length=0)


def _legend(axes: Axes, title: str, colours: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=2, label=name[:34])
        for name, colour in colours.items()
    ]
    axes.legend(
        handles=handles,
        title=title,
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=1,
        fontsize=8,
        title_fontsize=9,
        alignment="left",
        borderaxespad=0,
        handlelength=1.4,
    )


def _notes(found: Dynamics, rows: Sequence[Row]) -> list[str]:
    counts = [row.n for row in rows if row.metric == "accuracy" and row.n]
    lines = [_seeds_note(found.seeds)]
    if counts:
        least, most = min(counts), max(counts)
        span = f"{least}" if least == most else f"{least} to {most}"
        lines.append(
            f"A point is over {span} questions; ±: half its 95 % interval over questions, median."
        )
    benchmark = rows[0].benchmark
    of_this = {key: value for key, value in found.findings.items() if key[1] == benchmark}
    fallen, others = verdicts(Dynamics((), of_this, found.reference))
    said = [f"Collapsed: {line}" for line in fallen] + [f"Thoughts of {line}" for line in others]
    return [part for line in [*lines, *said] for part in wrap(line, 120)]


def _seeds_note(seeds: Sequence[int]) -> str:
    if len(seeds) < 2:
        return "One seed: another seed of the same recipe may do something else."
    named = ", ".join(map(str, seeds))
    return f"Thin: each of {len(seeds)} seeds ({named}); thick: their mean, where all have a value."


@contextmanager
def _figure(size: tuple[float, float]) -> Generator[Figure]:
    """Give a figure under settings that are the same on every machine.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtra("report", "drawing curves", "matplotlib") from error
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update({**_SETTINGS, "svg.hashsalt": "unswayed"})
        yield Figure(figsize=size, layout="constrained")


def _save(figure: Figure, path: Path) -> list[Path]:
    made: list[Path] = []
    kinds: dict[str, dict[str, Any]] = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 150}}
    for kind, options in kinds.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, **options)
        target = path.with_name(f"{path.name}.{kind}")
        write_bytes(target, buffer.getvalue())
        made.append(target)
    return made


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:60]
