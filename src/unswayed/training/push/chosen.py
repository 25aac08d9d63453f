"""The checkpoints that are published, each with what was recorded of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.errors import ConfigError, RunError
from unswayed.run.folder import RunFolder
from unswayed.training.folder import Checkpoint, TrainingFolder, checkpoint_at
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.seeds import folders, siblings, wanted_seeds
from unswayed.training.track.folders import evaluations, unfinished


@dataclass(frozen=True)
class Recorded:
    """A checkpoint, and what its folders say of it.

    Attributes:
        checkpoint: the checkpoint, whole.
        recipe: what was trained on what.
        description: the training's `run.json`.
        evaluation: the run folder of its evaluation; None if there is none.
        seeds: the seeds of the same recipe that were trained beside it, its own among them.
    """

    checkpoint: Checkpoint
    recipe: TrainingRecipe
    description: Mapping[str, Any]
    evaluation: Path | None
    seeds: tuple[int, ...]


def chosen(source: Path) -> dict[str, Recorded]:
    """Return the checkpoints that a path stands for, by what tells their seeds apart.

    Args:
        source: a checkpoint of a training, or a finished training, whose last checkpoint it
            stands for; of several seeds, the last one of each.

    Returns:
        Name of the seed's folder → checkpoint; the name is empty where there is one checkpoint.

    Raises:
        ConfigError: there is no checkpoint of a training, or a training is not finished.
        RunError: a folder holds no training of this version, or a checkpoint changed after it was
            evaluated.
    """
    named = checkpoint_at(source)
    if named is not None:
        return {"": _recorded(TrainingFolder(source.parent), named)}
    if source.name.startswith("checkpoint-"):
        raise ConfigError(
            f"expected a checkpoint that a training wrote at {source}, found none; name one with a "
            "config.json, beside the run.json of its training"
        )
    trainings = folders(source)
    there = {one.path.name for one in trainings}
    if missing := [name for name in wanted_seeds(source) if name not in there]:
        begun = f"{source}: the training of {', '.join(missing)} has not begun"
        raise ConfigError(f"{begun}; {_FINISH}")
    last = [_recorded(one, _last(one)) for one in trainings]
    if len(last) == 1:
        return {"": last[0]}
    return {one.path.name: found for one, found in zip(trainings, last, strict=True)}


_FINISH = "finish it by the command that began it, or name a checkpoint (…/checkpoint-N)"


def _last(folder: TrainingFolder) -> Checkpoint:
    """Return the last checkpoint of a finished training."""
    checkpoints, steps = folder.checkpoints(), folder.recipe().grpo.steps
    if not checkpoints:
        raise ConfigError(f"expected a checkpoint of {folder.path}, found none; {_FINISH}")
    if checkpoints[-1].step < steps:
        raise ConfigError(
            f"expected a finished training in {folder.path}, found step {checkpoints[-1].step} of "
            f"{steps}; {_FINISH}"
        )
    return checkpoints[-1]


def _recorded(folder: TrainingFolder, checkpoint: Checkpoint) -> Recorded:
    if lacking := unfinished(checkpoint.path):
        raise ConfigError(f"{checkpoint.path} is no whole checkpoint: {lacking}")
    recipe, evaluation = folder.recipe(), evaluations(folder).get(checkpoint.step)
    if evaluation is not None:
        _require_evaluated(checkpoint, evaluation)
    seeds = sorted({recipe.seed, *(one.recipe().seed for one in siblings(folder.path))})
    description = folder.run.description()
    return Recorded(checkpoint, recipe, description, evaluation, tuple(seeds))


def _require_evaluated(checkpoint: Checkpoint, evaluation: Path) -> None:
    """Refuse figures of other weights than the checkpoint holds now."""
    from unswayed.models.transformers.checkpoint import weights_hash

    known = RunFolder(evaluation).description().get("model", {}).get("sha256")
    if known is not None and known != weights_hash(checkpoint.path):
        raise RunError(
            f"{checkpoint.path} holds other weights than {evaluation} was made with; move "
            f"{evaluation} away and evaluate it again"
        )
