"""Sampling by vLLM under TRL: what reaches TRL's own classes, and what is refused before."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

from unswayed.chat.endpoints import PRESETS
from unswayed.errors import ConfigError, StageError
from unswayed.training.recipe import TrainingRecipe, as_toml, training_recipe
from unswayed.training.rollouts import PORT
from unswayed.training.seeds import check_recipe
from unswayed.training.trl.rollouts import check_vllm, reached, vllm_options
from unswayed.training.trl.settings import trl_config

SERVER = "grpo.vllm=server"
BESIDE = "grpo.vllm=colocate"
JUDGED = ("reward.faithful=true", "evaluation.benchmarks=[]")


def recipe(*overrides: str) -> TrainingRecipe:
    return training_recipe("accuracy", ["logging=none", *overrides])


def told(*overrides: str) -> Any:
    return trl_config(recipe(*overrides), Path("nowhere"))


def test_without_vllm_nothing_is_said_of_it() -> None:
    assert told().use_vllm is False


def test_a_server_is_looked_for_where_no_judge_is() -> None:
    found = told(SERVER)
    assert (found.use_vllm, found.vllm_mode) == (True, "server")
    assert (found.vllm_server_host, found.vllm_server_port) == ("127.0.0.1", PORT)
    usual = {str(preset.base_url).rstrip("/v1").rpartition(":")[2] for preset in PRESETS.values()}
    assert "8000" in usual
    assert str(PORT) not in usual


def test_the_servers_keys_reach_trl() -> None:
    keys = ("host=node7", "port=9100", "timeout_s=900.0", "weights_port=51300")
    found = told(SERVER, *(f"vllm.{key}" for key in keys))
    assert (found.vllm_server_host, found.vllm_server_port) == ("node7", 9100)
    assert (found.vllm_server_timeout, found.vllm_group_port) == (900.0, 51300)


def test_the_keys_beside_the_trainer_reach_trl() -> None:
    keys = ("memory_share=0.45", "tensor_parallel=2", "max_model_len=5120")
    two = vllm_options(recipe(BESIDE, *(f"vllm.{key}" for key in keys)), processes=2)
    found = told(BESIDE, "vllm.memory_share=0.45", "vllm.max_model_len=5120")
    assert (found.use_vllm, found.vllm_mode) == (True, "colocate")
    assert (found.vllm_gpu_memory_utilization, found.vllm_max_model_length) == (0.45, 5120)
    assert two["vllm_tensor_parallel_size"] == 2
    assert {key for key in two if not hasattr(found, key)} == set()


def test_a_copy_that_does_not_fit_the_processes() -> None:
    with pytest.raises(ConfigError, match=r"tensor_parallel to divide the 3 processes"):
        vllm_options(recipe(BESIDE, "vllm.tensor_parallel=2"), processes=3)


@pytest.mark.parametrize(
    ("way", "key"),
    [
        ("server", "memory_share=0.5"),
        ("server", "tensor_parallel=2"),
        ("server", "max_model_len=100"),
        ("colocate", "host=node7"),
        ("colocate", "port=9000"),
        ("off", "timeout_s=3.0"),
    ],
)
def test_a_key_that_is_not_read_is_refused(way: str, key: str) -> None:
    name = key.partition("=")[0]
    with pytest.raises(ConfigError, match=rf"grpo.vllm = '{way}' does not read vllm.{name}"):
        recipe(f"grpo.vllm={way}", f"vllm.{key}")


@pytest.mark.parametrize("key", ["port=0", "port=70000", "memory_share=1.0", "porto=3"])
def test_values_that_cannot_be(key: str) -> None:
    with pytest.raises(ConfigError, match=r"vllm\.port|vllm\.memory_share"):
        recipe(SERVER if "port" in key else BESIDE, f"vllm.{key}")


def test_the_table_is_written_whole_and_may_change_on_the_way(tmp_path: Path) -> None:
    found, other = recipe(SERVER, "vllm.port=9000"), recipe(SERVER, "vllm.port=9001")
    whole = tmp_path / "whole.toml"
    whole.write_text(as_toml(found))
    assert training_recipe(whole) == found
    assert found.deciding() == other.deciding()


@pytest.mark.parametrize(
    "judge",
    [
        "llm:m,base_url=http://localhost:8100/v1",
        "llm:m,base_url=http://0.0.0.0:8100/v1",
        "panel:rules+llm:m;base_url=http://127.0.0.1:8100/v1",
        "reread:vllm:m;base_url=http://localhost:8100/v1",
    ],
)
def test_a_judge_and_the_rollouts_at_one_address(judge: str) -> None:
    with pytest.raises(ConfigError, match=r"reward\.judge and the rollouts .* both at 127.0.0.1"):
        check_recipe(recipe(SERVER, *JUDGED, f"reward.judge={judge}"))


def test_the_judge_of_the_evaluation_too() -> None:
    keys = ("evaluation.judge=qwen3-32b", "vllm.port=8000")
    with pytest.raises(ConfigError, match=r"evaluation\.judge and the rollouts"):
        check_recipe(recipe(SERVER, *keys))


@pytest.mark.parametrize(
    "overrides",
    [
        (SERVER, *JUDGED, "reward.judge=qwen3-32b"),
        (SERVER, *JUDGED, "reward.judge=llm:m,base_url=http://node7:8100/v1"),
        (SERVER, *JUDGED, "reward.judge=reread:organism"),
        (
            SERVER,
            "evaluation.benchmarks=[]",
            "reward.judge=llm:m,base_url=http://localhost:8100/v1",
        ),
        (BESIDE, *JUDGED, "reward.judge=llm:m,base_url=http://localhost:8100/v1"),
    ],
    ids=["default", "elsewhere", "in this process", "not asked", "no server"],
)
def test_judges_that_are_elsewhere_are_fine(overrides: tuple[str, ...]) -> None:
    check_recipe(recipe(*overrides))


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_vllm_that_is_not_installed_is_told_before_anything_is_loaded() -> None:
    check_vllm(recipe())
    with pytest.raises(ConfigError, match=r"needs vLLM in this environment.*trl\[vllm\]"):
        check_vllm(recipe(SERVER))


def test_a_server_that_did_not_come_up() -> None:
    told = pytest.raises(StageError, match=r"no vLLM server came up at node7:8100")
    with told, reached(recipe(SERVER, "vllm.host=node7")):
        raise ConnectionError("refused")
