"""GRPO on one machine, by TRL: our prompts, rewards, stop criterion and checkpoints around it.

TRL's `GRPOTrainer` samples, scores, and takes the steps of DeepSeekMath (Shao et al., arXiv
2402.03300, section 4.1). `docs/training.md` says which of its settings stands for which of their
symbols. What differs from its defaults, and why:

- `loss_type="grpo"` (its default is DAPO's), the KL weight, the clipping and the scaling of the
  advantages are always set, from the recipe;
- prompts keep the order of the recipe's draw;
- completions end with `</answer>`, and nothing behind it is in the loss;
- the reward is ONE function, because several would be summed before the consistency is known;
- a checkpoint is written beside its place and then moved, with the processor of its parent.
"""

# torch, transformers, datasets and trl are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingTypeStubs=false, reportUntypedBaseClass=false
from __future__ import annotations

import atexit
import json
import logging
import math
import os
import shutil
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset, Image, List
from safetensors import SafetensorError
from transformers import PrinterCallback
from transformers.utils.hub import cached_file
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import shutdown_event_loop_in_daemon

from unswayed import prompts
from unswayed.errors import ConfigError, DataError, MissingExtra, StageError
from unswayed.models.processors import load_processor
from unswayed.models.transformers import load_model, placeholders
from unswayed.runs import write_json
from unswayed.training.callbacks import Finished, OnCheckpoint, Progress, StepLog
from unswayed.training.data import TrainingPrompt, training_prompts
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import GRPO, TrainingRecipe
from unswayed.training.rewards import TERMS, RewardParts, words
from unswayed.training.scorer import Scorer
from unswayed.training.start import Start, start_of
from unswayed.training.template import leave_open
from unswayed.types import Variant

STOP = "</answer>"
SCORER = "scorer.json"
"""File of a checkpoint with what the reward has learnt, such as a multiplier."""
_PACKAGES = ("trl", "accelerate", "transformers", "torch", "datasets", "peft")
_WEIGHTS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*.bin",
    "*.pt",
    "*.pth",
    "*.onnx",
    "*.gguf",
)
_NOT_COPIED = (*_WEIGHTS, "config.json", "trainer_state.json", "card.json", "*.jsonl", "*.md")

ADAPTER = "adapter"
"""Folder of a checkpoint with its low-rank adapters alone."""

Reward = Callable[..., Any]


