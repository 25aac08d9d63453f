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

import os
import sys
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import PartialState
from transformers import PrinterCallback

from unswayed import prompts
from unswayed.errors import StageError
from unswayed.models.transformers.loading import load_model
from unswayed.models.transformers.processors import load_processor
from unswayed.prompts.template import leave_open, opens_thought
from unswayed.results.loggers import LOGGERS, finish, require_logger
from unswayed.training import watching
from unswayed.training.data import training_prompts
from unswayed.training.folder import Checkpoint, OnCheckpoint, TrainingFolder
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.reward.reference import FOLDER, Reference
from unswayed.training.start import Start, start_of
from unswayed.training.trl.advantages import StepAdvantages
from unswayed.training.trl.callbacks import Finished, StepBar, StepLog, Watching
from unswayed.training.trl.perception import perception_of
from unswayed.training.trl.prompts import dataset_of
from unswayed.training.trl.reanswering import SecondAnswers
from unswayed.training.trl.reward import reward_function, scorer_of
from unswayed.training.trl.rollouts import check_vllm, reached
from unswayed.training.trl.settings import adapters, generation_options, on_cpu, trl_config
from unswayed.training.trl.sharding import check_saved_whole, check_whole
from unswayed.training.trl.trainer import AnswerTrainer

_PACKAGES = ("trl", "accelerate", "transformers", "torch", "datasets", "peft")


def train_with_trl(
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
    state = PartialState(cpu=on_cpu())
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
                if recipe.logging in LOGGERS and state.is_main_process:
                    finish(recipe.logging)
            state.wait_for_everyone()  # the main process may still be moving the last checkpoint
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
) -> AnswerTrainer:
    """Return TRL's trainer, ready to run: everything that can be checked has been checked."""
    check_vllm(recipe)
    check_whole(recipe)
    check_saved_whole()
    if recipe.logging in LOGGERS:
        require_logger(recipe.logging)
    config = trl_config(recipe, folder.path)
    processor = load_processor(start.path, **start.hub, **start.pixels)
    processor.tokenizer.padding_side = "left"
    own = leave_open(processor)
    profile = prompts.profile(recipe.profile or start.profile)
    with PartialState().main_process_first():
        prompt_set = training_prompts(recipe, profile, folder.path)
    if PartialState().is_main_process:
        print(*prompt_set.summary(), sep="\n", file=sys.stderr)
    dataset = dataset_of(prompt_set, recipe.grpo.prompts_per_step)
    scorer = scorer_of(recipe, opens_thought(own, processor), newest)
    if PartialState().is_main_process:
        scorer.check_judge()
    model = load_model(start.path, "float32", start.attention, start.hub)
    model.generate = partial(model.generate, tokenizer=processor.tokenizer)
    reference = _reference(recipe, start, processor, newest)
    config.generation_kwargs = generation_options(recipe.grpo, model.config)
    config.model_init_kwargs = start.hub or None  # of the KL term's reference
    with reached(recipe):
        trainer = AnswerTrainer(
            folder,
            recipe.checkpoints.keep,
            start,
            scorer,
            reference,
            None if recipe.advantage.is_plain else StepAdvantages(recipe),
            perception_of(recipe, processor),
            SecondAnswers(processor, profile) if recipe.reward.reanswer else None,
            model=model,
            args=config,
            train_dataset=dataset,
            processing_class=processor,
            reward_funcs=reward_function(scorer, processor.tokenizer, _ends(model, processor)),
            peft_config=adapters(recipe.grpo),
        )
    if trainer.is_world_process_zero():
        folder.note(prompt_set.failures)
        folder.run.add_to_description("engine", _engine(trainer))
        _watch(trainer, recipe, folder, newest.step if newest else 0, on_checkpoint)
    return trainer


def _reference(
    recipe: TrainingRecipe, start: Start, processor: Any, newest: Checkpoint | None
) -> Reference | None:
    """Return the reference that the reward asks for, as the newest checkpoint left it."""
    settings = recipe.reward.likelihood_consistency
    if settings is None:
        return None
    saved = None if newest is None else newest.path / FOLDER
    path = start.path if saved is None else str(saved)
    hub = start.hub if saved is None else {}
    return Reference(load_model(path, "float32", start.attention, hub), processor, settings)


def _ends(model: Any, processor: Any) -> set[int]:
    eos = model.generation_config.eos_token_id
    ends = set(eos) if isinstance(eos, list) else {eos}
    return {end for end in {*ends, processor.tokenizer.eos_token_id} if end is not None}


def _watch(
    trainer: AnswerTrainer,
    recipe: TrainingRecipe,
    folder: TrainingFolder,
    done: int,
    on_checkpoint: OnCheckpoint | None,
) -> None:
    """Add the log, the progress bar, the curves and the caller's hook."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(StepLog(folder, done))
    trainer.add_callback(StepBar(f"train {folder.path.name}"))
    if recipe.logging == "tensorboard":
        from torch.utils.tensorboard import SummaryWriter
        from transformers.integrations.integration_utils import TensorBoardCallback

        # Steps that are done again replace the ones that were drawn before the stop.
        writer = SummaryWriter(str(folder.path / "tensorboard"), purge_step=done + 1)
        trainer.add_callback(TensorBoardCallback(writer))
    if recipe.logging in LOGGERS:
        begin = partial(watching.begin, recipe.logging, recipe, folder.path, done > 0)
        trainer.add_callback(Watching(recipe.logging, begin, trainer.kept))
    if on_checkpoint is not None:
        trainer.add_callback(Finished(folder, on_checkpoint))


def _engine(trainer: AnswerTrainer) -> dict[str, Any]:
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
