"""Evaluate the checkpoints of a training: all on the same questions, each once.

    DIR/evaluations/step-0/     the checkpoint that training started from
    DIR/evaluations/step-20/    checkpoint-20
    …                           each a run folder, as `unswayed evaluate` makes it

What is evaluated stands in the recipe's `[evaluation]`. The questions, foils and texts depend on no
training seed, so that the checkpoints of all seeds answer the same. A killed evaluation goes on
where it stopped; a checkpoint that is still being written is not touched. The training itself is
only read, so it may run at the same time.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tqdm import tqdm

from unswayed.errors import ConfigError, MissingExtra, RunError, UnswayedError
from unswayed.evaluate import evaluate
from unswayed.registry import Spec
from unswayed.runs import Run
from unswayed.settings import Settings
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.seeds import PREFIX, folders
from unswayed.training.start import Start, start_of
from unswayed.training.tables import CheckpointEvaluation

EVALUATIONS = "evaluations"
SEEDS = "seeds.json"
"""File of a folder of several seeds that names those that are wanted."""
POLL_S = 10.0
"""Seconds between two looks for new checkpoints."""
_STEP = "step-"

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
    ) -> None:
        """Name what is evaluated; nothing is touched.

        Args:
            folder: the training run.
            change: what to evaluate instead of what the recipe says, if anything.
            model_of: how a checkpoint is run; by default in this process, by transformers.
            beside: other seeds, whose evaluation of the first checkpoint can be shared.
        """
        self.folder, self.beside = folder, tuple(beside)
        self._change, self._model_of = change, model_of
        self._said: set[str] = set()

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
            ConfigError: nothing.
        """
        own = self.recipe.evaluation
        wanted = self._change(own) if self._change else own
        if not wanted.benchmarks:
            raise ConfigError(
                f"the recipe of {self.folder.path} evaluates on nothing: expected benchmarks in "
                "its [evaluation]; name one with --benchmark"
            )
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
        with Run(self.folder.path / EVALUATIONS).writing():
            for checkpoint in self._due():
                self._evaluate(checkpoint)
                done.append(checkpoint.step)
        return done

    @property
    def finished(self) -> bool:
        """Whether training has made its last step and all its checkpoints are evaluated."""
        made = self.folder.checkpoints()
        ended = bool(made) and made[-1].step >= self.recipe.grpo.steps
        return ended and {one.step for one in made} <= evaluations(self.folder).keys()

    def _due(self) -> Iterator[Checkpoint]:
        """Yield what is to be evaluated, the first checkpoint first."""
        done = evaluations(self.folder)
        if 0 not in done and (start := self._first()) is not None:
            yield start
        for checkpoint in self.folder.checkpoints():
            if reason := unfinished(checkpoint.path):
                self._once(f"{checkpoint.path} is left alone for now: {reason}")
            elif checkpoint.step not in done:
                yield checkpoint
            else:
                _check_unchanged(checkpoint, done[checkpoint.step])

    def _first(self) -> Checkpoint | None:
        """Return the checkpoint that training started from, if it is still what it was."""
        head = f"step 0 of {self.folder.path} is left out: "
        if any(said.startswith(head) for said in self._said):
            return None
        try:
            now, was = self.start.provenance()["sha256"], _parent(self.folder)
        except UnswayedError as error:
            return self._once(f"{head}{error}")
        if now != was:
            return self._once(
                f"{head}{self.start.path} holds other weights now than when training began"
            )
        return Checkpoint(0, Path(self.start.path))

    def _evaluate(self, checkpoint: Checkpoint) -> None:
        settings = self._settings(checkpoint)
        for other in evaluations(self.folder).values():
            _check_same(settings, other)
        out = place(self.folder, checkpoint.step)
        if checkpoint.step == 0 and self._copied(settings, out):
            return
        _say(f"evaluating step {checkpoint.step} of {self.folder.path}")
        evaluate(settings, out, {"training": self.folder.path.name, "step": checkpoint.step})

    def _settings(self, checkpoint: Checkpoint) -> Settings:
        """Return the settings of a checkpoint's evaluation; only the model differs by step."""
        if self._model_of:
            model = self._model_of(checkpoint)
        else:
            model = spec_of(self.start, checkpoint, self.recipe.grpo.dtype)
        profile = self.recipe.profile or self.start.profile
        return Settings.model_validate({**dict(self.wanted), "model": model, "profile": profile})

    def _copied(self, settings: Settings, out: Path) -> bool:
        """Copy the evaluation of the first checkpoint from another seed, if one has it."""
        parent = _parent(self.folder)
        for other in self.beside if parent and not out.exists() else ():
            found = evaluations(other).get(0)
            if found is None or _parent(other) != parent:
                continue
            known = Run(found).description()
            if known["settings"] == settings.deciding() and _judge(found) == settings.judge:
                copied = out.with_name(f".copied-{out.name}")
                shutil.rmtree(copied, ignore_errors=True)
                shutil.copytree(found, copied, ignore=shutil.ignore_patterns(".lock", ".holder*"))
                Run(copied).add_to_description("copied_from", other.path.name)
                copied.replace(out)
                return True
        return False

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _say(text)