def train(
    recipe: TrainingRecipe,
    out: Path,
    written: dict[str, Any] | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> Checkpoint:
    """Train, or go on where the folder's newest checkpoint stands; return the last checkpoint.

    Args:
        recipe: what to train on what.
        out: folder of the run.
        written: the recipe as the user wrote it, for the record.
        on_checkpoint: called with each checkpoint once it is whole.

    Raises:
        UserError: the recipe, the data, the model or its chat template cannot be used, or the
            folder was begun with others.
        StageError: a reward or the loss is not finite, or a checkpoint could not be saved.
    """
    start, folder = start_of(recipe.model), TrainingFolder(out)
    state = PartialState()
    with folder.writing() if state.is_main_process else nullcontext():
        if state.is_main_process:
            folder.begin(recipe, start.provenance(), written or {})
        state.wait_for_everyone()
        newest = folder.newest()
        if newest is None or newest.step < recipe.grpo.steps:
            trainer = trainer_of(recipe, start, folder, newest, on_checkpoint)
            try:
                trainer.train(resume_from_checkpoint=str(newest.path) if newest else None)
            finally:
                trainer.close()
            newest = folder.newest()
    if newest is None:
        raise StageError(f"training ended without a checkpoint in {out}")
    return newest


def trainer_of(
    recipe: TrainingRecipe,
    start: Start,
    folder: TrainingFolder,
    newest: Checkpoint | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> Trainer:
    """Return TRL's trainer, ready to run: everything that can be checked has been checked."""
    config = trl_config(recipe, folder.path)
    processor = load_processor(start.path, **start.hub, **start.pixels)
    processor.tokenizer.padding_side = "left"
    own = leave_open(processor)
    profile = prompts.profile(recipe.profile or start.profile)
    with PartialState().main_process_first():
        made = training_prompts(recipe, profile, folder.path)
    dataset = dataset_of(made, recipe.grpo.prompts_per_step)
    scorer = scorer_of(recipe, _opens_thought(own, processor), newest)
    model = load_model(start.path, "float32", start.attention, start.hub)
    model.generate = partial(model.generate, tokenizer=processor.tokenizer)
    config.generation_kwargs = generation_options(recipe.grpo, model.config)
    trainer = Trainer(
        folder,
        recipe.checkpoints.keep,
        processor_folder(start),
        scorer,
        model=model,
        args=config,
        train_dataset=dataset,
        processing_class=processor,
        reward_funcs=reward_function(scorer, processor.tokenizer, _ends(model, processor)),
        peft_config=_adapters(recipe.grpo),
    )
    if trainer.is_world_process_zero():
        folder.note(made.failures)
        folder.run.add_to_description("engine", _engine(trainer))
        _watch(trainer, recipe, folder, newest.step if newest else 0, on_checkpoint)
    return trainer


def trl_config(recipe: TrainingRecipe, out: Path) -> GRPOConfig:
    """Return TRL's settings for a recipe.

    Raises:
        ConfigError: the completions of a step cannot be split as asked, or the logger is missing.
    """
    grpo = recipe.grpo
    size, accumulation = split(grpo, PartialState().num_processes)
    warmed = grpo.schedule == "constant" and grpo.warmup > 0
    return GRPOConfig(
        output_dir=str(out),
        # the objective
        loss_type=grpo.loss_type,
        beta=grpo.beta,
        epsilon=grpo.epsilon,
        epsilon_high=grpo.epsilon_high,
        scale_rewards=grpo.scale_rewards,
        num_generations=grpo.group_size,
        num_iterations=grpo.iterations,
        importance_sampling_level="token",
        mask_truncated_completions=False,
        disable_dropout=True,
        # sampling
        temperature=grpo.temperature,
        top_p=grpo.top_p,
        top_k=0,
        repetition_penalty=1.0,
        max_completion_length=grpo.max_new_tokens,
        use_vllm=grpo.vllm != "off",
        vllm_mode="colocate" if grpo.vllm == "off" else grpo.vllm,
        # the optimiser
        optim="adamw_torch",
        learning_rate=grpo.learning_rate,
        lr_scheduler_type="constant_with_warmup" if warmed else grpo.schedule,
        warmup_steps=grpo.warmup,
        weight_decay=grpo.weight_decay,
        max_grad_norm=grpo.max_grad_norm,
        max_steps=grpo.steps,
        per_device_train_batch_size=size,
        gradient_accumulation_steps=accumulation,
        gradient_checkpointing=grpo.gradient_checkpointing,
        bf16=grpo.dtype == "bfloat16",
        # the data
        shuffle_dataset=False,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=recipe.seed,
        data_seed=recipe.seed,
        # what is written
        save_strategy="steps",
        save_steps=recipe.checkpoints.every,
        logging_steps=1,
        log_completions=True,
        num_completions_to_print=0,
        disable_tqdm=True,
        report_to=_report_to(recipe),
    )


def scorer_of(
    recipe: TrainingRecipe, opens_thought: bool, newest: Checkpoint | None = None
) -> Scorer:
    """Return the reward, as the newest checkpoint left it.

    Raises:
        ConfigError: the reward needs what this engine does not give it.
        RunError: the checkpoint's state cannot be read.
    """
    reward, processes = recipe.reward, PartialState().num_processes
    if reward.likelihood_consistency is not None:
        raise ConfigError(
            "reward.likelihood_consistency needs a reference that follows the policy, which the "
            "engine 'trl' does not keep; leave the table out"
        )
    _check_groups(recipe, processes)
    gather = gather_object if processes > 1 else None
    scorer = Scorer(reward, opens_thought=opens_thought, gather=gather)
    if newest is not None and (newest.path / SCORER).is_file():
        scorer.restore(json.loads((newest.path / SCORER).read_text("utf-8")))
    return scorer


def _check_groups(recipe: TrainingRecipe, processes: int) -> None:
    """Require that a reward that looks at groups finds them whole on one process."""
    pairs = 1 if recipe.reward.paired_invariance is None else 2
    looks = recipe.reward.guards is not None or pairs == 2
    if looks and recipe.grpo.prompts_per_step % (pairs * processes):
        raise ConfigError(
            f"expected grpo.prompts_per_step to be a multiple of {pairs * processes}, so that the "
            f"completions that this reward compares lie on one of {processes} processes; found "
            f"{recipe.grpo.prompts_per_step}"
        )


def split(grpo: GRPO, processes: int) -> tuple[int, int]:
    """Return completions per process and forward pass, and forward passes per step.

    Raises:
        ConfigError: they do not come out even.
    """
    total = grpo.prompts_per_step * grpo.group_size
    size = grpo.batch_size or total // processes
    if size * processes > total or total % (size * processes):
        raise ConfigError(
            f"expected the {total} completions of a step (grpo.prompts_per_step × "
            f"grpo.group_size) to be a multiple of {size} × {processes} (grpo.batch_size × "
            "processes); change one of them"
        )
    return size, total // (size * processes)


def dataset_of(made: Sequence[TrainingPrompt], least: int) -> Dataset:
    """Return the prompts as TRL takes them, with the variant beside each for the reward.

    Args:
        made: the prompts.
        least: prompts of a step.

    Raises:
        DataError: there are fewer.
    """
    if len(made) < least:
        raise DataError(
            f"expected prompts for at least one step ({least}), found {len(made)}; raise `prompts` "
            "in the recipe, or give it more data"
        )
    rows = [
        {
            "prompt": messages(prompt),
            "images": [str(file) for file in prompt.images],
            "variant": prompt.variant.model_dump_json(),
        }
        for prompt in made
    ]
    data = Dataset.from_list(rows)
    if not any(row["images"] for row in rows):
        return data.remove_columns("images")
    return data.cast_column("images", List(Image()))


def messages(prompt: TrainingPrompt) -> list[dict[str, str]]:
    """Return a prompt as a chat; a prefill is a trailing assistant message, to be left open."""
    turns = (
        ("system", prompt.system),
        ("user", prompt.user),
        ("assistant", prompt.variant.prefill),
    )
    return [{"role": role, "content": text} for role, text in turns if text or role == "user"]


def reward_function(scorer: Scorer, tokenizer: Any, ends: set[int]) -> Reward:
    """Return the reward as TRL calls it: one function, asynchronous, None where it is unknown.

    Args:
        scorer: the reward.
        tokenizer: of the policy.
        ends: ids that end a completion; they are no part of its text.
    """

    async def reward(
        completion_ids: list[list[int]],
        variant: list[str],
        log_metric: Callable[[str, float], None],
        log_extra: Callable[[str, list[Any]], None],
        **_: Any,
    ) -> list[float | None]:
        texts = [tokenizer.decode(_before(row, ends)) for row in completion_ids]
        shown = [Variant.model_validate_json(text) for text in variant]
        parts = await scorer.ascore(shown, texts)
        totals = [part.total for part in parts]
        _check_totals(totals, shown)
        for name, value in means(parts, texts).items():
            log_metric(name, value)
        log_extra("variant", [one.name for one in shown])
        log_extra("sample", [one.sample.id for one in shown])
        log_extra("text", texts)
        for name in ("format", "correct", "answer", "consistent"):
            log_extra(name, [getattr(part, name) for part in parts])
        return totals

    return reward


def means(parts: Sequence[RewardParts], texts: Sequence[str]) -> dict[str, float]:
    """Return what the log says of a batch's rewards: means of the parts that are known."""
    found = {
        "parts/format": [part.format for part in parts],
        "parts/correct": [part.correct for part in parts],
        "parts/unscored": [float(part.total is None) for part in parts],
        "completions/words": [float(len(words(text))) for text in texts],
        "completions/stopped": [float(STOP in text) for text in texts],
        "parts/consistent": [float(p.consistent) for p in parts if p.consistent is not None],
    }
    for term in TERMS:
        found[f"parts/{term}"] = [
            value for part in parts if (value := getattr(part, term)) is not None
        ]
    shown = {name: values for name, values in found.items() if any(values) or name[:6] != "parts/"}
    always = ("parts/format", "parts/correct", "parts/unscored")
    shown |= {name: found[name] for name in always}
    return {name: math.fsum(values) / len(values) for name, values in shown.items() if values}


def generation_options(grpo: GRPO, config: Any) -> dict[str, Any]:
    """Return how sampling ends, and which ids cannot be written."""
    if grpo.vllm != "off":
        return {"stop": [STOP], "include_stop_str_in_output": True}
    # The ids that stand for pictures would ask for pictures that are not there.
    return {"stop_strings": [STOP], "suppress_tokens": placeholders(config), "use_cache": True}


def processor_folder(start: Start) -> Path:
    """Return the folder that the parent's tokenizer and processor files lie in."""
    if Path(start.path).is_dir():
        return Path(start.path)
    found = cached_file(start.path, "config.json", revision=start.hub.get("revision"))
    if found is None:
        raise StageError(f"expected the files of {start.path} in the hub's cache, found none")
    return Path(found).parent


class Trainer(GRPOTrainer):
    """TRL's trainer with a stop string, finite losses, and checkpoints that are whole."""

    def __init__(
        self,
        folder: TrainingFolder,
        keep: int | None,
        processor: Path,
        scorer: Scorer,
        **options: Any,
    ) -> None:
        """Make it.

        Args:
            folder: where checkpoints go.
            keep: of how many checkpoints the resumption's files are kept.
            processor: folder whose tokenizer and processor files each checkpoint gets.
            scorer: the reward, whose state each checkpoint holds.
            options: of `GRPOTrainer`.
        """
        self._folder, self._keep, self._parts, self._scorer = folder, keep, processor, scorer
        self._saving = False
        super().__init__(**options)
        self._ends: set[int] = {*self.eos_token_ids, cast(Any, self._tokenizer).pad_token_id}

    def _generate_single_turn(self, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        rows, logprobs = super()._generate_single_turn(*args, **options)
        # Rows that stopped at the string are filled up, which TRL takes for sampled tokens.
        decode: Callable[[list[int]], str] = cast(Any, self._tokenizer).decode
        cut = [row[: end_of(row, decode)] for row in rows]
        if logprobs is not None:
            logprobs = [found[: len(row)] for found, row in zip(logprobs, cut, strict=True)]
        self._took("generate", began)
        return cut, logprobs

    def _generate(self, prompts: list[Any]) -> Any:
        made = super()._generate(prompts)
        # TRL knows ends by their token only, and would call every row that stopped at the string
        # cut off.
        figures = self._metrics["train" if cast(Any, self.model).training else "eval"]
        rows: list[list[int]] = made[1]
        figures["completions/clipped_ratio"][-1] = sum(
            row[-1] not in self._ends and not self._stopped(row) for row in rows
        ) / len(rows)
        for name in ("mean", "min", "max"):
            figures.pop(f"completions/{name}_terminated_length", None)
        return made

    def _stopped(self, row: list[int]) -> bool:
        return STOP in cast(Any, self._tokenizer).decode(row)

    def _calculate_rewards(self, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        # TRL prints every argument of a row that has no reward; the log counts them instead.
        logger = logging.getLogger("trl.trainer.grpo_trainer")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            return super()._calculate_rewards(*args, **options)
        finally:
            logger.setLevel(level)
            self._took("reward", began)

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
        for pickle in target.rglob("training_args.bin"):  # which nobody reads
            pickle.unlink()
        write_json(target / SCORER, self._scorer.state())
        for file in sorted(self._parts.iterdir()):
            if file.is_file() and not any(file.match(pattern) for pattern in _NOT_COPIED):
                shutil.copyfile(file, target / file.name)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        adapter = Path(resume_from_checkpoint) / ADAPTER
        super()._load_from_checkpoint(
            str(adapter) if adapter.is_dir() else resume_from_checkpoint, model
        )

    def _took(self, what: str, began: float) -> None:
        mode = "train" if cast(Any, self.model).training else "eval"
        self._metrics[mode][f"seconds/{what}"].append(time.perf_counter() - began)


def merged(base: Any) -> dict[str, Any]:
    """Return a model's weights with its low-rank adapters added in; the model stays as it is."""
    weights = {name: value for name, value in base.state_dict().items() if ".lora_" not in name}
    adapted = {name: part for name, part in base.named_modules() if hasattr(part, "lora_A")}
    for name, part in adapted.items():
        delta = sum(part.get_delta_weight(adapter) for adapter in part.active_adapters)
        key = f"{name}.base_layer.weight"
        weights[key] = weights[key] + delta
    return {name.replace(".base_layer.", "."): value for name, value in weights.items()}


def end_of(row: Sequence[int], decode: Callable[[list[int]], str]) -> int:
    """Return how many tokens of a row there are up to and with the stop string; all without one."""
    if STOP not in decode(list(row)):
        return len(row)
    return bisect_left(range(len(row)), True, key=lambda n: STOP in decode(list(row[:n])))


def _before(row: Sequence[int], ends: set[int]) -> list[int]:
    return list(row[:-1] if row and row[-1] in ends else row)


def _check_totals(totals: Sequence[float | None], shown: Sequence[Variant]) -> None:
    """Refuse rewards that are not finite; a reward that is not known is None."""
    for total, variant in zip(totals, shown, strict=True):
        if total is not None and not math.isfinite(total):
            raise StageError(
                f"expected a finite reward for {variant.sample.id} ({variant.name}), found "
                f"{total}; the checkpoints before it are whole"
            )


def _ends(model: Any, processor: Any) -> set[int]:
    found = model.generation_config.eos_token_id
    ends = set(found) if isinstance(found, list) else {found}
    return {end for end in {*ends, processor.tokenizer.eos_token_id} if end is not None}


def _opens_thought(template: str, processor: Any) -> bool:
    """Say whether the checkpoint's template writes `<think>` itself."""
    probe = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
    rendered = processor.apply_chat_template(
        probe, chat_template=template, tokenize=False, add_generation_prompt=True
    )
    return rendered.rstrip().endswith("<think>")


def _adapters(grpo: GRPO) -> Any:
    if grpo.lora is None:
        return None
    if find_spec("peft") is None:
        raise MissingExtra("lora", "training adapters (grpo.lora)", "peft")
    from peft import LoraConfig

    lora = grpo.lora
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    return LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets
    )


def _report_to(recipe: TrainingRecipe) -> list[str]:
    """Name the loggers that transformers opens; TensorBoard's is opened by `_watch`."""
    if recipe.logging in ("none", "tensorboard"):
        return []
    if find_spec(recipe.logging) is None:
        raise ConfigError(
            f"logging = {recipe.logging!r} needs the package {recipe.logging!r}, which is not "
            f"installed; run: pip install {recipe.logging}"
        )
    return [recipe.logging]


def _watch(
    trainer: Trainer,
    recipe: TrainingRecipe,
    folder: TrainingFolder,
    done: int,
    on_checkpoint: OnCheckpoint | None,
) -> None:
    """Add the log, the progress bar, the curves and the caller's hook."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(StepLog(folder, done))
    trainer.add_callback(Progress(f"train {folder.path.name}"))
    if recipe.logging == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter
        from transformers.integrations.integration_utils import TensorBoardCallback

        # Steps that are done again replace the ones that were drawn before the stop.
        writer = SummaryWriter(str(folder.path / "tensorboard"), purge_step=done + 1)
        trainer.add_callback(TensorBoardCallback(writer))
    if on_checkpoint is not None:
        trainer.add_callback(Finished(folder, on_checkpoint))


def _engine(trainer: Trainer) -> dict[str, Any]:
    """Say what trains: versions, processes, device, and what is trained."""
    model = cast(Any, trainer.model)
    return {
        "name": "trl",
        "versions": {name: version(name) for name in _PACKAGES if find_spec(name)},
        "processes": trainer.accelerator.num_processes,
        "device": str(trainer.accelerator.device),
        "parameters": sum(p.numel() for p in model.parameters()),
        "trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "threads": torch.get_num_threads(),
        "pid": os.getpid(),
    }
