"""Evaluations inside somebody else's training by verl, by the callback that verl has for saves.

    python -m verl.trainer.main_ppo … \
      trainer.checkpoint_callback_class=unswayed.training.verl.evaluator.CheckpointEvaluator \
      +trainer.unswayed.recipe=watch.toml

Each checkpoint that verl saves is put together, evaluated in a process of its own under all
variants, and its figures go into verl's own tracking:

    CHECKPOINTS/evaluations/step-N/         the run folder
    CHECKPOINTS/evaluations/step-N.log      what the evaluation printed
    CHECKPOINTS/evaluations/weights/step-N  the weights; they go when they were evaluated
"""

# verl is not installed beside the other engine, so what comes from it is of unknown type here.
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from pydantic import Field, ValidationError
from verl.trainer.ppo.checkpoint_callback import CheckpointCallback

from unswayed import registry
from unswayed.config.section import Section
from unswayed.config.validation import explain
from unswayed.errors import ConfigError, StageError, first_line
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import settings
from unswayed.results.loggers import figures
from unswayed.run.folder import RunFolder
from unswayed.training.places import step_folders
from unswayed.training.verl.checkpoints import merge
from unswayed.training.verl.process import cause, started

KEY = "trainer.unswayed"
"""Where the settings stand in verl's configuration."""
PREFIX = "unswayed"
"""What the names of the figures begin with in verl's tracking."""
_BENCHMARKS = ("scenes,n=60",)
_PATH = "{}"


class EvaluatorSettings(Section):
    """What is evaluated, when and where.

    Attributes:
        recipe: TOML file, or the name of a shipped one, as for `unswayed evaluate`; None takes 60
            scenes under the default variants.
        every: steps between two evaluations, a multiple of `trainer.save_freq`; the last step is
            evaluated too. None evaluates what is saved.
        model: spec of the model; `{}` stands for the folder of the weights.
        gpus: what the evaluation sees as CUDA_VISIBLE_DEVICES; None leaves it what verl's driver
            sees, which under Ray is mostly no GPU.
        out: folder of the evaluations; None puts them beside verl's checkpoints.
        timeout_s: seconds that an evaluation may take; the training waits for it.
    """

    recipe: str | None = None
    every: int | None = Field(default=None, ge=1)
    model: str = f"transformers:{_PATH}"
    gpus: str | None = None
    out: str | None = None
    timeout_s: float = Field(default=3600.0, gt=0)


class CheckpointEvaluator(CheckpointCallback):
    """Evaluates the checkpoints of any GRPO or PPO by verl, under all variants.

    Settings are checked when verl makes it, before the first step. An evaluation that fails later
    is reported and does not end the training.
    """

    def __init__(self, config: Any) -> None:
        """Read the settings from verl's configuration.

        Args:
            config: verl's, with `trainer.unswayed`, if anything is to be set (`EvaluatorSettings`).

        Raises:
            UserError: a setting or name is not as it must be, or verl's checkpoints cannot be put
                together.
        """
        super().__init__(config)
        self._settings = _settings(config)
        _check_checkpoints(config, self._settings.every)

    def on_save(
        self,
        trainer: Any,
        global_step: int,
        checkpoint_dir: str,
        async_save: bool = False,
        **_: Any,
    ) -> None:
        """Evaluate the checkpoint that was just saved, where it is due."""
        last = global_step == getattr(trainer, "total_training_steps", None)
        if self._settings.every and global_step % self._settings.every and not last:
            return
        try:
            found = self._figures(Path(checkpoint_dir).absolute(), global_step)
            trainer.logger.log(data=found, step=global_step)
        except Exception as error:  # whatever it is, the training is worth more
            reason = first_line(error)
            print(
                f"unswayed: step {global_step} was not evaluated: {reason}; training goes on",
                flush=True,
            )

    def _figures(self, checkpoint: Path, step: int) -> dict[str, float]:
        own = self._settings.out
        out = Path(own).absolute() if own else checkpoint.parent / "evaluations"
        run, weights = _place(out, step), out / "weights" / f"step-{step}"
        try:
            merge(checkpoint / "actor", weights)
            self._evaluate(weights, run.folder)
        finally:
            shutil.rmtree(weights, ignore_errors=True)
        return figures(run, PREFIX)

    def _evaluate(self, weights: Path, run: Path) -> None:
        """Evaluate weights by the command, in a process that a GPU's memory goes back from.

        Raises:
            StageError: it failed, or took too long.
        """
        chosen, console = self._settings, run.with_name(f"{run.name}.log")
        what = [chosen.recipe] if chosen.recipe else [f"--benchmark={one}" for one in _BENCHMARKS]
        command = [sys.executable, "-m", "unswayed", "evaluate", *what, "--no-report"]
        command += ["--model", _model(chosen, weights), "--out", str(run)]
        gpus = {} if chosen.gpus is None else {"CUDA_VISIBLE_DEVICES": chosen.gpus}
        with started(command, console, Path.cwd(), {**os.environ, **gpus}) as process:
            try:
                status = process.wait(chosen.timeout_s)
            except subprocess.TimeoutExpired as error:
                raise StageError(
                    f"the evaluation took more than {chosen.timeout_s:g} s ({KEY}.timeout_s) and "
                    f"was ended; its output is in {console}"
                ) from error
        if status:
            raise StageError(f"{cause(console)}; the whole output is in {console}")


