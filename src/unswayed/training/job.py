"""A training that is asked for, by the command or from Python: its recipe, seeds and folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from unswayed.errors import ConfigError
from unswayed.extras import together
from unswayed.results.loggers import LOGGERS, require_logger
from unswayed.run.files import content_hash
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe, as_written, training_recipe
from unswayed.training.seeds import OnCheckpoint, engine_of, require_engine, train_seeds


@dataclass(frozen=True)
class TrainingJob:
    """A training that is asked for; nothing of it was run yet.

    Attributes:
        recipe: what is trained on what.
        folder: where it goes.
        written: the recipe as the user wrote it, for the record.
        seeds: a sub-folder each; none where the folder is one run that is to be finished.
    """

    recipe: TrainingRecipe
    folder: Path
    written: Mapping[str, Any]
    seeds: tuple[int, ...] = ()

    def require(self, tracked: bool = False) -> None:
        """Require the packages of a training, its logger and, if it is tracked, its curves.

        Raises:
            MissingExtra: some are not installed; all of them are named.
        """
        from unswayed.training.track import dynamics

        checks = [lambda: require_engine(self.recipe), *([dynamics.require] if tracked else [])]
        if (logger := self.recipe.logging) in LOGGERS and self.recipe.engine == "trl":
            checks.append(partial(require_logger, logger))
        together("this training", checks)

    def run(self, tracked: bool = False) -> Iterator[Checkpoint]:
        """Train, and yield each run's last checkpoint; what was stopped goes on.

        Args:
            tracked: evaluate each checkpoint as it is made, and at the end what failed to be.

        Raises:
            UserError: the recipe cannot be trained, or `tracked` and nothing to evaluate.
            StageError: training failed; what was saved is whole.
        """
        self.require(tracked)
        follow = follower(self.recipe) if tracked else None
        request = dict(self.written)
        if self.seeds:
            yield from train_seeds(self.recipe, self.seeds, self.folder, request, follow)
        else:
            on_checkpoint = follow(self.folder) if follow else None
            yield engine_of(self.recipe)(self.recipe, self.folder, request, on_checkpoint)
        if tracked:
            from unswayed.training.track.evaluation import track

            track(self.folder)
            if self.recipe.engine == "verl" and self.recipe.logging in LOGGERS:
                from unswayed.training.watching import report_steps

                report_steps(self.recipe.logging, self.folder)  # verl's own run is in Ray, closed

    def warnings(self) -> list[str]:
        """Return a line for each benchmark that is both trained and evaluated on."""
        from unswayed.training.data import overlaps

        return list(overlaps(self.recipe))


def is_begun(recipe: str | Path) -> bool:
    """Say whether what stands for a recipe is the folder of a training run."""
    return (Path(recipe) / "run.json").is_file()


def begun(folder: Path, beside: Sequence[object] = ()) -> TrainingJob:
    """Return the job that finishes a training run.

    Args:
        folder: its folder.
        beside: what else was asked for, None where nothing was.

    Raises:
        ConfigError: something else was asked for: the run has a recipe of its own.
        RunError: the folder holds no training of this version.
    """
    if any(value is not None for value in beside):
        raise ConfigError(
            f"{folder} is a training run with a recipe of its own, found options beside it; leave "
            "them out to finish it, or name the recipe and another --out"
        )
    return TrainingJob(TrainingFolder(folder).recipe(), folder, {"resumed": True})


def asked(
    recipe: str | Path,
    *,
    overrides: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    seeds: Sequence[int] = (),
    out: Path | None = None,
) -> TrainingJob:
    """Return the job of a recipe.

    Args:
        recipe: TOML file, or the name of a shipped recipe.
        overrides: `grpo.steps=20`, as on the command line.
        options: recipe keys that go over the file's, tables key by key; None values are left out.
        seeds: the seeds; none for the recipe's own.
        out: folder; None for one below `runs/` that is named by what decides the result.

    Raises:
        UnknownName: no shipped recipe has that name.
        ConfigError: the recipe cannot be read, or a key is unknown or of the wrong kind.
    """
    resolved = training_recipe(recipe, overrides, options)
    known = {key: value for key, value in (options or {}).items() if value is not None}
    request = {**as_written(recipe), **known, **({"set": list(overrides)} if overrides else {})}
    folder = out or _default_folder(recipe, resolved)
    return TrainingJob(resolved, folder, request, tuple(seeds) or (resolved.seed,))


def follower(recipe: TrainingRecipe) -> Callable[[Path], OnCheckpoint]:
    """Return what evaluates checkpoints as they are made; refuse now what would fail then.

    Raises:
        MissingExtra: what tables and figures are made with is not installed.
        UserError: the recipe evaluates on nothing, or a name in it is unknown.
    """
    from unswayed.training.track.dynamics import require
    from unswayed.training.track.evaluation import check_evaluation, following

    require()
    check_evaluation(recipe)
    return following


def _default_folder(recipe: str | Path, resolved: TrainingRecipe) -> Path:
    """Name a folder by what decides the result, so that the same request finds its runs again."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", Path(recipe).stem).strip("-")
    deciding = {key: value for key, value in resolved.deciding().items() if key != "seed"}
    return Path("runs") / f"train-{slug}-{content_hash(deciding)[:8]}"
