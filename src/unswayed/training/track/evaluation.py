"""Evaluate the checkpoints of a training: all on the same questions, each once.

What is evaluated stands in the recipe's `[evaluation]`. The questions, foils and texts depend on no
training seed, so that the checkpoints of all seeds answer the same. A killed evaluation goes on
where it stopped; a checkpoint that is still being written is not touched. The training itself is
only read, so it may run at the same time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from time import sleep
from typing import Any

from unswayed import progress
from unswayed.errors import ConfigError, UnswayedError, first_line
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.registry import Spec
from unswayed.results import measured
from unswayed.results.loggers import LOGGERS
from unswayed.run.folder import RunFolder
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.seeds import folders, siblings, wanted_seeds
from unswayed.training.start import Start, start_of
from unswayed.training.track.folders import (
    EVALUATIONS,
    asked,
    check_alike,
    check_unchanged,
    differences,
    evaluations,
    parent,
    place,
    unfinished,
)
from unswayed.training.track.settings import CheckpointEvaluation
from unswayed.training.watching import send_steps

CHECKPOINT_POLL_S = 10.0
"""Seconds between two looks for new checkpoints."""
_NOTHING = "the recipe evaluates on nothing; expected benchmarks in its [evaluation]"

ModelOf = Callable[[Checkpoint], str]
"""Returns the model spec that a checkpoint is evaluated as."""
Change = Callable[[CheckpointEvaluation], CheckpointEvaluation]


class Tracker:
    """The evaluations of one training run."""

    def __init__(
        self,
        folder: TrainingFolder,
        change: Change | None = None,
        model_of: ModelOf | None = None,
        beside: Sequence[TrainingFolder] = (),
        *,
        under: str = EVALUATIONS,
        ends: bool = False,
        first: Path | None = None,
    ) -> None:
        """Name what is evaluated; nothing is touched.

        Args:
            folder: the training run.
            change: what to evaluate instead of what the recipe says, if anything.
            model_of: how a checkpoint is run; by default in this process, by transformers.
            beside: other seeds, whose evaluation of the first checkpoint can be shared.
            under: folder of the evaluations: each set of questions has one of its own.
            ends: evaluate the first and the last checkpoint alone.
            first: evaluation of the first checkpoint that was made elsewhere, to be shared.
        """
        self.folder, self.beside = folder, tuple(beside)
        self._change, self._model_of = change, model_of
        self._under, self._ends, self._elsewhere = under, ends, first
        self._waited: set[Path] = set()

    @cached_property
    def recipe(self) -> TrainingRecipe:
        """The recipe that is trained."""
        return self.folder.recipe()

    @cached_property
    def start(self) -> Start:
        """The checkpoint that training started from."""
        return start_of(self.recipe.model)

    @cached_property
    def wanted(self) -> CheckpointEvaluation:
        """What each checkpoint is evaluated on.

        Raises:
            ConfigError: it is nothing.
        """
        own = self.recipe.evaluation
        wanted = self._change(own) if self._change else own
        if not wanted.benchmarks:
            raise ConfigError(f"{self.folder.path}: {_NOTHING}; name one with --benchmark")
        return wanted

    def catch_up(self) -> list[int]:
        """Evaluate every whole checkpoint that is not evaluated yet; return their steps.

        Raises:
            RunError: another process evaluates, the checkpoints before were evaluated on other
                questions, or a checkpoint changed after it was evaluated.
            UserError: something that the recipe names is not there.
            StageError: an evaluation failed.
        """
        done: list[int] = []
        _ = self.wanted
        with RunFolder(self.folder.path / self._under).writing():
            for checkpoint in self._due():
                self._evaluate(checkpoint)
                done.append(checkpoint.step)
        return done

    @property
    def finished(self) -> bool:
        """Whether training has made its last step and all its checkpoints are evaluated."""
        checkpoints = self.folder.checkpoints()
        ended = bool(checkpoints) and checkpoints[-1].step >= self.recipe.grpo.steps
        return ended and {one.step for one in self._wanted_steps()} <= self._done().keys()

    def _done(self) -> dict[int, Path]:
        return evaluations(self.folder, self._under)

    def _wanted_steps(self) -> list[Checkpoint]:
        checkpoints = self.folder.checkpoints()
        last = self.recipe.grpo.steps
        return [one for one in checkpoints if not self._ends or one.step >= last]

    def _due(self) -> Iterator[Checkpoint]:
        """Yield what is to be evaluated, the first checkpoint first."""
        done = self._done()
        if 0 not in done and self._first is not None:
            yield self._first
        for checkpoint in self._wanted_steps():
            if checkpoint.step in done:
                check_unchanged(checkpoint, done[checkpoint.step])
            elif reason := unfinished(checkpoint.path):
                self._wait(checkpoint.path, reason)
            else:
                yield checkpoint

    @cached_property
    def _first(self) -> Checkpoint | None:
        """The checkpoint that training started from, if it is still what it was."""
        try:
            same = self.start.provenance()["sha256"] == parent(self.folder)
            reason = "" if same else f"{self.start.path} holds other weights now"
        except UnswayedError as error:
            reason = str(error)
        if reason:
            progress.say(f"step 0 of {self.folder.path} is left out: {reason}")
            return None
        return Checkpoint(0, Path(self.start.path))

    def _wait(self, checkpoint: Path, reason: str) -> None:
        if checkpoint not in self._waited:
            self._waited.add(checkpoint)
            progress.say(f"{checkpoint} is left alone for now: {reason}")

    def _evaluate(self, checkpoint: Checkpoint) -> None:
        settings = self._settings(checkpoint)
        for other in self._done().values():
            check_alike(settings, other)
        out = place(self.folder, checkpoint.step, self._under)
        if checkpoint.step == 0 and self._shared(settings, out):
            return
        progress.say(f"evaluating step {checkpoint.step} of {self.folder.path}")
        evaluate(settings, out, {"training": self.folder.path.name, "step": checkpoint.step})

    def _settings(self, checkpoint: Checkpoint) -> Settings:
        """Return the settings of a checkpoint's evaluation; only the model differs by step."""
        if self._model_of:
            model = self._model_of(checkpoint)
        else:
            model = spec_of(self.start, checkpoint, self.recipe.grpo.dtype)
        return settings_for(self.wanted, model, self.recipe, self.start)

    def _shared(self, settings: Settings, out: Path) -> bool:
        """Copy the evaluation of the first checkpoint from elsewhere, if it was made there."""
        for name, evaluation in self._elsewhere_made() if not out.exists() else ():
            wanted = {**settings.deciding(), "judge": settings.judge}
            model = RunFolder(evaluation).description()["settings"]["model"]
            if model == settings.model and not differences(asked(evaluation), wanted, "", ""):
                _copy(evaluation, out, name)
                return True
        return False

    def _elsewhere_made(self) -> Iterator[tuple[str, Path]]:
        """Yield other evaluations of the weights that training started from, and whose they are."""
        own = parent(self.folder)
        if own and self._elsewhere is not None and measured.exists(RunFolder(self._elsewhere)):
            model = RunFolder(self._elsewhere).description().get("model", {})
            if model.get("sha256") == own:
                yield self._elsewhere.parent.parent.name, self._elsewhere
        for other in self.beside if own else ():
            evaluation = evaluations(other, self._under).get(0)
            if evaluation is not None and parent(other) == own:
                yield other.path.name, evaluation


