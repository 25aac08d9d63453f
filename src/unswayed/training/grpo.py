"""The optimisation: GRPO's settings, and how the completions of a step are split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from unswayed.config.section import Section
from unswayed.errors import ConfigError
from unswayed.types import MAX_NEW_TOKENS


class LoRA(Section):
    """Low-rank adapters instead of full training (Hu et al. 2021, arXiv 2106.09685)."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"


class GRPO(Section):
    """The optimisation (Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, section 4.1).

    Attributes:
        group_size: completions per prompt, G.
        prompts_per_step: prompts per optimiser step.
        steps: optimiser steps.
        iterations: optimiser steps on each batch of completions, μ.
        learning_rate: peak of the schedule.
        schedule: of the learning rate, after the warm-up.
        warmup: optimiser steps of linear warm-up.
        weight_decay: of AdamW.
        max_grad_norm: gradient norm from which gradients are scaled down.
        beta: weight of the KL divergence from the first checkpoint; 0 loads no reference.
        epsilon: clipping range of the probability ratio.
        epsilon_high: its upper end, if it differs (DAPO's clip-higher); None for epsilon.
        loss_type: `grpo` averages over the tokens of a completion, then over completions.
        importance_sampling_level: one probability ratio a token, or one a completion (GSPO).
        scale_rewards: divide advantages by the standard deviation of the group, of the batch, or
            of nothing.
        temperature: of sampling.
        top_p: of sampling.
        max_new_tokens: longest completion.
        batch_size: completions per forward pass and device; None for a whole step at once.
        gradient_checkpointing: trade time for memory.
        lora: adapters; None trains all weights.
        dtype: of the arithmetic; weights, their gradients' sums and the optimiser's state are kept
            in float32 in either case.
        vllm: sample with vLLM beside the trainer or on a server of its own, as the table `[vllm]`
            says (TRL); `off` samples with transformers.
    """

    group_size: int = Field(default=8, ge=2)
    prompts_per_step: int = Field(default=16, ge=1)
    steps: int = Field(default=100, ge=1)
    iterations: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-6, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    beta: float = Field(default=0.04, ge=0)
    epsilon: float = Field(default=0.2, gt=0)
    epsilon_high: float | None = Field(default=None, gt=0)
    loss_type: Literal["grpo", "dr_grpo", "dapo", "bnpo"] = "grpo"
    importance_sampling_level: Literal["token", "sequence"] = "token"
    scale_rewards: Literal["group", "batch", "none"] = "group"
    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=MAX_NEW_TOKENS, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    gradient_checkpointing: bool = False
    lora: LoRA | None = None
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    vllm: Literal["off", "colocate", "server"] = "off"


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
