"""A training where its owner watches experiments: names of its runs, its evaluated checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from unswayed.results import loggers
from unswayed.results.loggers import STEP, LoggerName
from unswayed.run.folder import RunFolder
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.seeds import PREFIX, folders
from unswayed.training.track.folders import evaluations, place

_EVALUATIONS = "-evaluations"
"""What a run with nothing but evaluations is called behind its training's name."""


def run_name(recipe: TrainingRecipe, path: Path) -> str:
    """Return what the run of a training is called: as the recipe or the folder is, and the seed.

    Args:
        recipe: what is trained.
        path: its folder, `OUT/seed-N` or any other.
    """
    path = path.absolute()
    if path.name.startswith(PREFIX):
        return f"{recipe.run_name or path.parent.name}-{path.name}"
    return recipe.run_name or path.name


def begin(name: LoggerName, recipe: TrainingRecipe, path: Path, resumed: bool) -> None:
    """Open the run of a training; its settings are the recipe's."""
    settings = recipe.model_dump(mode="json")
    loggers.begin(name, run_name(recipe, path), settings, recipe.project, resumed)


def send_steps(name: LoggerName, folder: TrainingFolder, steps: Iterable[int]) -> None:
    """Send the figures of evaluated checkpoints to the run that is open.

    Raises:
        RunError: a step was not evaluated.
    """
    for step in steps:
        figures = loggers.figures(RunFolder(place(folder, step)))
        loggers.send(name, {STEP: step, **figures})


def report_steps(name: LoggerName, out: Path) -> None:
    """Send the figures of every evaluated checkpoint, to a run of its own for each training.

    Args:
        name: where to.
        out: folder of a training run, or with the folders of its seeds in it.

    Raises:
        ConfigError: there is no training in the folder.
        RunError: a folder holds no training of this version.
    """
    for folder in folders(out):
        recipe, steps = folder.recipe(), evaluations(folder)
        settings = recipe.evaluation.model_dump(mode="json")
        loggers.begin(name, run_name(recipe, folder.path) + _EVALUATIONS, settings, recipe.project)
        send_steps(name, folder, steps)
        loggers.finish(name)
