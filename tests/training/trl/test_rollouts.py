"""Sampling by vLLM under TRL: what reaches TRL's own classes, and what is refused before."""

from __future__ import annotations

from importlib.util import find_spec
from json import dumps, loads
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from unswayed.chat.endpoints import PRESETS  # noqa: E402
from unswayed.errors import ConfigError, StageError  # noqa: E402
from unswayed.training.recipe import TrainingRecipe, as_toml, training_recipe  # noqa: E402
from unswayed.training.rollouts import PORT  # noqa: E402
from unswayed.training.seeds import check_recipe  # noqa: E402
from unswayed.training.trl.rollouts import check_vllm, reached, vllm_options  # noqa: E402
from unswayed.training.trl.settings import generation_options, trl_config  # noqa: E402

SERVER = "grpo.vllm=server"
BESIDE = "grpo.vllm=colocate"
CONFIG: Any = SimpleNamespace(image_token_id=7, video_token_id=9)
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


class TestSuppression:
    """Tokens that stand for pictures are kept from being written, however TRL asks."""

    def kwargs(self, *overrides: str) -> dict[str, Any]:
        found = told(*overrides)
        found.generation_kwargs = generation_options(recipe(*overrides).grpo, CONFIG)
        return found.generation_kwargs

    def test_transformers_takes_ids(self) -> None:
        assert self.kwargs()["suppress_tokens"] == [7, 9]

    def test_a_model_without_such_tokens(self) -> None:
        found = generation_options(recipe(SERVER).grpo, SimpleNamespace())
        assert found == {"stop": ["</answer>"], "include_stop_str_in_output": True}

    def test_beside_the_trainer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from trl.generation import vllm_generation

        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(
            vllm_generation, "SamplingParams", lambda **told: asked.append(told), raising=False
        )
        one: Any = object.__new__(vllm_generation.VLLMGeneration)
        one.__dict__ |= {
            **{"temperature": 0.7, "top_p": 1.0, "top_k": 0, "min_p": None, "logprobs": 0},
            **{"repetition_penalty": 1.0, "max_completion_length": 5, "tensor_parallel_size": 1},
            **{"mode": "colocate", "enable_sleep_mode": False, "structured_outputs_regex": None},
            "accelerator": None,
            "model": torch.nn.Identity(),
            "llm": SimpleNamespace(generate=lambda *_, **__: []),
            "generation_kwargs": self.kwargs(BESIDE),
        }
        one.generate([[1, 2]], None, 2)
        assert asked[0]["logit_bias"] == {7: -100.0, 9: -100.0}
        assert (asked[0]["stop"], asked[0]["temperature"]) == (["</answer>"], 0.7)

    @pytest.mark.parametrize("pictures", [False, True])
    def test_of_a_server(self, pictures: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        from trl.generation.vllm_client import VLLMClient

        sent: list[tuple[str, str]] = []

        def post(self: Any, url: str, json: Any) -> dict[str, Any]:
            sent.append((url, dumps(json)))
            choice = {"token_ids": [3], "logprobs": None, "prompt_token_ids": [1]}
            return {"choices": [choice]}

        monkeypatch.setattr(VLLMClient, "_post", post)
        client: Any = object.__new__(VLLMClient)
        client.base_url, client.model = "http://nowhere", "policy"
        features = [{"kwargs_data": None}] if pictures else None
        client.generate([[1]], features=features, generation_kwargs=self.kwargs(SERVER))
        ((url, body),) = sent
        found = loads(body)["sampling_params"] if pictures else loads(body)
        assert url.endswith("/inference/v1/generate" if pictures else "/v1/completions")
        assert found["logit_bias"] == {"7": -100.0, "9": -100.0}  # JSON has no other keys
        assert found["stop"] == ["</answer>"]
