"""The folder of one training run: provenance, log, checkpoints, resume.

    run.json         the recipe, the first checkpoint's hash, versions, machine
    log.jsonl        one line an optimiser step, appended; see `log`
    checkpoint-N/    weights, processor and what a resumption needs, after N steps
    completions/     what the model wrote in each step, with its rewards, as Parquet
    tensorboard/     the same curves for TensorBoard
    images/          the prompts' pictures, each once
    failures.jsonl   rows of the data that could not be used

A checkpoint is written beside its place and moved there when it is whole, so that a folder named
`checkpoint-N` can always be loaded. Nothing here needs torch.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.errors import RunError, StageError
from unswayed.run.folder import RunFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.types import Failure

OPTIMISER = "optimizer.pt"
_OPTIMISERS = (OPTIMISER, "optimizer.bin", "latest")
"""What says that the optimiser's state is there: a whole file, FSDP's, DeepSpeed's."""
SCORER = "scorer.json"
"""File of a checkpoint with what the reward has learnt, such as a multiplier."""
RESUMPTION = (
    *_OPTIMISERS,
    *("scheduler.pt", "scaler.pt", "rng_state*.pth", "reference/*"),
    *(
        "pytorch_model_fsdp*",
        "global_step*/*",
    ),  # weights, for FSDP and DeepSpeed
)
"""Files of a checkpoint that only a resumption needs."""
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint.

    Attributes:
        step: optimiser steps before it.
        path: its folder.
    """

    step: int
    path: Path

    @property
    def resumable(self) -> bool:
        """Whether training can go on from it."""
        return any((self.path / name).is_file() for name in _OPTIMISERS)


def checkpoint_at(path: Path) -> Checkpoint | None:
    """Return the checkpoint of a training that lies at a path; None if none does."""
    match = _NAME.fullmatch(path.name)
    whole = (path / "config.json").is_file() and (path.parent / "run.json").is_file()
    return Checkpoint(int(match[1]), path) if match and whole else None


OnCheckpoint = Callable[[Checkpoint], None]
"""What is called with each checkpoint once it is whole."""


class TrainingFolder:
    """One training run on disk. Reading needs no lock; `writing` takes it."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is touched."""
        self.path = path
        self.run = RunFolder(path)

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the folder's lock, and clear what a killed process left half written.

        Raises:
            RunError: another process is writing.
        """
        with self.run.writing():
            shutil.rmtree(self.saving, ignore_errors=True)
            repair(self.path / "log.jsonl")
            yield

    @property
    def saving(self) -> Path:
        """Where a checkpoint is written before it is moved to its place."""
        return self.path / ".saving"

    def begin(
        self, recipe: TrainingRecipe, parent: Mapping[str, Any], written: dict[str, Any]
    ) -> None:
        """Write `run.json`, or check that the folder was begun with the same recipe and weights.

        Raises:
            RunError: it was begun with others.
        """
        settings = recipe.deciding()
        self.run.start(settings, written, recipe.seed)
        known = self.run.description().get("parent")
        if known is not None and known.get("sha256") != parent.get("sha256"):
            raise RunError(
                f"{self.path} was begun with other weights of {parent.get('path')} (their hash "
                "changed); put them back, or use another --out"
            )
        self.run.add_to_description("parent", dict(parent))
        self.run.add_to_description("watching", recipe.watching())

    def recipe(self) -> TrainingRecipe:
        """Return the recipe that the folder was begun with.

        Raises:
            RunError: the folder holds none of this version.
        """
        description = RunFolder.open(self.path).description()
        try:
            return TrainingRecipe.model_validate(
                {**description["settings"], **description.get("watching", {})}
            )
        except ValueError as error:
            raise RunError(
                f"{self.path / 'run.json'} holds no training recipe of this version; expected the "
                "folder of one training run"
            ) from error

    def note(self, failures: Sequence[Failure]) -> None:
        """Record the rows that could not be used, once."""
        known = self.run.failures.repair()
        self.run.failures.append(failures[known:])

    def checkpoints(self) -> list[Checkpoint]:
        """Return the checkpoints by step."""
        checkpoints = (
            Checkpoint(int(match[1]), path)
            for path in self.path.glob("checkpoint-*")
            if (match := _NAME.fullmatch(path.name)) and (path / "config.json").is_file()
        )
        return sorted(checkpoints, key=lambda checkpoint: checkpoint.step)

    def newest(self) -> Checkpoint | None:
        """Return the checkpoint that training goes on from, if there is one.

        Raises:
            RunError: there are checkpoints, but the newest cannot be gone on from.
        """
        checkpoints = self.checkpoints()
        if checkpoints and not checkpoints[-1].resumable:
            raise RunError(
                f"{checkpoints[-1].path} has no {OPTIMISER}, so training cannot go on from it; "
                "remove the checkpoint to go on from the one before, or use another --out"
            )
        return checkpoints[-1] if checkpoints else None

    def place(self, step: int) -> Path:
        """Move a whole checkpoint from `saving` to its place and return it."""
        source, place = self.saving / f"checkpoint-{step}", self.path / f"checkpoint-{step}"
        for file in source.rglob("*"):
            if file.is_file():
                with file.open("rb") as data:
                    os.fsync(data.fileno())
        source.replace(place)
        self.saving.rmdir()
        return place

    def thin(self, keep: int | None) -> None:
        """Take from all but the newest checkpoints what only a resumption needs."""
        for checkpoint in self.checkpoints()[:-keep] if keep else []:
            for pattern in RESUMPTION:
                for file in checkpoint.path.glob(pattern):
                    file.unlink(missing_ok=True)

    def append(self, line: Mapping[str, Any]) -> None:
        """Append a line to the log; NaN and infinity, which JSON does not have, become null.

        Raises:
            StageError: it cannot be written.
        """
        plain = {key: _finite(value) for key, value in line.items()}
        data = (json.dumps({**plain, "time": round(time.time(), 3)}) + "\n").encode()
        try:
            with (self.path / "log.jsonl").open("ab", buffering=0) as file:
                file.write(data)
        except OSError as error:
            raise StageError(
                f"cannot write {self.path / 'log.jsonl'}: {error.strerror}; make room and run the "
                "same command again"
            ) from error

    def log(self) -> list[dict[str, Any]]:
        """Return one line per optimiser step, in order.

        Where training was stopped behind its last checkpoint, steps were done again: the later
        line counts.
        """
        lines: dict[int, dict[str, Any]] = {}
        for line in _lines(self.path / "log.jsonl"):
            if "resumed" in line:
                lines = {step: entry for step, entry in lines.items() if step <= line["resumed"]}
            else:
                lines[line["step"]] = line
        return list(lines.values())


def repair(path: Path) -> None:
    """Cut a torn last line off."""
    if path.exists():
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(path, whole)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError as error:
                raise RunError(
                    f"{path} line {number} is no JSON: the file was changed; put it back"
                ) from error


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
