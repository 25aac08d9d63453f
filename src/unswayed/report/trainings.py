"""Trainings among what is reported: their curves, with all seeds, as files and on a page."""

from __future__ import annotations

import base64
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unswayed.errors import ConfigError
from unswayed.figures.canvas import ALL_KINDS
from unswayed.report.text import one_line
from unswayed.run.folder import RunFolder

if TYPE_CHECKING:
    from unswayed.training.track.dynamics import Dynamics

TRAINING_FIGURES = {"training-curves": "curves", "training-rewards": "rewards"}
"""Name of a figure → how the names of its files begin."""


@dataclass(frozen=True)
class NamedTraining:
    """A training under the name of its folder.

    Attributes:
        name: of its folder.
        dynamics: its table and what was found in it.
    """

    name: str
    dynamics: Dynamics

    def rows(self) -> list[dict[str, Any]]:
        """Return its table as records."""
        return [{"training": self.name, **asdict(row)} for row in self.dynamics.rows]


@dataclass(frozen=True)
class CurvePicture:
    """A figure of a training on a page.

    Attributes:
        figure: name of the figure, such as `curves`.
        uri: data URI of an SVG.
        label: what it shows, for people who cannot see it.
    """

    figure: str
    uri: str
    label: str


def split(folders: Sequence[Path]) -> tuple[list[RunFolder], list[NamedTraining]]:
    """Return the runs and the trainings among folders, in the order given.

    Raises:
        ConfigError: no folder is given, or one twice.
        RunError: a folder is no run, or a file of a training cannot be read.
    """
    if not folders:
        raise ConfigError("expected at least one run folder, found none")
    places = Counter(folder.resolve() for folder in folders)
    if twice := [str(place) for place, count in places.items() if count > 1]:
        raise ConfigError(f"expected different folders, found {twice[0]} more than once")
    from unswayed.training.track.comparison import is_training

    trainings = [folder for folder in folders if is_training(folder)]
    runs = [RunFolder.open(folder) for folder in folders if folder not in trainings]
    return runs, _named(trainings)


def curve_files(training: NamedTraining, out: Path, stem: str, wanted: Sequence[str]) -> list[Path]:
    """Draw a training's figures as PDF, SVG and PNG; return the files."""
    from unswayed.training.track.curves import draw

    begins = [begin for name, begin in TRAINING_FIGURES.items() if name in wanted]
    return draw(training.dynamics, out, kinds=ALL_KINDS, prefix=f"training-{stem}-", only=begins)


def pictures(trainings: Sequence[NamedTraining]) -> list[CurvePicture]:
    """Return the figures of trainings for a page, those of one kind side by side."""
    from unswayed.training.track.curves import draw

    shown: list[CurvePicture] = []
    for training in trainings:
        with tempfile.TemporaryDirectory() as folder:
            for path in draw(training.dynamics, Path(folder), kinds=("svg",)):
                data = base64.b64encode(path.read_bytes()).decode("ascii")
                label = f"{training.name}: {path.stem} over the optimiser steps"
                uri = f"data:image/svg+xml;base64,{data}"
                shown.append(CurvePicture(path.stem, uri, label))
    return sorted(shown, key=lambda picture: picture.figure)


def _named(folders: Sequence[Path]) -> list[NamedTraining]:
    from unswayed.training.track.dynamics import dynamics

    names = [one_line(folder.resolve().name, 60) for folder in folders]
    alike = Counter(names)
    return [
        NamedTraining(f"{name} {place}" if alike[name] > 1 else name, dynamics(folder))
        for place, (name, folder) in enumerate(zip(names, folders, strict=True), 1)
    ]
