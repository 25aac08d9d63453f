"""The evaluations of a training's checkpoints on disk: where they lie, and what they were made on.

    DIR/evaluations/step-0/     the checkpoint that training started from
    DIR/evaluations/step-20/    checkpoint-20
    …                           each a run folder, as `unswayed evaluate` makes it

Steps are comparable if everything but the model was the same, and a step is what it says only
while its checkpoint holds the weights that were evaluated: both are checked here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unswayed.errors import RunError
from unswayed.extras import require
from unswayed.pipeline.settings import Settings
from unswayed.results import measured
from unswayed.run.folder import RunFolder
from unswayed.training.folder import Checkpoint, TrainingFolder

EVALUATIONS = "evaluations"
"""Folder of a training's evaluations; other sets of questions have folders of their own."""
_STEP = "step-"
_HOW = ("model", "batch_size")
"""Settings of an evaluation that may differ between steps: who is asked, how many at a time."""


def place(folder: TrainingFolder, step: int, under: str = EVALUATIONS) -> Path:
    """Return the run folder of a step's evaluation.

    Args:
        folder: the training.
        step: optimiser steps taken.
        under: name of the folder of its evaluations.
    """
    return folder.path / under / f"{_STEP}{step}"


def evaluations(folder: TrainingFolder, under: str = EVALUATIONS) -> dict[int, Path]:
    """Return the run folders of the finished evaluations, by step; arguments as in `place`."""
    runs = {
        int(path.name.removeprefix(_STEP)): path
        for path in (folder.path / under).glob(f"{_STEP}*")
        if path.name.removeprefix(_STEP).isdigit() and measured.exists(RunFolder(path))
    }
    return dict(sorted(runs.items()))


def parent(folder: TrainingFolder) -> str | None:
    """Return the hash of the weights that training started from; None of a hub id."""
    return folder.run.description().get("parent", {}).get("sha256")


def rewarding_judge(folder: TrainingFolder) -> str | None:
    """Return the judge that both rewards a training and evaluates it; None if there is none.

    Raises:
        RunError: the folder holds no training of this version, or an evaluation that is no run.
    """
    reward = folder.recipe().reward
    if not reward.needs_judge:
        return None
    evaluating = {asked(run)["judge"] for run in evaluations(folder).values()}
    return reward.judge if reward.judge in evaluating else None


def asked(run: Path) -> dict[str, Any]:
    """Return what an evaluation's figures depend on beside the model.

    Raises:
        RunError: the folder is no run.
    """
    description = RunFolder.open(run).description()
    judge = description.get("measuring", {}).get("judge")
    return _without(description["settings"], judge)


def check_alike(settings: Settings, other: Path) -> None:
    """Require that a step is evaluated as another one was.

    Raises:
        RunError: it is not; the message names the settings that differ.
    """
    known, wanted = asked(other), _without(settings.deciding(), settings.judge)
    if differing := differences(known, wanted, "was", "is"):
        raise RunError(
            f"{other} was evaluated with other settings ({differing}), and steps that differ in "
            f"them cannot be compared; give the options of then, or move {other.parent} away"
        )


def differences(
    known: Mapping[str, Any], wanted: Mapping[str, Any], before: str, after: str
) -> str:
    """Return in words in which settings two evaluations differ; empty if in none."""
    return ", ".join(
        f"{key} {before} {value!r}, {after} {wanted.get(key)!r}"
        for key, value in known.items()
        if value != wanted.get(key)
    )


def check_unchanged(checkpoint: Checkpoint, run: Path) -> None:
    """Require that an evaluated checkpoint is still the same; hashed only if it is younger.

    Raises:
        RunError: it is another one.
    """
    evaluated = (run / measured.FILE).stat().st_mtime
    if all(file.stat().st_mtime <= evaluated for file in weights(checkpoint.path)):
        return
    from unswayed.models.transformers.checkpoint import weights_hash

    known = RunFolder(run).description().get("model", {}).get("sha256")
    if known is not None and known != weights_hash(checkpoint.path):
        raise RunError(
            f"{checkpoint.path} holds other weights now than when {run} was made; move {run} away "
            "to evaluate it again"
        )


def unfinished(checkpoint: Path) -> str:
    """Say what a checkpoint lacks to be loaded; empty if it lacks nothing.

    Raises:
        MissingExtra: safetensors is not installed.
    """
    require("evaluating checkpoints", "transformers", only=("safetensors",))
    from safetensors import SafetensorError, safe_open

    try:
        files = weights(checkpoint)
        for file in files:
            with safe_open(str(file), "np"):
                pass
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        return f"its weights cannot be read yet ({error})"
    if not (checkpoint / "config.json").is_file():
        return "it has no config.json"
    return "" if files else "it has no *.safetensors"


def weights(checkpoint: Path) -> list[Path]:
    """Return the files that a checkpoint's weights lie in, those that its index names."""
    index = checkpoint / "model.safetensors.index.json"
    if index.is_file():
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        return [checkpoint / name for name in sorted(names)]
    return sorted(checkpoint.glob("*.safetensors"))


def _without(settings: Mapping[str, Any], judge: str | None) -> dict[str, Any]:
    return {**{key: value for key, value in settings.items() if key not in _HOW}, "judge": judge}
