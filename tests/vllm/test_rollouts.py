"""Sampling for a training by TRL: its own classes ask a real vLLM, with what we hand them.

The weights are those of the server: TRL sends its own by NCCL, which a CPU has not. It asks for no
log-probabilities here: TRL 1.16 goes with vLLM up to 0.31, and this one words them otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from unswayed.models import Request
from unswayed.training.recipe import training_recipe
from unswayed.types import ImageRef

SAMPLES = 4
"""Completions of a prompt."""


@pytest.fixture(scope="module")
def generation(server: Any, checkpoint: Any) -> Iterator[Any]:
    """TRL's way of generating with a server, without what starts it; the key is not known to it."""
    client_of = pytest.importorskip("trl.generation.vllm_client")
    generation_of = pytest.importorskip("trl.generation.vllm_generation")
    client: Any = object.__new__(client_of.VLLMClient)
    client.base_url, client.model = server.url.removesuffix("/v1"), server.model
    key = {"Authorization": f"Bearer {os.environ[server.key]}"}
    client.session = pytest.importorskip("httpx").Client(headers=key, timeout=120)
    made: Any = object.__new__(generation_of.VLLMGeneration)
    made.__dict__ |= {
        **{"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": None, "logprobs": None},
        **{"repetition_penalty": 1.0, "max_completion_length": 12, "mode": "server"},
        **{"structured_outputs_regex": None, "enable_sleep_mode": False},
        "accelerator": SimpleNamespace(is_main_process=True, process_index=0),
        "processing_class": SimpleNamespace(image_token_id=checkpoint._model.config.image_token_id),
        "vllm_client": client,
    }
    yield made
    client.session.close()


def kwargs(*ids: int) -> dict[str, Any]:
    """Return what TRL is told for a model whose pictures stand for these ids."""
    from unswayed.training.trl.settings import generation_options

    names = ("image_token_id", "video_token_id", "audio_token_id")
    config = SimpleNamespace(**dict(zip(names, ids, strict=False)))
    return generation_options(training_recipe("accuracy", ["grpo.vllm=server"]).grpo, config)


@pytest.mark.parametrize("pictures", [False, True], ids=["text", "picture"])
def test_tokens_that_are_barred_are_not_sampled(
    pictures: bool, generation: Any, checkpoint: Any, shown: list[Request]
) -> None:
    from unswayed.run.pictures import pixels_of

    asked = shown[0]
    prompt = checkpoint._inputs([asked])["input_ids"][0].tolist()
    images = [[pixels_of(ImageRef(path=str(path))) for path in asked.images]] * SAMPLES
    if not pictures:
        prompt = [one for one in prompt if one != checkpoint._model.config.image_token_id]
        images = None

    def sampled(*barred: int) -> list[list[int]]:
        generation.generation_kwargs = kwargs(*barred)
        return generation.generate([prompt] * SAMPLES, images, SAMPLES)[1]

    free = sampled()
    likely = {row[0] for row in free}
    assert len(likely) <= 3
    barred = sampled(*likely)
    assert [len(free), len(barred)] == [SAMPLES, SAMPLES]
    assert all(barred)
    assert not likely & {token for row in barred for token in row}
