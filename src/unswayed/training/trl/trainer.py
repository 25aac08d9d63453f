"""TRL's trainer with what GRPO on one machine needs beside it.

- Completions end with `</answer>`; nothing behind it is in the loss.
- A loss that is not finite ends the run before it reaches a weight.
- A checkpoint is written beside its place and moved there when it is whole, with the parent's own
  processor, and with low-rank adapters merged, so that each of them is a model.
"""

# torch, transformers and trl are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingTypeStubs=false, reportUntypedBaseClass=false
from __future__ import annotations

import atexit
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from accelerate.utils import gather
from safetensors import SafetensorError
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import shutdown_event_loop_in_daemon

from unswayed.errors import StageError
from unswayed.models.transformers.loading import load_model
from unswayed.run.files import write_json
from unswayed.training.folder import SCORER, TrainingFolder
from unswayed.training.parents import copy_processor, files_of
from unswayed.training.reward.reference import Reference
from unswayed.training.reward.scorer import Scorer
from unswayed.training.start import Start
from unswayed.training.stop import STOP_STRING, end_of
from unswayed.training.trl.advantages import StepAdvantages
from unswayed.training.trl.callbacks import Following
from unswayed.training.trl.likelihood import cases_of
from unswayed.training.trl.perception import PerceptionLoss
from unswayed.training.trl.reanswering import SecondAnswers
from unswayed.training.trl.reward import SUPPORT, before
from unswayed.training.trl.sharding import sum_in_float32
from unswayed.training.trl.weights import merged, weights_of

ADAPTER = "adapter"
"""Folder of a checkpoint with its low-rank adapters alone."""


