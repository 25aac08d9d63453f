"""TRL's settings for a recipe: nothing that decides the objective is left to a default."""

# torch and trl are typed in part, so what comes from them is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils.environment import parse_flag_from_env
from trl.trainer.grpo_config import GRPOConfig

from unswayed.extras import require
from unswayed.models.transformers.loading import placeholders
from unswayed.training.grpo import GRPO, split
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.stop import STOP_STRING
from unswayed.training.suppression import suppressed
from unswayed.training.trl.rollouts import vllm_options


def trl_config(recipe: TrainingRecipe, out: Path) -> GRPOConfig:
    """Return TRL's settings for a recipe.

    Raises:
        ConfigError: the completions of a step, or vLLM, cannot be split as asked.
    """
    grpo = recipe.grpo
    processes = PartialState().num_processes
    size, accumulation = split(grpo, processes)
    warmed = grpo.schedule == "constant" and grpo.warmup > 0
    return GRPOConfig(
        output_dir=str(out),
        use_cpu=on_cpu(),
        # the objective
        loss_type=grpo.loss_type,
        beta=grpo.beta,
        epsilon=grpo.epsilon,
        epsilon_high=grpo.epsilon_high,
        scale_rewards=grpo.scale_rewards,
        num_generations=grpo.group_size,
        num_iterations=grpo.iterations,
        importance_sampling_level=grpo.importance_sampling_level,
        mask_truncated_completions=False,
        disable_dropout=True,
        # TRL's defaults here change the objective, or may in another version
        use_bias_correction_kl=False,
        vllm_importance_sampling_correction=False,
        delta=None,
        top_entropy_quantile=1.0,
        entropy_coef=0.0,
        off_policy_mask_threshold=None,
        sync_ref_model=False,
        multi_objective_aggregation="sum_then_normalize",
        router_aux_loss_coef=0.0,
        # sampling
        temperature=grpo.temperature,
        top_p=grpo.top_p,
        top_k=0,
        repetition_penalty=1.0,
        max_completion_length=grpo.max_new_tokens,
        **vllm_options(recipe, processes),
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
        dataloader_pin_memory=torch.cuda.is_available() and not on_cpu(),
        seed=recipe.seed,
        full_determinism=recipe.full_determinism,
        data_seed=recipe.seed,
        # what is written
        save_strategy="steps",
        save_steps=recipe.checkpoints.every,
        logging_steps=1,
        log_completions=True,
        num_completions_to_print=0,
        disable_tqdm=True,
        report_to=[],  # curves are sent by callbacks of our own
    )


def generation_options(grpo: GRPO, config: Any) -> dict[str, Any]:
    """Return how sampling ends, and which ids cannot be written."""
    pictures = placeholders(config)  # which would ask for pictures that are not there
    if grpo.vllm != "off":
        stop = {"stop": [STOP_STRING], "include_stop_str_in_output": True}
        return {**stop, **suppressed(pictures or ())}
    return {
        "stop_strings": [STOP_STRING],
        "suppress_tokens": pictures,
        "use_cache": True,
    }


def on_cpu() -> bool:
    """Say whether accelerate was told to stay on the CPU, which it does not look up by itself."""
    return parse_flag_from_env("ACCELERATE_USE_CPU")


def adapters(grpo: GRPO) -> Any:
    """Return the low-rank adapters that are trained, as PEFT has them; None for all weights.

    Raises:
        MissingExtra: PEFT is not installed.
    """
    if grpo.lora is None:
        return None
    require("training adapters (grpo.lora)", "lora")
    from peft import LoraConfig

    lora = grpo.lora
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    return LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets
    )
