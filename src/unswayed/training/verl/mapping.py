"""Which key of a recipe is which key of verl: data, in one place.

Every key of a recipe stands in exactly one of the tables here: it is mapped, it is refused unless
it is off, it is in the prompts' file or the reward, or it is of no use to verl. A key that is
missing here fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from unswayed.training.recipe import TrainingRecipe

ACTOR = "actor_rollout_ref.actor"
ROLLOUT = "actor_rollout_ref.rollout"
MODEL = "actor_rollout_ref.model"
REF = "actor_rollout_ref.ref"


@dataclass(frozen=True)
class Mapped:
    """A key of a recipe that verl has as well.

    Attributes:
        verl: its keys there, each of which gets the value.
        values: the recipe's value → verl's, where they differ; a value that is not in it is one
            that verl has no word for.
        of: the value from the whole recipe, where it depends on other keys.
    """

    verl: tuple[str, ...]
    values: Mapping[Any, Any] | None = None
    of: Callable[[TrainingRecipe], Any] | None = None


def _share(recipe: TrainingRecipe) -> int:
    """Completions in a forward pass of one GPU: as asked for, or all that fall to it."""
    grpo = recipe.grpo
    all_of_it = max(1, grpo.prompts_per_step * grpo.group_size // recipe.cluster.gpus)
    return grpo.batch_size or all_of_it


def _upper(recipe: TrainingRecipe) -> float:
    return recipe.grpo.epsilon_high or recipe.grpo.epsilon


def _address(recipe: TrainingRecipe) -> str:
    """Name the Ray: told nothing, verl would join any that it finds running on this machine."""
    return recipe.cluster.address or "local"


MAPPING: dict[str, Mapped] = {
    # the objective
    "grpo.group_size": Mapped((f"{ROLLOUT}.n",)),
    "grpo.beta": Mapped((f"{ACTOR}.kl_loss_coef",)),
    "grpo.epsilon": Mapped((f"{ACTOR}.clip_ratio", f"{ACTOR}.clip_ratio_low")),
    "grpo.epsilon_high": Mapped((f"{ACTOR}.clip_ratio_high",), of=_upper),
    "grpo.loss_type": Mapped(
        (f"{ACTOR}.loss_agg_mode",),
        {
            "grpo": "seq-mean-token-mean",
            "dapo": "token-mean",
            "dr_grpo": "seq-mean-token-sum-norm",
        },
    ),
    "grpo.importance_sampling_level": Mapped(
        (f"{ACTOR}.policy_loss.loss_mode",), {"token": "vanilla", "sequence": "gspo"}
    ),
    "grpo.scale_rewards": Mapped(
        ("algorithm.norm_adv_by_std_in_grpo",), {"group": True, "none": False}
    ),
    "advantage.baseline": Mapped(
        ("algorithm.adv_estimator",), {"group": "unswayed_grpo", "leave-one-out": "unswayed_rloo"}
    ),
    # the steps
    "grpo.prompts_per_step": Mapped(("data.train_batch_size", f"{ACTOR}.ppo_mini_batch_size")),
    "grpo.steps": Mapped(("trainer.total_training_steps", "trainer.total_epochs")),
    "grpo.batch_size": Mapped(
        (
            f"{ACTOR}.ppo_micro_batch_size_per_gpu",
            f"{ROLLOUT}.log_prob_micro_batch_size_per_gpu",
            f"{REF}.log_prob_micro_batch_size_per_gpu",
        ),
        of=_share,
    ),
    # the optimiser
    "grpo.learning_rate": Mapped((f"{ACTOR}.optim.lr",)),
    "grpo.schedule": Mapped(
        (f"{ACTOR}.optim.lr_scheduler_type",), {"constant": "constant", "cosine": "cosine"}
    ),
    "grpo.warmup": Mapped((f"{ACTOR}.optim.lr_warmup_steps",)),
    "grpo.weight_decay": Mapped((f"{ACTOR}.optim.weight_decay",)),
    "grpo.max_grad_norm": Mapped((f"{ACTOR}.optim.clip_grad", f"{ACTOR}.grad_clip")),
    # sampling
    "grpo.temperature": Mapped((f"{ROLLOUT}.temperature",)),
    "grpo.top_p": Mapped((f"{ROLLOUT}.top_p",)),
    "grpo.max_new_tokens": Mapped(("data.max_response_length", f"{ACTOR}.loss_scale_factor")),
    # memory and arithmetic
    "grpo.gradient_checkpointing": Mapped((f"{MODEL}.enable_gradient_checkpointing",)),
    "grpo.dtype": Mapped(
        (
            # what FSDP computes in; it reads no `fsdp_config.dtype`, and unset it takes bfloat16
            f"{ACTOR}.fsdp_config.mixed_precision.param_dtype",
            f"{REF}.fsdp_config.mixed_precision.param_dtype",
            f"{ACTOR}.fsdp_config.dtype",
            f"{REF}.fsdp_config.dtype",
            f"{ROLLOUT}.dtype",
        ),
        {"float32": "float32", "bfloat16": "bfloat16"},
    ),
    # checkpoints, seed, curves
    "checkpoints.every": Mapped(("trainer.save_freq",)),
    "checkpoints.keep": Mapped(("trainer.max_actor_ckpt_to_keep",)),
    "seed": Mapped(
        (
            "data.seed",
            f"{ACTOR}.data_loader_seed",
            f"{ACTOR}.fsdp_config.seed",
            f"{REF}.fsdp_config.seed",
            f"{ROLLOUT}.seed",
        )
    ),
    "full_determinism": Mapped(
        (
            f"{ACTOR}.fsdp_config.full_determinism",
            f"{REF}.fsdp_config.full_determinism",
            f"{ROLLOUT}.full_determinism",
        )
    ),
    "logging": Mapped(
        ("trainer.logger",),
        {
            "none": ["console", "file"],
            "tensorboard": ["console", "file", "tensorboard"],
            "wandb": ["console", "file", "wandb"],
            "trackio": ["console", "file", "trackio"],
        },
    ),
    # where it runs
    "verl.address": Mapped(("ray_kwargs.ray_init.address",), of=_address),
    "verl.nodes": Mapped(("trainer.nnodes",)),
    "verl.gpus_per_node": Mapped(("trainer.n_gpus_per_node",)),
    "verl.rollout": Mapped((f"{ROLLOUT}.name",)),
    "verl.tensor_parallel": Mapped((f"{ROLLOUT}.tensor_model_parallel_size",)),
    "verl.memory_share": Mapped((f"{ROLLOUT}.gpu_memory_utilization",)),
    "verl.offload": Mapped(
        (f"{ACTOR}.fsdp_config.param_offload", f"{ACTOR}.fsdp_config.optimizer_offload")
    ),
    "verl.max_prompt_length": Mapped(("data.max_prompt_length",)),
    "verl.reward_workers": Mapped(("reward.num_workers",)),
}
"""Key of a recipe → keys of verl."""

CLUSTER = "verl."
"""Start of the keys whose counterparts `verl.options` may set to something else."""

CHOSEN: dict[str, Any] = {
    # the objective as the recipe means it
    "algorithm.use_kl_in_reward": False,
    f"{ACTOR}.kl_loss_type": "low_var_kl",  # DeepSeekMath, equation 4
    f"{ACTOR}.entropy_coeff": 0,
    f"{ACTOR}.clip_ratio_c": 1e6,  # no second clipping of negative advantages: not in the formula
    "algorithm.rollout_correction.rollout_is": None,
    "algorithm.rollout_correction.rollout_rs": None,
    f"{ACTOR}.fsdp_config.model_dtype": "fp32",  # `grpo.dtype` is of the arithmetic
    f"{REF}.fsdp_config.model_dtype": "fp32",
    **{
        f"{table}.fsdp_config.mixed_precision.{which}": "fp32"
        for table in (ACTOR, REF)
        for which in ("reduce_dtype", "buffer_dtype")  # sums over GPUs, and what is no weight
    },
    f"{ACTOR}.ppo_epochs": 1,
    f"{ACTOR}.shuffle": False,
    f"{ROLLOUT}.top_k": -1,
    # prompts in the recipe's order, none of them left out or cut without a word
    "data.shuffle": False,
    "data.filter_overlong_prompts": False,
    "data.truncation": "error",
    "data.image_key": "images",
    # our parts, by verl's own extension points
    "reward.custom_reward_function.path": "pkg://unswayed.training.verl.reward",
    "reward.custom_reward_function.name": "compute_score",
    f"{ROLLOUT}.agent.default_agent_loop": "unswayed",
    "trainer.checkpoint_callback_class": "unswayed.training.verl.hooks.Exporter",
    # one batch of completions a step, and no validation: checkpoints are evaluated by `track`
    "trainer.use_v1": True,
    "trainer.v1.trainer_mode": "sync",
    "trainer.val_before_train": False,
    "trainer.test_freq": -1,
    "trainer.resume_mode": "auto",
    "data.val_max_samples": 1,
}
"""What verl is always told; `verl.options` may not change it."""

DEFAULTS: dict[str, Any] = {
    f"{ACTOR}.strategy": "fsdp2",
    f"{MODEL}.use_remove_padding": True,
}
"""What verl is told unless `verl.options` says something else."""

ATTENTION = f"{MODEL}.override_config.attn_implementation"
FLOAT32: dict[str, Any] = {ATTENTION: "sdpa", f"{MODEL}.use_remove_padding": False}
"""The same where `grpo.dtype` is float32: flash attention, verl's own, computes in 16 bits only,
and verl casts packed rows for it whatever attention is asked for."""

REFUSED: dict[str, tuple[Any, str]] = {
    "grpo.iterations": (1, "a step of verl is a batch of completions, of TRL an optimiser step"),
    "grpo.lora": (None, "verl's merger leaves adapters out of the weights it exports"),
    "reward.likelihood_consistency": (
        None,
        "verl keeps no reference that follows the policy slowly",
    ),
    "reward.reanswer": (None, "verl scores in processes without the policy"),
    "reward.paired_invariance": (None, "verl scores each completion alone, without its twin's"),
    "reward.lagrangian": (None, "verl scores in several processes, which share no multiplier"),
    "advantage.splitting": (None, "its advantages are worked out from the rewards alone"),
    "advantage.constraint": (None, "verl scores in several processes, which share no multiplier"),
    "perception": (None, "its loss has no second pass with a masked picture"),
    "vllm": (
        None,
        "its rollouts are started with it on ports of their own, as verl.rollout, "
        "verl.tensor_parallel and verl.memory_share say",
    ),
    "reward.guards.duplicate": (0.0, "verl scores each completion alone, without its group's"),
}
"""Key → the only value that verl can do here, and why."""

ELSEWHERE: dict[str, str] = {
    "model": "the path and its options; see `config`",
    "data": "the prompts' file",
    "prompts": "the prompts' file",
    "profile": "the prompts' file",
    "augmentation": "the prompts' file",
    "reward": "handed to the reward as it is",
    "evaluation": "`unswayed track`",
    "verl.options": "handed to verl as they are",
    "engine": "chose this one",
    "project": "the environment may say another; see `config`",
    "run_name": "the seed is put behind it; see `config`",
    "grpo.vllm": "verl always generates with the engine that `verl.rollout` names",
}
"""Key or table → where it goes instead."""