class AnswerTrainer(GRPOTrainer):
    """TRL's trainer with a stop string, finite losses, and checkpoints that are whole."""

    def __init__(
        self,
        folder: TrainingFolder,
        keep: int | None,
        start: Start,
        scorer: Scorer,
        reference: Reference | None = None,
        advantages: StepAdvantages | None = None,
        perception: PerceptionLoss | None = None,
        second: SecondAnswers | None = None,
        **options: Any,
    ) -> None:
        """Make it.

        Args:
            folder: where checkpoints go.
            keep: of how many checkpoints the resumption's files are kept.
            start: the first checkpoint, whose tokenizer and processor files each other one gets.
            scorer: the reward, whose state each checkpoint holds.
            reference: reads the answers, if the reward asks how likely they are.
            advantages: replace TRL's own; None leaves them.
            perception: the loss on masked pictures, if there is one.
            second: asks for second answers, if the reward needs them.
            options: of `GRPOTrainer`.
        """
        self._folder, self._keep, self._start, self._scorer = folder, keep, start, scorer
        self._reference, self._saving = reference, False
        self._advantages, self._perception, self._second = advantages, perception, second
        super().__init__(**options)
        sum_in_float32(self.accelerator)
        self._ends: set[int] = {*self.eos_token_ids, cast(Any, self._tokenizer).pad_token_id}
        if reference is not None:
            reference.model.to(self.accelerator.device)
            self.add_callback(Following(reference, lambda: weights_of(self.model)))

    def _generate_single_turn(self, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        rows, logprobs = super()._generate_single_turn(*args, **options)
        # Rows that stopped at the string are filled up, which TRL takes for sampled tokens.
        decode: Callable[[list[int]], str] = cast(Any, self._tokenizer).decode
        cut = [row[: end_of(row, decode)] for row in rows]
        if logprobs is not None:
            logprobs = [values[: len(row)] for values, row in zip(logprobs, cut, strict=True)]
        self._took("generate", began)
        return cut, logprobs

    def _generate(self, prompts: list[Any]) -> Any:
        result = super()._generate(prompts)
        # TRL knows ends by their token only, and would call every row that stopped at the string
        # cut off.
        figures = self._metrics["train" if cast(Any, self.model).training else "eval"]
        rows: list[list[int]] = result[1]
        open_ended = [row[-1] not in self._ends and not self._stopped(row) for row in rows]
        everyone = gather(torch.tensor(open_ended, device=self.accelerator.device).float())
        figures["completions/clipped_ratio"][-1] = cast(Any, everyone).mean().item()
        for name in ("mean", "min", "max"):
            figures.pop(f"completions/{name}_terminated_length", None)
        return result

    def _stopped(self, row: list[int]) -> bool:
        return STOP_STRING in cast(Any, self._tokenizer).decode(row)

    def _calculate_rewards(
        self,
        inputs: list[dict[str, Any]],
        prompts: list[Any],
        completions: list[Any],
        completion_ids_list: list[list[int]],
    ) -> Any:
        began = time.perf_counter()
        if self._reference is not None:
            size = self.args.per_device_train_batch_size
            rows = [before(row, self._ends) for row in completion_ids_list]
            cases = cases_of(inputs, prompts, rows, self.processing_class)
            likely = self._reference.log_likelihoods(cases, size)
            inputs = [{**row, "likelihood": p} for row, p in zip(inputs, likely, strict=True)]
        if self._second is not None:
            policy = self.accelerator.unwrap_model(self.model)
            decode: Callable[[list[int]], str] = cast(Any, self._tokenizer).decode
            texts = [decode(before(row, self._ends)) for row in completion_ids_list]
            size = self.args.per_device_train_batch_size
            seconds = self._second.of(policy, inputs, texts, size)
            inputs = [{**row, "second": one} for row, one in zip(inputs, seconds, strict=True)]
        # TRL prints every argument of a row that has no reward; the log counts them instead.
        logger = logging.getLogger("trl.trainer.grpo_trainer")
        level, multiplier = logger.level, self._scorer.multiplier.value
        logger.setLevel(logging.ERROR)
        try:
            found = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
            if self._advantages is not None:
                support = self._pending_extra_logs[SUPPORT]
                self._advantages.take(found, support, multiplier)
            return found
        finally:
            logger.setLevel(level)
            self._took("reward", began)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Any:
        scored = super()._generate_and_score_completions(inputs)
        if self._advantages is not None:
            process = self.accelerator.process_index
            scored["advantages"] = self._advantages.own(scored["advantages"], process)
            self._logs["advantages"].extend(self._advantages.all())  # the older ones fall out
            for name, value in self._advantages.figures().items():
                self._metrics["train"][name].append(value)
        return scored

    def _get_per_token_logps_and_entropies(self, *args: Any, **options: Any) -> Any:
        found = super()._get_per_token_logps_and_entropies(*args, **options)
        if self._perception is not None:
            self._perception.saw(args, options, found)
        return found

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        loss = super()._compute_loss(model, inputs)
        if self._perception is None:
            return loss
        again = super()._get_per_token_logps_and_entropies
        parts = self.current_gradient_accumulation_steps
        share = parts / cast(Any, self.args).steps_per_generation / self.accelerator.num_processes
        added = self._perception.added(again, inputs, parts, share)
        self._metrics["train"]["perception/loss"].append(float(added.detach()) * parts)
        return loss + added

    def training_step(self, *args: Any, **options: Any) -> Any:
        """Take one forward and backward pass; a loss that is not finite reaches no weight.

        Raises:
            StageError: the loss is NaN or infinite.
        """
        loss = super().training_step(*args, **options)
        if not torch.isfinite(loss):
            step = int(self.state.global_step) + 1
            raise StageError(
                f"expected a finite loss at step {step}, found {float(loss)}; the checkpoints "
                "before it are whole: lower grpo.learning_rate, or use grpo.dtype = float32"
            )
        return loss

    def kept(self) -> dict[str, Any]:
        """Return what TRL keeps of a step's completions, to be shown where training is watched."""
        return self._logs

    def close(self) -> None:
        """Stop the thread that awaits rewards; TRL would keep it until Python ends."""
        shutdown_event_loop_in_daemon(self.async_loop_thread, self.async_loop)
        self.async_loop.close()
        atexit.unregister(shutdown_event_loop_in_daemon)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write none: `run.json` says more, and needs no network."""

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._folder.saving) if self._saving else super()._get_output_dir(trial)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = int(self.state.global_step)
        self._saving = True
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                self._folder.place(step)
                self._folder.thin(self._keep)
        except (OSError, RuntimeError, SafetensorError) as error:
            shutil.rmtree(self._folder.saving, ignore_errors=True)
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise StageError(
                f"cannot save the checkpoint of step {step} in {self._folder.path}: {reason}; the "
                "checkpoints before it are whole: make room and run the same command again"
            ) from error
        finally:
            self._saving = False

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save the weights as safetensors, and the parent's own processor beside them.

        Adapters are merged, so that every checkpoint is a model; they lie in `adapter/` as well,
        which training goes on from.
        """
        target = Path(output_dir or str(self.args.output_dir))
        adapted = self.args.should_save and hasattr(self.model, "peft_config")
        processor, self.processing_class = self.processing_class, None
        try:
            super()._save(str(target / ADAPTER if adapted else target), state_dict)
        finally:
            self.processing_class = processor
        if adapted:
            base = cast(Any, self.model).get_base_model()
            base.save_pretrained(str(target), state_dict=merged(base))
        if self._reference is not None:
            self._reference.save(target)
        for pickle in target.rglob("training_args.bin"):  # which nobody reads
            pickle.unlink()
        write_json(target / SCORER, self._scorer.state())
        copy_processor(files_of(self._start.path, self._start.hub.get("revision")), target)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        adapter = Path(resume_from_checkpoint) / ADAPTER
        if adapter.is_dir():
            super()._load_from_checkpoint(str(adapter), model)
        elif self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            # transformers' own way compares names in the file with names in the model, which differ
            # for models of pictures and text, and goes on with the weights that are there.
            saved = load_model(resume_from_checkpoint, "float32", None, self._start.hub)
            cast(Any, model or self.model).load_state_dict(saved.state_dict())

    def _took(self, what: str, began: float) -> None:
        mode = "train" if cast(Any, self.model).training else "eval"
        self._metrics[mode][f"seconds/{what}"].append(time.perf_counter() - began)
