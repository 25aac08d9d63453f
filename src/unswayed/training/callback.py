"""Evaluations inside somebody else's training, by a callback of transformers' trainers.

    from unswayed.training import UnswayedCallback

    trainer.add_callback(UnswayedCallback(trainer, benchmarks="scenes,n=60", every=50))

The model that is being trained is asked as it stands, under all variants, and is left as it was
found: weights, modes and random numbers are those of a training without the callback. The figures
go into the trainer's own log, and so to whatever the trainer reports to; each evaluation keeps its
run folder.
"""

# transformers and accelerate are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import Trainer, TrainerCallback

from unswayed import progress
from unswayed.errors import ConfigError, RunError, first_line
from unswayed.models.transformers.live import LiveModel, live
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings, settings
from unswayed.pipeline.stages import evaluate
from unswayed.registry.lending import lent, object_name
from unswayed.results.loggers import figures
from unswayed.run.folder import RunFolder
from unswayed.training.places import step_folders

PREFIX = "eval_unswayed"
"""What the names of the figures begin with; loggers show them below `eval/`."""
_MODEL = object_name("live")


class UnswayedCallback(TrainerCallback):
    """Evaluates the model of a trainer every few steps, under all variants.

    With several processes the first one evaluates and the others wait. An evaluation that fails is
    reported and does not end the training.
    """

    def __init__(
        self,
        trainer: Any,
        *,
        benchmarks: str | Sequence[str] = "scenes,n=60",
        every: int = 100,
        out: str | Path = "runs/watched",
        first: bool = True,
        **keys: Any,
    ) -> None:
        """Choose what is asked, and when.

        Args:
            trainer: what trains: any trainer of TRL's or transformers' whose `processing_class` is
                the processor of a vision-language model.
            benchmarks: what is asked, as in `unswayed evaluate --benchmark`.
            every: optimiser steps between two evaluations; the last step is evaluated too.
            out: folder that each evaluation gets a run folder in, `step-N`.
            first: evaluate before the first step.
            keys: further settings of an evaluation: `variants`, `judge`, `profile`, `texts`,
                `limit`, `batch_size`, `decoding` and the others of `unswayed.evaluate`.

        Raises:
            UserError: a setting or name is not as it must be, the trainer has no processor, or its
                weights are spread over processes.
        """
        if every < 1:
            raise ConfigError(f"expected `every` to be at least 1, found {every}")
        if "model" in keys:
            raise ConfigError("expected no `model`: what is evaluated is the trainer's own")
        _check_trainer(trainer)
        self._trainer, self._every, self._first, self._out = trainer, every, first, Path(out)
        self._settings = _settings(benchmarks, keys)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Evaluate the model before its first step; a training that is resumed goes on."""
        if state.global_step == 0 and state.is_world_process_zero:
            _check_new(self._out)
        if state.global_step == 0 and self._first:
            self._evaluate(state, control)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Evaluate the model where it is due."""
        if state.global_step % self._every == 0 or state.global_step == state.max_steps:
            self._evaluate(state, control)

    def _evaluate(self, state: Any, control: Any) -> None:
        step, found = state.global_step, dict[str, float]()
        if state.is_world_process_zero:
            try:
                found = self._figures(step)
            except Exception as error:  # whatever it is, the training is worth more
                reason = first_line(error)
                progress.say(f"step {step} was not evaluated: {reason}; training goes on")
        self._trainer.accelerator.wait_for_everyone()
        if found:
            due = control.should_log
            # Not the trainer's own `log`: GRPO's would average its figures and clear them.
            Trainer.log(self._trainer, found)
            control.should_log = due  # logging took it back, before the step's own figures

    def _figures(self, step: int) -> dict[str, float]:
        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        with live(model, self._trainer.processing_class, f"step {step}") as now:
            run = _place(self._out, step, now)
            with lent({("model", _MODEL): now}):
                evaluate(self._settings, run.folder, {"callback": type(self._trainer).__name__})
        return figures(run, PREFIX)


def _settings(benchmarks: str | Sequence[str], keys: dict[str, Any]) -> Settings:
    """Return the settings of the evaluations, every name in them known."""
    several = {"benchmarks": benchmarks, "variants": keys.get("variants")}
    listed = {name: [one] if isinstance(one, str) else one for name, one in several.items()}
    chosen = settings(None, {**keys, **listed, "model": _MODEL})
    Evaluation(chosen).check_names()
    return chosen


def _check_trainer(trainer: Any) -> None:
    """Require a whole model, and a processor that can show it pictures."""
    if _is_spread(trainer):
        raise ConfigError(
            "expected a model that is whole on each process, found its weights spread over them "
            "(FSDP, ZeRO-3 or tensor parallel), where one process alone cannot generate; evaluate "
            "the checkpoints with `unswayed evaluate --model transformers:PATH` instead"
        )
    if getattr(getattr(trainer.model, "active_peft_config", None), "is_prompt_learning", False):
        raise ConfigError(
            "expected adapters inside the model, such as LoRA, found a prompt that is learnt "
            "(PEFT), which is not there when the model generates here"
        )
    processor = trainer.processing_class
    if not (hasattr(processor, "tokenizer") and hasattr(processor, "image_processor")):
        raise ConfigError(
            "expected the processor of a vision-language model as the trainer's processing_class, "
            f"found {type(processor).__name__}, which takes no pictures"
        )


def _is_spread(trainer: Any) -> bool:
    """Say whether processes hold parts of the weights: now, or once training has begun."""
    plugin = trainer.accelerator.state.deepspeed_plugin if trainer.is_deepspeed_enabled else None
    if trainer.is_fsdp_enabled or (plugin is not None and plugin.zero_stage == 3):
        return True
    # torch's tensors that are parts of one have a mesh of devices
    return any(hasattr(weight, "device_mesh") for weight in trainer.model.parameters())


def _check_new(out: Path) -> None:
    """Refuse a folder with the evaluations of another training."""
    found = sorted(path.name for path in out.glob("step-*"))
    if found:
        raise RunError(
            f"expected no evaluations in {out} before the first step, found {found[0]} of another "
            "training; name another folder with `out`"
        )


def _place(out: Path, step: int, model: LiveModel) -> RunFolder:
    """Return the run folder of a step: a free one, or one that was begun with these weights."""
    fingerprint = model.provenance()["fingerprint"]
    runs = map(RunFolder, step_folders(out, step))
    return next(run for run in runs if _fits(run, fingerprint))


def _fits(run: RunFolder, fingerprint: str) -> bool:
    if not (run.folder / "run.json").is_file():
        return True
    return run.description().get("model", {}).get("fingerprint") == fingerprint