def _settings(config: Any) -> EvaluatorSettings:
    """Return the settings, every name in them and in their recipe known."""
    given = OmegaConf.select(config, KEY)
    content = {} if given is None else OmegaConf.to_container(given, resolve=True)
    try:
        chosen = EvaluatorSettings.model_validate(content)
    except ValidationError as error:
        raise ConfigError(explain(error, EvaluatorSettings, "setting", KEY)) from error
    if _PATH not in chosen.model:
        raise ConfigError(
            f"expected {_PATH} for the folder of the weights in {KEY}.model, found {chosen.model!r}"
        )
    asked = None if chosen.recipe else _BENCHMARKS
    model = _model(chosen, Path(chosen.out or config.trainer.default_local_dir).absolute())
    registry.load("model", registry.model_spec(model).name)
    Evaluation(settings(chosen.recipe, {"model": model, "benchmarks": asked})).check_names()
    return chosen


def _model(chosen: EvaluatorSettings, weights: Path) -> str:
    return chosen.model.replace(_PATH, str(weights))


def _check_checkpoints(config: Any, every: int | None) -> None:
    """Require checkpoints that verl's merger for FSDP makes a whole model of.

    Raises:
        ConfigError: verl saves none, or others.
    """
    actor = config.actor_rollout_ref.actor
    if config.trainer.save_freq < 1:
        raise ConfigError("expected trainer.save_freq of at least 1, or no checkpoint is saved")
    if every and every % config.trainer.save_freq:
        raise ConfigError(
            f"expected {KEY}.every to be a multiple of trainer.save_freq "
            f"({config.trainer.save_freq}), found {every}"
        )
    if actor.strategy not in ("fsdp", "fsdp2"):
        raise ConfigError(
            f"expected an actor by fsdp or fsdp2 (actor_rollout_ref.actor.strategy), found "
            f"{actor.strategy}; put its checkpoints together and use `unswayed evaluate`"
        )
    model = config.actor_rollout_ref.model
    if model.get("lora_rank", 0) or model.get("lora_adapter_path"):
        raise ConfigError(
            "expected whole weights, found an adapter (actor_rollout_ref.model: lora_rank, "
            "lora_adapter_path), which verl's merger leaves apart; merge it and use "
            "`unswayed evaluate`"
        )
    if "model" not in actor.checkpoint.save_contents or actor.checkpoint.get("async_save", False):
        raise ConfigError(
            "expected checkpoints with the model in them, written when verl says so "
            "(actor_rollout_ref.actor.checkpoint: save_contents with 'model', no async_save)"
        )


def _place(out: Path, step: int) -> RunFolder:
    """Return a new run folder: a training that went back may reach a step with other weights."""
    return RunFolder(next(path for path in step_folders(out, step) if not path.exists()))
