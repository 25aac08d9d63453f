"""Training where each process holds a part of the weights (FSDP, DeepSpeed)."""

# accelerate is typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false
from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import torch
from accelerate.utils.environment import parse_flag_from_env

from unswayed.errors import ConfigError
from unswayed.training.recipe import TrainingRecipe

_FLAGS = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
"""How `accelerate launch` tells the processes."""


def check_whole(recipe: TrainingRecipe) -> None:
    """Refuse what reads or merges whole weights where no process has them.

    Raises:
        ConfigError: the recipe asks for it; the message names the key.
    """
    if not any(map(parse_flag_from_env, _FLAGS)):
        return
    asked = {
        "grpo.lora": recipe.grpo.lora,
        "reward.likelihood_consistency": recipe.reward.likelihood_consistency,
        "reward.reanswer": recipe.reward.reanswer,
    }
    for key, value in asked.items():
        if value is not None:
            raise ConfigError(
                f"{key} needs whole weights in every process, and FSDP or DeepSpeed gives each a "
                "part of them; leave it out, or start with torchrun alone"
            )


def check_saved_whole() -> None:
    """Refuse settings of `accelerate launch` by which checkpoints would have no model in them.

    Raises:
        ConfigError: each process would save its own part of the weights; the message names the
            setting.
    """
    told = os.environ.get
    if parse_flag_from_env("ACCELERATE_USE_FSDP"):
        key, wanted = "fsdp_state_dict_type", "FULL_STATE_DICT"
        # what accelerate takes where nothing is said
        default = "SHARDED_STATE_DICT" if told("FSDP_VERSION") == "2" else wanted
        found = told("FSDP_STATE_DICT_TYPE", default).upper()
        found = wanted if found == "1" else found  # torch's number of it
    elif told("ACCELERATE_DEEPSPEED_ZERO_STAGE") == "3":
        key, wanted = "zero3_save_16bit_model", "true"
        found = told("ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL", "false").lower()
    else:
        return
    if found != wanted:
        raise ConfigError(
            f"expected {key}: {wanted} in accelerate's configuration, found {found}, by which a "
            "checkpoint has no model that could be loaded; correct it, or start with one of "
            "recipes/accelerate/"
        )


def sum_in_float32(accelerator: Any) -> None:
    """Let FSDP add gradients up in float32, whatever computes; accelerate's policy has one type.

    Args:
        accelerator: accelerate's, before the model is prepared.
    """
    plugin = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is not None and plugin.mixed_precision_policy is not None:
        policy = plugin.mixed_precision_policy
        plugin.mixed_precision_policy = replace(policy, reduce_dtype=torch.float32)
