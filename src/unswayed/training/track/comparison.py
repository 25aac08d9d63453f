"""Compare recipes: two trainings at the same step, with the variance across their seeds.

The step is the last one that every seed of both was evaluated at. Choosing the best one instead,
on the questions that it is then judged by, would flatter both sides; another step can be asked for.
What was rewarded is not compared: recipes that reward different things have different scales.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

from unswayed.errors import ConfigError, RunError
from unswayed.training.folder import TrainingFolder
from unswayed.training.seeds import PREFIX, folders
from unswayed.training.track.change import common_steps, values_at
from unswayed.training.track.contrasts import FEW, Contrast, contrast
from unswayed.training.track.dynamics import Dynamics, dynamics
from unswayed.training.track.folders import asked, differences, evaluations, parent
from unswayed.training.track.instability import Steadiness, steadiness


@dataclass(frozen=True)
class Comparison:
    """Two trainings at one step.

    Attributes:
        step: optimiser steps taken.
        seeds: of the first and of the second training.
        level: confidence level of the intervals.
        rows: the differences, second minus first.
        notes: what a reader must know of them.
        steadiness: how unsteady both are, up to the last step that both have made.
    """

    step: int
    seeds: tuple[tuple[int, ...], tuple[int, ...]]
    level: float
    rows: tuple[Contrast, ...]
    notes: tuple[str, ...]
    steadiness: Steadiness


def is_training(path: Path) -> bool:
    """Say whether a folder holds a training, or the seeds of one, rather than an evaluation."""
    file = path / "run.json"
    if not file.is_file():
        return any(one.is_file() for one in path.glob(f"{PREFIX}*/run.json"))
    try:
        return "grpo" in json.loads(file.read_text("utf-8")).get("settings", {})
    except (OSError, ValueError, AttributeError):
        return False


def are_trainings(folders: Sequence[Path], step: int | None = None) -> bool:
    """Say whether all of several folders are trainings, and none is one.

    Args:
        folders: what is to be compared.
        step: the step asked for, which only trainings have.

    Raises:
        ConfigError: fewer than two folders, one twice, trainings and runs together, or a step for
            runs.
    """
    if len(folders) < 2:
        raise ConfigError(f"expected at least two run folders to compare, found {len(folders)}")
    places = [folder.resolve() for folder in folders]
    twice = [one for one, place in zip(folders, places, strict=True) if places.count(place) > 1]
    if twice:
        raise ConfigError(f"expected different runs to compare, found {twice[0]} more than once")
    trainings = [folder for folder in folders if is_training(folder)]
    if trainings and len(trainings) < len(folders):
        raise ConfigError(
            f"{trainings[0]} is a training and others are not; compare trainings with trainings, "
            "or the runs below their evaluations/ with runs"
        )
    if step is not None and not trainings:
        raise ConfigError(
            "a step is for trainings, found runs of `unswayed evaluate`; leave it out"
        )
    return bool(trainings)


def compare_several(
    folders: Sequence[Path], *, step: int | None = None, level: float = 0.95
) -> dict[Path, Comparison]:
    """Return, for each further training, its differences from the first; see `compare_trainings`.

    Args:
        folders: at least two trainings.
        step: step to compare at; None for the last that every seed of both has.
        level: confidence level of the intervals, in (0, 1).

    Raises:
        UserError: see `compare_trainings`.
    """
    first, *others = folders
    return {one: compare_trainings(first, one, step=step, level=level) for one in others}


def compare_trainings(
    a: Path, b: Path, *, step: int | None = None, level: float = 0.95
) -> Comparison:
    """Return the differences between two trainings, second minus first.

    Args:
        a: folder of a training, or with the folders of its seeds in it.
        b: another one, evaluated on the same questions.
        step: step to compare at; None for the last that every seed of both has.
        level: confidence level of the intervals, in (0, 1).

    Raises:
        ConfigError: there is no training, no common step, or not the one asked for.
        RunError: they were evaluated on different questions.
    """
    first, second = dynamics(a), dynamics(b)
    at = _step(a, b, common_steps([first, second]), step)
    _check_same_questions(a, b, at)
    before, after = values_at(first, at), values_at(second, at)
    rows = tuple(
        Contrast(
            *key,
            fmean(before[key].values()),
            fmean(after[key].values()),
            contrast(before[key], after[key], level),
        )
        for key in before
        if key in after
    )
    seeds = (tuple(first.evaluated), tuple(second.evaluated))
    notes = tuple(_notes(a, b, at, (first, second), rows, level))
    return Comparison(at, seeds, level, rows, notes, steadiness(first, second))


def _step(a: Path, b: Path, common: list[int], wanted: int | None) -> int:
    if not common:
        raise ConfigError(
            f"expected a step that every seed of {a} and {b} was evaluated at, found none; run: "
            f"unswayed track {a}, and the same for {b}"
        )
    if wanted is not None and wanted not in common:
        shown = ", ".join(map(str, common))
        raise ConfigError(
            f"expected --step as one that every seed of both was evaluated at ({shown}), found "
            f"{wanted}"
        )
    return common[-1] if wanted is None else wanted


def _check_same_questions(a: Path, b: Path, step: int) -> None:
    """Require the same evaluation; variants that only one side has are left out later."""
    one, *others = (folder for folder in chain(folders(a), folders(b)) if evaluations(folder))
    known = _questions(one, step)
    for other in others:
        if differing := differences(known, _questions(other, step), "is", "and"):
            raise RunError(
                f"{one.path} and {other.path} were evaluated with other settings ({differing}), so "
                "that their figures cannot be compared; evaluate one of them again as the other"
            )


def _questions(folder: TrainingFolder, step: int) -> dict[str, object]:
    settings = asked(evaluations(folder)[step])
    return {key: value for key, value in settings.items() if key != "variants"}


def _notes(
    a: Path,
    b: Path,
    step: int,
    both: tuple[Dynamics, Dynamics],
    rows: tuple[Contrast, ...],
    level: float,
) -> Iterator[str]:
    one, other = (set(training.evaluated) for training in both)
    yield _seeds_note(one, other)
    last = max(max(steps) for training in both for steps in training.evaluated.values())
    if last > step:
        yield f"some seeds were evaluated later than step {step}, up to {last}"
    if without := [str(one.path) for one in (*folders(a), *folders(b)) if not evaluations(one)]:
        yield f"left out, because they are not evaluated: {', '.join(without)}"
    if _origins(a) != _origins(b):
        yield "the trainings started from different weights, which is part of every difference"
    intervals = sum(row.spread.low is not None for row in rows)
    if intervals > 1:
        chance = intervals * (1 - level)
        yield (
            f"of {intervals} intervals, about {chance:.0f} would leave 0 out by chance alone, if "
            "they were independent"
        )


def _origins(path: Path) -> set[str]:
    return {parent(folder) or folder.recipe().model for folder in folders(path)}


def _seeds_note(one: set[int], other: set[int]) -> str:
    fewer = min(len(one), len(other))
    how = (
        f"{fewer} seeds on each side, compared seed by seed"
        if one == other
        else f"{len(one)} and {len(other)} seeds, which are not the same: compared as independent"
    )
    if fewer == 1:
        return "one seed: it says nothing of the recipes; train with --seeds 1,2,3 or more"
    if fewer < FEW:
        return f"{how}; {fewer} are too few to tell, as the width of the intervals shows"
    return f"{how}; intervals are over seeds, on the same questions"
