"""Nothing is hard-wired to one family: a LLaVA with another template and picture layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unswayed.models import Decoding, Request

pytest.importorskip("transformers")

TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% if not loop.last %} {% endif %}{% endfor %}"
    "{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)


@pytest.fixture(scope="module")
def llava_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaVA checkpoint with random weights: CLIP, Llama, one (3, 56, 56) tensor a picture."""
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from unswayed.organism.architecture import build_tokenizer

    folder = tmp_path_factory.mktemp("llava")
    tokenizer = build_tokenizer()
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    tokenizer.chat_template = TEMPLATE
    sizes = {"num_hidden_layers": 2, "intermediate_size": 64}
    vision = CLIPVisionConfig(
        hidden_size=32, num_attention_heads=2, image_size=56, patch_size=14, **sizes
    )
    text = LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, num_attention_heads=4, **sizes)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision.to_dict(),
            text_config=text.to_dict(),
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        )
    )
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    square = {"height": 56, "width": 56}
    CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size=square).save_pretrained(folder)
    settings = {
        "processor_class": "LlavaProcessor",
        "patch_size": 14,
        "vision_feature_select_strategy": "default",
        "num_additional_image_tokens": 1,
        "image_token": "<image>",
    }
    (folder / "processor_config.json").write_text(json.dumps(settings))
    return folder


def test_llava(llava_folder: Path, make_requests: Callable[..., list[Request]]) -> None:
    from unswayed.models.transformers.backend import Backend

    backend = Backend(str(llava_folder))
    requests = [replace(request, system="Look first.") for request in make_requests(2)]
    prompt = backend.render(requests[2])
    assert prompt.startswith("SYSTEM: Look first. USER: <image>\nQuestion:")
    assert prompt.endswith("ASSISTANT:" + requests[2].prefill)
    decoding = Decoding(max_new_tokens=6, force_answer=True)
    together = backend.generate(requests, decoding)
    assert backend.pictures_encoded == 2
    for request, many in zip(requests, together, strict=True):
        alone = backend.generate([request], decoding)[0]
        assert many.status != "error"
        assert many.text == alone.text
        assert many.letters
        assert alone.letters
        assert many.letters.probabilities == pytest.approx(alone.letters.probabilities, abs=1e-4)
