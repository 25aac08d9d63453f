"""Presets, their capabilities, and addresses and names that cannot be."""

from __future__ import annotations

import dataclasses
import json

import pytest

from unswayed.chat.endpoints import PRESETS, endpoint
from unswayed.errors import ConfigError, UnknownName


def test_presets() -> None:
    assert set(PRESETS) == {"vllm", "sglang", "openai", "gemini", "http"}


def test_vllm() -> None:
    found = endpoint("vllm", "Qwen/Qwen2.5-VL-7B-Instruct")
    able = found.capabilities
    assert found.base_url == "http://localhost:8000/v1"
    assert found.key_variable is None
    assert (able.prefill, able.letter_logprobs, able.top_logprobs) == (True, "token-logprobs", 20)
    assert endpoint("sglang", "m").capabilities.letter_logprobs == "top-logprobs"


@pytest.mark.parametrize("model", ["o3", "o4-mini", "o3-2025-04-16", "gpt-5"])
def test_reasoning_models_of_openai(model: str) -> None:
    found = endpoint("openai", model)
    able = found.capabilities
    assert found.key_variable == "OPENAI_API_KEY"
    assert not (able.prefill)
    assert not (able.temperature)
    assert not (able.seed)
    assert not (able.samples)
    assert (able.letter_logprobs, able.top_logprobs) == (None, 0)
    assert able.max_tokens_field == "max_completion_tokens"
    assert (able.system_role, able.thoughts, able.images) == ("developer", "hidden", True)


def test_older_models_of_openai() -> None:
    able = endpoint("openai", "gpt-4.1-mini").capabilities
    assert (able.temperature, able.letter_logprobs, able.thoughts) == (True, "top-logprobs", "text")
    assert not able.prefill


def test_gemini() -> None:
    found = endpoint("gemini", "gemini-2.5-pro")
    assert found.base_url == "https://generativelanguage.googleapis.com/v1beta/openai"
    assert found.key_variable == "GEMINI_API_KEY"
    assert not found.capabilities.prefill
    assert found.capabilities.thoughts == "hidden"


def test_another_server_is_assumed_to_have_nothing() -> None:
    able = endpoint("http", "m", "http://host:1/v1/").capabilities
    assert not (able.prefill)
    assert not (able.images)
    assert not (able.letter_logprobs)
    assert not (able.samples)
    assert not (able.seed)
    with pytest.raises(ConfigError, match="base_url"):
        endpoint("http", "m")


def test_overrides() -> None:
    found = endpoint(
        "vllm", "m", images=False, letter_logprobs="none", top_logprobs=5, system_role="user"
    ).capabilities
    assert (found.images, found.letter_logprobs, found.top_logprobs) == (False, None, 5)
    assert found.system_role == "user"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("images", "yes", "true or false"),
        ("images", 1, "true or false"),
        ("top_logprobs", True, "top_logprobs"),
        ("thoughts", "loud", "text or summary or hidden"),
        ("letter_logprobs", "all", "token-logprobs or top-logprobs or none"),
        ("system_role", "none", "system or developer or user"),
    ],
)
def test_wrong_overrides(name: str, value: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        endpoint("vllm", "m", **{name: value})


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="did you mean vllm"):
        endpoint("vlm", "m")
    with pytest.raises(UnknownName, match="images"):
        endpoint("vllm", "m", image=True)
    with pytest.raises(ConfigError, match="name of a model"):
        endpoint("vllm", "")


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://h/v1", "http://", "http://h:99999999/v1", "/v1", "http://[::1/v1"],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match="http://HOST:PORT/v1"):
        endpoint("http", "m", url)


@pytest.mark.parametrize(
    "url", ["http://me:sesame@h/v1", "http://h/v1?key=sesame", "http://h/v1#sesame"]
)
def test_an_address_with_a_secret_in_it(url: str) -> None:
    with pytest.raises(ConfigError, match="key=NAME") as error:
        endpoint("http", "m", url)
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize("key", ["sk-proj-sesame", "AIzaSySesame", "sesame", "MY KEY", "1KEY"])
def test_a_key_in_place_of_a_name_is_not_repeated(key: str) -> None:
    with pytest.raises(ConfigError, match="NAME of an environment variable") as error:
        endpoint("openai", "o3", key=key)
    assert key not in str(error.value)


def test_an_endpoint_can_be_written() -> None:
    written = json.dumps(dataclasses.asdict(endpoint("openai", "o3", key="MY_KEY")))
    assert json.loads(written)["key_variable"] == "MY_KEY"
