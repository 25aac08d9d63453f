"""Figures and tables for a paper: every chart as PDF, SVG and PNG, with its table and its data.

    DIR/accuracy.pdf .svg .png     the figure; with several panels accuracy-<benchmark>.pdf …
    DIR/accuracy.tex .md           its table
    DIR/accuracy.csv               the records behind both, with all their digits
    DIR/figures.json               what was made of which figures, and what was left out and why

No model is called. The same runs give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import unswayed
from unswayed import extras
from unswayed.errors import ConfigError, UnknownName
from unswayed.figures.canvas import ALL_KINDS, save
from unswayed.report.charts import CHARTS
from unswayed.report.charts.chart import Chart
from unswayed.report.charts.differences import DIFFERENCES, difference_charts
from unswayed.report.drawing import drawn
from unswayed.report.grids import grid
from unswayed.report.markup import csv_text, latex, markdown
from unswayed.report.media import Medium, column
from unswayed.report.named import named_runs
from unswayed.report.runs import compared
from unswayed.report.trainings import TRAINING_FIGURES, NamedTraining, curve_files, split
from unswayed.results.measured import document
from unswayed.run.files import content_hash, writable, write_bytes, write_json
from unswayed.run.folder import RunFolder

MANIFEST = "figures.json"
WIDTH = 3.3
"""Inches: a column of most papers."""
SUMMARIES = {
    "accuracy": "accuracy by variant, with chance",
    "consistency": "consistency of thought and answer by variant",
    "quadrants": "right and wrong answers, consistent and inconsistent",
    "sway": "answers moved to the foil by variant",
    "change": "accuracy under each variant less that in base, paired",
    "contrasts": "accuracy under one variant less that under another, paired",
    "taxonomy": "what becomes of right answers: steadfast, stubborn, confused, brittle",
    "acknowledged": "thoughts that say that text and picture disagree",
    "letter-entropy": "entropy of the letter distribution by variant",
    "p-correct": "probability of the right letter by variant",
    "auroc": "AUROC of P(correct) and of −H in base for answers that stay right",
    "reliability": "reliability diagram of the likeliest letter",
    "risk-coverage": "error rate among the answers with the highest confidence",
    "judge-agreement": "strict agreement and κ of a panel of judges",
    "categories": "accuracy by the benchmark's own categories",
    "positions": "how often each letter is answered, and is right",
    "difference-accuracy": "of several runs: accuracy less that of the first, paired",
    "difference-consistency": "of several runs: consistency less that of the first, paired",
    "difference-sway": "of several runs: sway less that of the first, paired",
    "difference-entropy": "of several runs: entropy less that of the first, paired",
    "difference-contrasts": "of several runs: contrasts less those of the first, paired",
    "training-curves": "of a training: every checkpoint's figures over the steps, all seeds",
    "training-rewards": "of a training: the reward and its parts over the steps, all seeds",
}
"""Name of every figure → what it shows."""


@dataclass(frozen=True)
class Exhibits:
    """What was written.

    Attributes:
        files: in the order in which they were written.
        left_out: lines that say what was not, and why.
    """

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


def write_figures(
    folders: Sequence[Path],
    out: Path,
    *,
    only: Sequence[str] = (),
    width: float = WIDTH,
    allow_differing: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> Exhibits:
    """Write the figures and tables of runs and trainings into a folder.

    Args:
        folders: run folders that were measured, and folders of trainings.
        out: where to write; files of the same names are replaced.
        only: names of figures; empty for all that there are numbers for.
        width: of a figure, in inches.
        allow_differing: compare runs that were not shown the same questions, too.
        progress: called with the name of each figure before it is drawn.

    Raises:
        UnknownName: there is no figure of a name.
        ConfigError: there is nothing to draw, or the width is out of range.
        RunError: a run was not measured, or its files are damaged.
        MissingExtra: the extra `[report]` is not installed.
        StageError: a file cannot be written.
    """
    extras.require("drawing figures", "report", only=("matplotlib",))
    for name in only:
        if name not in SUMMARIES:
            raise UnknownName("figure", name, list(SUMMARIES), "unswayed list figures")
    if not 1.5 <= width <= 20:
        raise ConfigError(f"expected a width of 1.5 to 20 inches, found {width:g}")
    runs, trainings = split(folders)
    wanted = list(only) or list(SUMMARIES)
    made, left_out = _charts(runs, wanted, allow_differing)
    writer = _Writer(out, column(width))
    for chart in made:
        progress(chart.name)
        writer.add(chart)
    for training in trainings if any(name in wanted for name in TRAINING_FIGURES) else ():
        progress(training.name)
        writer.add_training(training, wanted)
    if not writer.files:
        reasons = "; ".join([*left_out, *writer.left_out]) or "there are no numbers for them"
        what = ", ".join(only) or "these folders"
        raise ConfigError(f"expected something to draw of {what}, found nothing: {reasons}")
    lines = (*left_out, *writer.left_out)
    writer.finish(runs, lines)
    return Exhibits(tuple(writer.files), lines)


def _charts(
    folders: Sequence[RunFolder], wanted: Sequence[str], allow_differing: bool
) -> tuple[list[Chart], list[str]]:
    if not folders:
        return [], []
    runs = named_runs(folders)
    made = [CHARTS[name](runs) for name in CHARTS if name in wanted]
    left_out: list[str] = []
    if len(runs) > 1 and any(name in wanted for name in DIFFERENCES):
        found = compared(folders, [run.name for run in runs], allow_differing)
        left_out += found.refused
        further = [(place, name, one.differences) for place, name, one in found.comparisons]
        charts = difference_charts(runs[0].name, further)
        made += [chart for chart in charts if chart.name in wanted]
    return made, left_out


class _Writer:
    """Writes charts into a folder and keeps the list of what was written."""

    def __init__(self, out: Path, medium: Medium) -> None:
        self.files: list[Path] = []
        self.left_out: list[str] = []
        self._out, self._medium = out, medium
        self._entries: dict[str, Any] = {}

    def add(self, chart: Chart) -> None:
        """Write a chart's panels, its table and its data; nothing of one without numbers."""
        self.left_out += [f"{chart.name}: {reason}" for reason in chart.left_out]
        if not chart.data:
            return
        before = len(self.files)
        for stem, plot in zip(_stems(chart), chart.panels.values(), strict=True):
            with drawn(plot, self._medium, salt=stem) as figure:
                self.files += save(figure, self._out / stem, ALL_KINDS)
        table = grid(chart)
        if table is not None:
            self._write(f"{chart.name}.tex", latex(table, chart.name))
            self._write(f"{chart.name}.md", markdown(table))
        rows = [{"run": one.run, **one.values} for one in chart.data]
        self._write(f"{chart.name}.csv", csv_text(rows))
        self._entries[chart.name] = {
            "title": chart.title,
            "caption": chart.caption,
            "files": [path.name for path in self.files[before:]],
            "left_out": list(chart.left_out),
        }

    def add_training(self, training: NamedTraining, wanted: Sequence[str]) -> None:
        """Write the curves of a training, and the table behind them."""
        stem = slug(training.name)
        written = curve_files(training, self._out, stem, wanted)
        data = f"training-{stem}.csv"
        self.files += written
        self._write(data, csv_text(training.rows()))
        self._entries[f"training-{stem}"] = {
            "title": f"Training {training.name}",
            "caption": "Every checkpoint and every step, all seeds.",
            "files": [*(path.name for path in written), data],
            "left_out": [],
        }

    def finish(self, runs: Sequence[RunFolder], left_out: Sequence[str]) -> None:
        """Write what was made of which figures."""
        contents = {
            "schema_version": 1,
            "unswayed": unswayed.__version__,
            "metrics": [content_hash(document(run)) for run in runs],
            "figures": self._entries,
            "left_out": list(left_out),
        }
        write_json(self._out / MANIFEST, contents)
        self.files.append(self._out / MANIFEST)

    def _write(self, name: str, text: str) -> None:
        write_bytes(self._out / name, writable(text).encode())
        self.files.append(self._out / name)


def slug(name: str) -> str:
    """Return a name as part of a file's name: letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", name, flags=re.ASCII).strip("-.")[:60] or "unnamed"


def _stems(chart: Chart) -> list[str]:
    """Return a file's name for each panel, no two alike."""
    if len(chart.panels) == 1:
        return [chart.name]
    stems: list[str] = []
    for panel in chart.panels:
        stem = f"{chart.name}-{slug(panel)}"
        stems.append(f"{stem}-{len(stems) + 1}" if stem in stems else stem)
    return stems
