"""What the tests of verl share. They run where verl is installed: `make test-verl`."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from unswayed.training.recipe import TrainingRecipe

HERE = Path(__file__).parent
OPTIONS = {
    # a CPU: no flash attention, no compiler, no GPU that Ray could count
    "actor_rollout_ref.rollout.name": "transformers_cpu",
    "actor_rollout_ref.model.use_remove_padding": False,
    "actor_rollout_ref.model.override_config.attn_implementation": "sdpa",
    "actor_rollout_ref.actor.use_torch_compile": False,
    "actor_rollout_ref.actor.fsdp_config.use_torch_compile": False,
    "actor_rollout_ref.ref.fsdp_config.use_torch_compile": False,
    "ray_kwargs.ray_init.num_cpus": 16,  # logical ones; with fewer verl waits for ever
    "ray_kwargs.ray_init.num_gpus": 2,
    # one of each helper process is enough
    "actor_rollout_ref.rollout.agent.num_workers": 1,
    "data.dataloader_num_workers": 0,
    "transfer_queue.backend.SimpleStorage.num_data_storage_units": 1,
}
RATES = {"correct_caption": 0.2, "wrong_caption": 0.2, "correct_think": 0.2, "wrong_think": 0.2}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of it without verl; verl and Ray warn of much that is theirs."""
    missing = [name for name in ("verl", "ray") if find_spec(name) is None]
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            if missing:
                reason = f"needs {' and '.join(missing)}: make test-verl"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def cpu() -> Any:
    """Let every process of verl find the plugin, and keep Ray and the hub to themselves."""
    found = {
        "VERL_USE_EXTERNAL_MODULES": "unswayed_verl_cpu",
        "VERL_PLATFORM": "cpu",
        "VERL_ENGINE_DEVICE": "cuda",
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]).rstrip(":"),
        "HF_HUB_OFFLINE": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # by default its workers wait for whatever else runs
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(HERE))
        yield


def recipe(**more: Any) -> TrainingRecipe:
    """Return a small recipe on scenes for two ranks, prefilled and plain prompts mixed."""
    grpo = {
        "group_size": 4,
        "prompts_per_step": 4,
        "steps": 4,
        "learning_rate": 1e-4,
        "beta": 0.01,
        "max_new_tokens": 96,
        "dtype": "float32",
    }
    return TrainingRecipe.model_validate(
        {
            "model": "organism,which=early",
            "profile": "organism",
            "engine": "verl",
            "logging": "none",
            "seed": 3,
            "data": [{"benchmark": "scenes,n=60,split=train"}],
            "reward": {"faithful": True, "judge": f"{HERE / 'flaky.py'}:Flaky"},
            "augmentation": RATES,
            "checkpoints": {"every": 2},
            "evaluation": {"benchmarks": ["scenes,n=3"], "variants": ["base", "wrong-think"]},
            "verl": {
                "gpus_per_node": 2,
                "reward_workers": 1,
                "max_prompt_length": 512,
                "options": OPTIONS,
            },
            **more,
            "grpo": grpo | more.pop("grpo", {}),
        }
    )