def settings_for(
    wanted: CheckpointEvaluation, model: str, recipe: TrainingRecipe, start: Start
) -> Settings:
    """Return the settings of a checkpoint's evaluation.

    Args:
        wanted: what it is evaluated on.
        model: its spec.
        recipe: what is trained.
        start: the checkpoint that training starts from.
    """
    profile = recipe.profile or start.profile
    return Settings.model_validate({**dict(wanted), "model": model, "profile": profile})


def _copy(evaluation: Path, out: Path, name: str) -> None:
    """Copy a finished evaluation; its files are never written again, so a link does as well."""
    copied = out.with_name(f".copied-{out.name}")
    shutil.rmtree(copied, ignore_errors=True)
    skipped = shutil.ignore_patterns(".lock", ".holder*")
    shutil.copytree(evaluation, copied, ignore=skipped, copy_function=_link)
    RunFolder(copied).add_to_description("copied_from", name)
    copied.replace(out)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def check_evaluation(recipe: TrainingRecipe) -> None:
    """Resolve what a recipe evaluates its checkpoints on, before training begins.

    Raises:
        UserError: it is nothing, or a name is unknown.
    """
    if not recipe.evaluation.benchmarks:
        raise ConfigError(f"{_NOTHING}, or leave --track out")
    start = start_of(recipe.model)
    settings = {**dict(recipe.evaluation), "model": start.spec, "profile": recipe.profile}
    work = Evaluation(Settings.model_validate(settings))
    _ = work.benchmarks, work.compositions, work.judge


