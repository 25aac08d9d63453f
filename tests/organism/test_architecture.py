"""Tokenizer, template, processor and checkpoint of the organism, on untrained weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.models.transformers.processors import load_processor  # noqa: E402
from unswayed.organism import architecture, forward, vocabulary  # noqa: E402

TOKENIZER = architecture.build_tokenizer()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return architecture.write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@given(st.text())
def test_any_text_survives_the_tokenizer(text: str) -> None:
    tokens = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    special = any(control in text for control in vocabulary.SPECIAL)
    assert special or TOKENIZER.decode(tokens) == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    "text", ["中文：左边的红色圆形", "naïve Zürich 🙂", "a\tb\r\n\n  c", "x" * 3000]
)
def test_foreign_and_long_text_survives(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER(text)["input_ids"]) == text


def test_known_words_are_one_token() -> None:
    for text in (" red", "red", "A", " A", "\n", ":", "Question", " circle", "'s", " ("):
        assert len(TOKENIZER(text)["input_ids"]) == 1, text


def test_tags_are_kept_when_special_tokens_are_dropped() -> None:
    text = "<think>a red circle</think><answer>B</answer>"
    ids = TOKENIZER(text)["input_ids"]
    assert TOKENIZER.decode([*ids, TOKENIZER.eos_token_id], skip_special_tokens=True) == text
    assert [TOKENIZER.decode(i) for i in ids][-3:] == ["<answer>", "B", "</answer>"]


def _chat() -> list[dict[str, Any]]:
    parts = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "Which?"}]
    return [{"role": "user", "content": parts}]


def test_template_adds_no_system_message_and_takes_several_pictures() -> None:
    picture = "<|vision_start|><|image_pad|><|vision_end|>"
    text = TOKENIZER.apply_chat_template(_chat(), tokenize=False, add_generation_prompt=True)
    assert text == (
        f"<|im_start|>user\n{picture}{picture}Which?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_template_takes_system_messages_and_plain_text() -> None:
    chat = [{"role": "system", "content": "Think."}, {"role": "user", "content": "Why?"}]
    text = TOKENIZER.apply_chat_template(chat, tokenize=False)
    assert text == "<|im_start|>system\nThink.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"


def test_a_trailing_assistant_message_can_stay_open() -> None:
    chat = [*_chat(), {"role": "assistant", "content": "<think>Okay"}]
    text = TOKENIZER.apply_chat_template(chat, tokenize=False, continue_final_message=True)
    assert text.endswith("<|im_start|>assistant\n<think>Okay")


def test_processor_loads_and_expands_pictures(checkpoint: Path) -> None:
    processor: Any = load_processor(str(checkpoint))
    pictures = [Image.new("RGB", (112, 112)), Image.new("RGB", (640, 480))]
    text = processor.apply_chat_template(_chat(), add_generation_prompt=True)
    inputs = processor(text=[text], images=[pictures], return_tensors="pt")
    counts = inputs["image_grid_thw"].prod(-1) // 4
    assert counts.tolist() == [16, 12]
    picture = TOKENIZER.convert_tokens_to_ids("<|image_pad|>")
    assert int((inputs["input_ids"] == picture).sum()) == 28
    assert int(inputs["mm_token_type_ids"].sum()) == 28


def test_checkpoint_loads_with_plain_transformers(checkpoint: Path) -> None:
    code = (
        "import sys; from transformers import AutoModelForImageTextToText, AutoTokenizer;"
        f"m = AutoModelForImageTextToText.from_pretrained({str(checkpoint)!r});"
        f"t = AutoTokenizer.from_pretrained({str(checkpoint)!r});"
        "assert type(m).__name__ == 'Qwen2_5_VLForConditionalGeneration';"
        "ids = t('<think> the red circle</think>', return_tensors='pt');"
        "assert m(**ids).logits.shape == (1, 5, len(t)), m(**ids).logits.shape;"
        "assert t.chat_template;"
        "sys.exit('unswayed' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_same_seed_same_weights_and_no_global_effect() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = architecture.build_model(TOKENIZER, seed=1).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    again = architecture.build_model(TOKENIZER, seed=1).state_dict()
    other = architecture.build_model(TOKENIZER, seed=2).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(
        first["model.language_model.embed_tokens.weight"],
        other["model.language_model.embed_tokens.weight"],
    )


def test_the_training_forward_is_the_stock_forward(checkpoint: Path) -> None:
    processor: Any = load_processor(str(checkpoint))
    model: Any = architecture.build_model(TOKENIZER)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (2, 112, 112, 3), dtype=np.uint8)
    chat = [[{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Where?"}]}]]
    text = processor.apply_chat_template(chat[0], add_generation_prompt=True)
    inputs = processor(
        text=[text, text], images=[[Image.fromarray(p)] for p in pixels], return_tensors="pt"
    )
    with torch.no_grad():
        stock = model.model(**inputs).last_hidden_state
        features = forward.picture_features(
            model, forward.patches(torch.from_numpy(pixels)), torch.float32
        )
        ours = forward.text_states(model, inputs["input_ids"], features, torch.float32)
        torch.testing.assert_close(ours, stock, atol=1e-4, rtol=1e-4)
        alone = inputs["input_ids"][:, 21:]
        stock = model.model(input_ids=alone).last_hidden_state
        ours = forward.text_states(model, alone, None, torch.float32)
        torch.testing.assert_close(ours, stock, atol=1e-4, rtol=1e-4)


def test_a_tokenizer_is_written_the_same_after_a_padded_batch(tmp_path: Path) -> None:
    tokenizer = architecture.build_tokenizer()
    model = architecture.build_model(tokenizer)
    fresh = architecture.write_checkpoint(tmp_path / "fresh", model, tokenizer)
    tokenizer(["a red circle", "blue"], padding=True)
    used = architecture.write_checkpoint(tmp_path / "used", model, tokenizer)
    assert (fresh / "tokenizer.json").read_bytes() == (used / "tokenizer.json").read_bytes()