def track(
    out: Path,
    *,
    change: Change | None = None,
    model_of: ModelOf | None = None,
    watch: bool = False,
    poll_s: float = POLL_S,
    after: Callable[[], None] | None = None,
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
        found = _found(out, watch)
        for one in found:
            others = [other for other in found if other.path != one.path]
            tracker = known.setdefault(one.path, Tracker(one, change, model_of))
            tracker.beside = tuple(others)
        trackers = list(known.values())
        done = [step for tracker in trackers for step in tracker.catch_up()]
        if done and after is not None:
            after()
        if not watch or _ended(out, trackers):
            return
        if not done:
            before, waiting = waiting, _awaited(out, trackers)
            if waiting != before:
                _say(waiting)
            time.sleep(poll_s)


def following(
    path: Path, *, change: Change | None = None, model_of: ModelOf | None = None
) -> Callable[[Checkpoint], None]:
    """Return what evaluates a training's checkpoints in its own process, as they are made.

    An evaluation that fails does not end the training: it is told, and `unswayed track` makes up
    for it.
    """
    tracker = Tracker(TrainingFolder(path), change, model_of)

    def call(checkpoint: Checkpoint) -> None:
        try:
            tracker.catch_up()
        except (UnswayedError, OSError, RuntimeError) as error:  # torch's are RuntimeErrors
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            _say(
                f"step {checkpoint.step} of {path} was not evaluated: {reason}; training goes on, "
                f"to make up for it: unswayed track {path}"
            )

    return call


def place(folder: TrainingFolder, step: int) -> Path:
    """Return the run folder of a step's evaluation."""
    return folder.path / EVALUATIONS / f"{_STEP}{step}"


def evaluations(folder: TrainingFolder) -> dict[int, Path]:
    """Return the run folders of the finished evaluations, by step."""
    found = {
        int(path.name.removeprefix(_STEP)): path
        for path in (folder.path / EVALUATIONS).glob(f"{_STEP}*")
        if path.name.removeprefix(_STEP).isdigit() and (path / "metrics.json").is_file()
    }
    return dict(sorted(found.items()))


def spec_of(start: Start, checkpoint: Checkpoint, dtype: str) -> str:
    """Return the spec of a checkpoint: read like the first one, in the arithmetic of training."""
    options: dict[str, Any] = {"dtype": dtype, **start.pixels}
    if checkpoint.step == 0:
        options |= start.hub
    elif "trust_remote_code" in start.hub:
        options["trust_remote_code"] = start.hub["trust_remote_code"]
    if start.attention:
        options["attention"] = start.attention
    return str(Spec("transformers", str(checkpoint.path), options))


def unfinished(checkpoint: Path) -> str:
    """Say what a checkpoint lacks to be loaded; empty if it lacks nothing."""
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError as error:
        raise MissingExtra("transformers", "evaluating checkpoints", "safetensors") from error
    try:
        files = _weights(checkpoint)
        for file in files:
            with safe_open(str(file), "np"):
                pass
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        return f"its weights cannot be read yet ({error})"
    if not (checkpoint / "config.json").is_file():
        return "it has no config.json"
    return "" if files else "it has no *.safetensors"


def _weights(checkpoint: Path) -> list[Path]:
    index = checkpoint / "model.safetensors.index.json"
    if index.is_file():
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        return [checkpoint / name for name in sorted(names)]
    return sorted(checkpoint.glob("*.safetensors"))


def evaluated_on(run: Path) -> dict[str, Any]:
    """Return what an evaluation's figures depend on beside the model."""
    settings = Run(run).description()["settings"]
    return {**{k: v for k, v in settings.items() if k != "model"}, "judge": _judge(run)}


def _judge(run: Path) -> str | None:
    return Run(run).description().get("measuring", {}).get("judge")


def _parent(folder: TrainingFolder) -> str | None:
    """Return the hash of the weights that training started from."""
    return folder.run.description().get("parent", {}).get("sha256")


def _check_same(settings: Settings, other: Path) -> None:
    """Require that the steps of a training are evaluated alike."""
    known = evaluated_on(other)
    wanted = {**settings.deciding(), "judge": settings.judge}
    differing = [key for key in known if known[key] != wanted.get(key)]
    if differing:
        shown = ", ".join(f"{key} was {known[key]!r}, is {wanted.get(key)!r}" for key in differing)
        raise RunError(
            f"{other} was evaluated with other settings ({shown}), and steps that differ in them "
            f"cannot be compared; give the options of then, or move {other.parent} away"
        )


def _check_unchanged(checkpoint: Checkpoint, run: Path) -> None:
    """Require that an evaluated checkpoint is still the same; hashed only if it is younger."""
    evaluated = (run / "metrics.json").stat().st_mtime
    if all(file.stat().st_mtime <= evaluated for file in _weights(checkpoint.path)):
        return
    from unswayed.models.transformers import weights_hash

    known = Run(run).description().get("model", {}).get("sha256")
    if known is not None and known != weights_hash(checkpoint.path):
        raise RunError(
            f"{checkpoint.path} holds other weights now than when {run} was made; move {run} away "
            "to evaluate it again"
        )


def _found(out: Path, watch: bool) -> list[TrainingFolder]:
    try:
        return folders(out)
    except ConfigError:
        if not watch:
            raise
        return []


def _wanted_seeds(out: Path) -> list[str]:
    """Return the names of the folders that a training of several seeds will have made."""
    path = out / SEEDS
    if not path.is_file():
        return []
    return [f"{PREFIX}{seed}" for seed in json.loads(path.read_text("utf-8"))["seeds"]]


def _ended(out: Path, trackers: Sequence[Tracker]) -> bool:
    there = {tracker.folder.path.name for tracker in trackers}
    all_there = there >= set(_wanted_seeds(out))
    return bool(trackers) and all_there and all(tracker.finished for tracker in trackers)


def _awaited(out: Path, trackers: Sequence[Tracker]) -> str:
    """Say what is waited for."""
    names = {tracker.folder.path.name for tracker in trackers}
    parts = [name for name in _wanted_seeds(out) if name not in names]
    for tracker in trackers:
        if not tracker.finished:
            made, last = tracker.folder.checkpoints(), tracker.recipe.grpo.steps
            parts.append(f"{tracker.folder.path.name} ({made[-1].step if made else 0}/{last})")
    return f"waiting for training in {out}: {', '.join(parts) or 'nothing there yet'}"


def _say(text: str) -> None:
    """Talk to the user, on stderr, between the progress bars."""
    tqdm.write(f"unswayed: {text}", file=sys.stderr)