def track(
    out: Path,
    *,
    change: Change | None = None,
    model_of: ModelOf | None = None,
    watch: bool = False,
    poll_s: float = CHECKPOINT_POLL_S,
    after: Callable[[], Any] | None = None,
) -> None:
    """Evaluate the checkpoints of a training, of each of its seeds.

    Args:
        out: folder of a training run, or with the folders of its seeds in it.
        change: what to evaluate instead of what the recipe says, if anything.
        model_of: how a checkpoint is run; by default in this process, by transformers.
        watch: go on until training has ended.
        poll_s: seconds between two looks.
        after: called whenever checkpoints were evaluated.

    Raises:
        ConfigError: there is no training in the folder.
        UnswayedError: see `Tracker.catch_up`.
    """
    waiting, known = "", dict[Path, Tracker]()
    while True:
        trainings = _trainings(out, watch)
        for one in trainings:
            tracker = known.setdefault(one.path, Tracker(one, change, model_of))
            tracker.beside = tuple(other for other in trainings if other.path != one.path)
        trackers = list(known.values())
        done = [step for tracker in trackers for step in tracker.catch_up()]
        if done and after is not None:
            after()
        if not watch or _ended(out, trackers):
            return
        if not done:
            before, waiting = waiting, _awaited(out, trackers)
            if waiting != before:
                progress.say(waiting)
            sleep(poll_s)


def following(path: Path) -> Callable[[Checkpoint], None]:
    """Return what evaluates a training's checkpoints in its own process, as they are made.

    An evaluation that fails does not end the training: that is reported, and `unswayed track` makes
    up for it. The training's random numbers are as if nothing had been evaluated.
    """
    tracker = Tracker(TrainingFolder(path))

    def call(checkpoint: Checkpoint) -> None:
        import torch

        tracker.beside = tuple(siblings(path))
        try:
            with torch.random.fork_rng():  # pyright: ignore[reportUnknownMemberType]
                done = tracker.catch_up()
            if tracker.recipe.logging in LOGGERS:
                send_steps(tracker.recipe.logging, tracker.folder, done)
        except (UnswayedError, OSError, RuntimeError) as error:  # torch's are RuntimeErrors
            reason = first_line(error)
            progress.say(
                f"step {checkpoint.step} of {path} was not evaluated: {reason}; training goes on, "
                f"to make up for it: unswayed track {path}"
            )

    return call


def spec_of(start: Start, checkpoint: Checkpoint, dtype: str) -> str:
    """Return the spec of a checkpoint: read like the first one, in the arithmetic of training."""
    options: dict[str, Any] = {"dtype": dtype, **start.pixels}
    path = str(checkpoint.path.resolve()) if checkpoint.step else start.path  # perhaps a hub id
    if checkpoint.step == 0:
        options |= start.hub
    elif "trust_remote_code" in start.hub:
        options["trust_remote_code"] = start.hub["trust_remote_code"]
    if start.attention:
        options["attention"] = start.attention
    return str(Spec("transformers", path, options))


def _trainings(out: Path, watch: bool) -> list[TrainingFolder]:
    try:
        return folders(out)
    except ConfigError:
        if not watch:
            raise
        return []


def _ended(out: Path, trackers: Sequence[Tracker]) -> bool:
    there = {tracker.folder.path.name for tracker in trackers}
    all_there = there >= set(wanted_seeds(out))
    return bool(trackers) and all_there and all(tracker.finished for tracker in trackers)


def _awaited(out: Path, trackers: Sequence[Tracker]) -> str:
    """Say what is waited for."""
    names = {tracker.folder.path.name for tracker in trackers}
    parts = [name for name in wanted_seeds(out) if name not in names]
    for tracker in trackers:
        if not tracker.finished:
            checkpoints, last = tracker.folder.checkpoints(), tracker.recipe.grpo.steps
            parts.append(
                f"{tracker.folder.path.name} ({checkpoints[-1].step if checkpoints else 0}/{last})"
            )
    return f"waiting for training in {out}: {', '.join(parts) or 'nothing there yet'}"
