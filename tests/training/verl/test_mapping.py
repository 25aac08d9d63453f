"""A recipe's keys as verl's: none forgotten, and what verl cannot do is told by its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError
from unswayed.training.recipe import TrainingRecipe, training_recipe
from unswayed.training.start import Start
from unswayed.training.verl.config import VerlFiles, check_supported, recipe_keys, settings
from unswayed.training.verl.mapping import CHOSEN, ELSEWHERE, MAPPING, REFUSED

ACTOR, ROLLOUT = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
TEMPLATE = "{% for m in messages %}${not_ours}{% endfor %}"


def recipe(*overrides: str, name: str = "accuracy") -> TrainingRecipe:
    return training_recipe(name, ["engine=verl", *overrides])


def told(*overrides: str, start: Start | None = None) -> dict[str, Any]:
    files = VerlFiles(Path("run"), Path("run/verl/records"), Path("run/verl/metrics.jsonl"))
    found = start or Start("somewhere", "somewhere", "default")
    return settings(recipe(*overrides), found, files, TEMPLATE)


def test_every_key_of_a_recipe_goes_somewhere() -> None:
    tables = (MAPPING, REFUSED, ELSEWHERE)
    known = set(recipe_keys())
    for key in known:
        assert sum(key in table for table in tables) == 1, key
    assert known >= set(MAPPING) | set(ELSEWHERE)
    assert {key.partition(".")[0] for key in REFUSED} == {
        "advantage",
        "grpo",
        "perception",
        "reward",
        "vllm",
    }


def test_no_key_of_verl_is_told_twice() -> None:
    mapped = [key for one in MAPPING.values() for key in one.verl]
    assert len(mapped) == len(set(mapped))
    assert not set(mapped) & set(CHOSEN)


def test_values_in_verls_words() -> None:
    found = told(
        "grpo.learning_rate=3e-6",
        "grpo.beta=0.02",
        "grpo.epsilon=0.1",
        "grpo.epsilon_high=0.3",
        "grpo.loss_type=dapo",
        "grpo.scale_rewards=none",
        "grpo.schedule=cosine",
        "grpo.warmup=7",
        "grpo.dtype=bfloat16",
        "checkpoints.every=250",
        "checkpoints.keep=2",
        "logging=wandb",
        "seed=11",
        "verl.nodes=2",
        "verl.address=ray://head:10001",
    )
    assert found[f"{ACTOR}.optim.lr"] == 3e-6
    assert (found[f"{ACTOR}.use_kl_loss"], found[f"{ACTOR}.kl_loss_coef"]) == (True, 0.02)
    assert found[f"{ACTOR}.clip_ratio_low"] == 0.1
    assert found[f"{ACTOR}.clip_ratio_high"] == 0.3
    assert found[f"{ACTOR}.loss_agg_mode"] == "token-mean"
    assert found["algorithm.norm_adv_by_std_in_grpo"] is False
    assert found[f"{ACTOR}.optim.lr_scheduler_type"] == "cosine"
    assert found[f"{ACTOR}.optim.lr_warmup_steps"] == 7
    assert found[f"{ROLLOUT}.dtype"] == "bfloat16"
    assert (found["trainer.save_freq"], found["trainer.max_actor_ckpt_to_keep"]) == (250, 2)
    assert found["trainer.logger"] == ["console", "file", "wandb"]
    seeds = ("data", f"{ACTOR}.fsdp_config", ROLLOUT)
    assert {found[f"{table}.seed"] for table in seeds} == {11}
    assert found[f"{ACTOR}.data_loader_seed"] == 11
    assert (found["trainer.nnodes"], found["trainer.n_gpus_per_node"]) == (2, 8)
    assert found["ray_kwargs.ray_init.address"] == "ray://head:10001"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_arithmetic_is_the_recipes_and_what_is_summed_is_float32(dtype: str) -> None:
    found = told(f"grpo.dtype={dtype}")
    for table in (ACTOR, "actor_rollout_ref.ref"):
        precision = f"{table}.fsdp_config.mixed_precision"
        assert found[f"{precision}.param_dtype"] == dtype
        assert (found[f"{precision}.reduce_dtype"], found[f"{precision}.buffer_dtype"]) == (
            "fp32",
            "fp32",
        )
        assert found[f"{table}.fsdp_config.model_dtype"] == "fp32"


def test_float32_goes_without_flash_attention() -> None:
    attention = "actor_rollout_ref.model.override_config.attn_implementation"
    padded = "actor_rollout_ref.model.use_remove_padding"
    plain, wide = told("grpo.dtype=bfloat16"), told("grpo.dtype=float32")
    assert (plain.get(attention), plain[padded]) == (None, True)  # verl's own, flash_attention_2
    assert (wide[attention], wide[padded]) == ("sdpa", False)
    eager = Start("m", "m", "default", attention="eager")
    assert told("grpo.dtype=float32", start=eager)[attention] == "eager"


def test_flash_attention_in_float32_is_refused() -> None:
    flash = Start("m", "m", "default", attention="flash_attention_2")
    assert told("grpo.dtype=bfloat16", start=flash)
    with pytest.raises(ConfigError, match=r"grpo\.dtype = 'float32' with attention 'flash_att"):
        told("grpo.dtype=float32", start=flash)
    option = 'verl.options={"actor_rollout_ref.model.override_config.attn_implementation"="flash"}'
    with pytest.raises(ConfigError, match="16 bits only"):
        told("grpo.dtype=float32", option)
    packed = 'verl.options={"actor_rollout_ref.model.use_remove_padding"=true}'
    assert told("grpo.dtype=bfloat16", packed)
    with pytest.raises(ConfigError, match=r"with actor_rollout_ref\.model\.use_remove_padding"):
        told("grpo.dtype=float32", packed)


def test_full_determinism_is_told_to_every_part() -> None:
    keys = (f"{ACTOR}.fsdp_config", "actor_rollout_ref.ref.fsdp_config", ROLLOUT)
    assert {told()[f"{key}.full_determinism"] for key in keys} == {False}
    assert {told("full_determinism=true")[f"{key}.full_determinism"] for key in keys} == {True}


def test_sglang_is_told_no_seeds() -> None:
    check_supported(recipe("full_determinism=true"))
    with pytest.raises(ConfigError, match=r"full_determinism with verl\.rollout = 'sglang'"):
        check_supported(recipe("full_determinism=true", "verl.rollout=sglang"))


def test_without_an_address_ray_is_its_own() -> None:
    assert told()["ray_kwargs.ray_init.address"] == "local"


def test_no_weight_on_the_divergence_loads_no_reference() -> None:
    assert told("grpo.beta=0.0")[f"{ACTOR}.use_kl_loss"] is False


def test_a_step_at_once_is_what_falls_to_a_gpu() -> None:
    found = told("grpo.prompts_per_step=16", "grpo.group_size=8", "verl.gpus_per_node=4")
    assert found[f"{ACTOR}.ppo_micro_batch_size_per_gpu"] == 32


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("grpo.iterations=2", "grpo.iterations"),
        ("grpo.lora={rank=8}", "grpo.lora"),
        ("grpo.loss_type=bnpo", "grpo.loss_type = 'bnpo'"),
        ("grpo.scale_rewards=batch", "grpo.scale_rewards = 'batch'"),
        ("grpo.schedule=linear", "grpo.schedule = 'linear'"),
        ("reward.likelihood_consistency={}", "reward.likelihood_consistency"),
        ("reward.lagrangian={}", "reward.lagrangian"),
        ("reward.guards={}", "reward.guards.duplicate"),
        ("reward.reanswer={}", "reward.reanswer"),
        ("perception={}", "perception"),
        ("vllm={}", "the engine 'verl' cannot do vllm: its rollouts"),
        ("advantage.splitting={}", "advantage.splitting"),
        ("advantage.constraint={}", "advantage.constraint"),
        ("grpo.batch_size=3", "grpo.batch_size"),
        ('verl.options={"data.train_batch_size"=4}', "the recipe's grpo.prompts_per_step"),
        ('verl.options={"algorithm.adv_estimator"="grpo"}', "algorithm.adv_estimator"),
        ('verl.options={"actor_rollout_ref.model.path"="x"}', "actor_rollout_ref.model.path"),
        (
            'verl.options={"actor_rollout_ref.actor.fsdp_config.mixed_precision"={param_dtype="x"}}',
            "the recipe's grpo.dtype",
        ),
        (
            'verl.options={"algorithm.rollout_correction"={rollout_is="token"}}',
            "rollout_is has to be as it is",
        ),
    ],
)
def test_what_verl_cannot_do_is_refused_by_its_key(override: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_supported(recipe(override))
    assert key in str(refused.value)


def test_curves_go_to_the_project_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    assert told("logging=wandb")["trainer.project_name"] == "unswayed"
    named = told("logging=wandb", "project=trials", "run_name=first")
    assert named["trainer.project_name"] == "trials"
    assert named["trainer.experiment_name"] == "first"
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    assert told("logging=wandb", "project=trials")["trainer.project_name"] == "mine"
    assert told("project=trials")["trainer.project_name"] == "trials"


def test_what_a_key_can_be_is_listed() -> None:
    with pytest.raises(ConfigError, match="expected 'grpo' or 'dapo' or 'dr_grpo'"):
        check_supported(recipe("grpo.loss_type=bnpo"))


def test_the_baseline_is_an_estimator_of_ours() -> None:
    assert told()["algorithm.adv_estimator"] == "unswayed_grpo"
    alone = told("advantage.baseline=leave-one-out", "grpo.scale_rewards=none")
    assert alone["algorithm.adv_estimator"] == "unswayed_rloo"


def test_pairs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"reward\.paired_invariance: verl scores each"):
        check_supported(recipe(name="invariant"))


def test_a_guard_against_thin_thoughts_alone_is_fine() -> None:
    check_supported(recipe("reward.guards={duplicate=0.0}"))


def test_options_of_the_cluster_may_be_set_otherwise() -> None:
    option = f'verl.options={{"{ROLLOUT}.name"="mine", "{ACTOR}.strategy"="fsdp"}}'
    check_supported(recipe(option))
    found = told(option)
    assert (found[f"{ROLLOUT}.name"], found[f"{ACTOR}.strategy"]) == ("mine", "fsdp")


def test_a_revision_is_refused() -> None:
    start = Start("them/model,revision=main", "them/model", "default", {"revision": "main"})
    with pytest.raises(ConfigError, match="reads no revision"):
        told(start=start)


def test_limits_of_pictures_reach_the_processor() -> None:
    start = Start("m", "m", "default", {"trust_remote_code": True}, {"max_pixels": 1000}, "sdpa")
    found = told(start=start)
    assert found["data.mm_processor_kwargs"] == {"max_pixels": 1000}
    assert found["actor_rollout_ref.model.trust_remote_code"] is True
    assert found["actor_rollout_ref.model.override_config.attn_implementation"] == "sdpa"
