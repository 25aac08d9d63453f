"""What happens around TRL's optimiser steps: the log, progress, curves, finished checkpoints."""

# transformers is typed in part, so what comes from it is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback

from unswayed import progress
from unswayed.results.loggers import TRAINING_STEP, LoggerName, send
from unswayed.training.folder import Checkpoint, OnCheckpoint, TrainingFolder
from unswayed.training.reward.reference import Reference
from unswayed.training.trl.samples import send_completions

_SUMMARY = "train_runtime"
"""Key of the summary at the end, which belongs to no step."""


class StepLog(TrainerCallback):
    """Appends a line to `log.jsonl` after every optimiser step."""

    def __init__(self, folder: TrainingFolder, done: int) -> None:
        """Name the folder; mark in the log that training goes on behind `done` steps."""
        self._folder, self._began = folder, 0.0
        if done or folder.log():
            folder.append({"resumed": done})

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock: data, generation, reward and update all lie in a step."""
        self._began = time.perf_counter()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Write the step's figures."""
        if logs and _SUMMARY not in logs and state.is_world_process_zero:
            self._folder.append({"step": state.global_step, **logs})


class StepBar(TrainerCallback):
    """A bar on stderr with rate and remaining time; a log gets fewer lines."""

    def __init__(self, label: str) -> None:
        """Name the run."""
        self._label, self._bar = label, None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Open the bar where training goes on."""
        if state.is_world_process_zero:
            self._bar: tqdm[Any] | None = progress.bar(
                self._label, state.max_steps, done=state.global_step, unit="step"
            )

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Show the mean reward, and advance."""
        reward = (logs or {}).get("reward")
        if self._bar is not None and reward is not None and _SUMMARY not in (logs or {}):
            self._bar.set_postfix_str(f"reward {reward:.3f}", refresh=False)
            self._bar.update(state.global_step - self._bar.n)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


class Watching(TrainerCallback):
    """Sends the curves and some completions of each step to a logger; none of its errors ends it.

    transformers' own callbacks let errors through, and know no project of the recipe's.
    """

    def __init__(
        self, name: LoggerName, begin: Callable[[], None], kept: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Say where to, how its run is opened, and where TRL keeps a step's completions."""
        self._name: LoggerName = name
        self._begin, self._kept = begin, kept

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Open the run."""
        self._begin()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Send the step."""
        if logs and _SUMMARY not in logs:
            known = {f"train/{key}": value for key, value in logs.items() if value is not None}
            send(self._name, {**known, TRAINING_STEP: state.global_step})
            send_completions(self._name, self._kept(), state.global_step)


class Following(TrainerCallback):
    """Moves a reference towards the policy every few optimiser steps."""

    def __init__(self, reference: Reference, policy: Callable[[], Mapping[str, Any]]) -> None:
        """Say what follows, and how to read the policy's weights."""
        self._reference, self._policy = reference, policy

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Follow, if it is time."""
        if state.global_step % self._reference.settings.ema_every == 0:
            self._reference.follow(self._policy())


class Finished(TrainerCallback):
    """Hands each checkpoint on once it is in its place."""

    def __init__(self, folder: TrainingFolder, call: OnCheckpoint) -> None:
        """Say whom to call."""
        self._folder, self._call = folder, call

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Call with the checkpoint of this step."""
        if state.is_world_process_zero:
            step = state.global_step
            self._call(Checkpoint(step, self._folder.path / f"checkpoint-{step}"))
