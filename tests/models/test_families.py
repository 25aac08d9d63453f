"""Many architectures, each as a tiny checkpoint: texts and letters are those of a plain forward."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.errors import ModelError
from unswayed.models import Decoding, Request
from unswayed.models.letters import LetterTokens

pytest.importorskip("transformers")

import torch

TABLE = spec_from_file_location("unswayed_test_families", Path(__file__).with_name("families.py"))
assert TABLE
assert TABLE.loader
families = module_from_spec(TABLE)
sys.modules[TABLE.name] = families  # dataclasses look their module up
TABLE.loader.exec_module(families)
FAMILIES, write = families.FAMILIES, families.write


SHIPS_TORCHVISION = find_spec("torchvision") is not None
HERE = {name: one for name, one in FAMILIES.items() if SHIPS_TORCHVISION or not one.torchvision}
TOKENS = 5

# numpy speaks so of torch's tensors, inside of transformers' processors
pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")


@pytest.fixture
def asked(make_requests: Callable[..., list[Request]]) -> list[Request]:
    """Variants of two pictures, and of a question with two pictures."""
    first, second = make_requests(2)[:3], make_requests(2)[4:6]
    both = [
        Request(**{**vars(one), "id": f"both-{one.id}", "images": one.images + second[0].images})
        for one in first[:2]
    ]
    return [*first, *second, *both]


@pytest.mark.parametrize("name", HERE)
def test_texts_and_letters_are_those_of_a_plain_forward(
    name: str, asked: list[Request], tmp_path: Path
) -> None:
    from unswayed.models.transformers.backend import Backend

    backend = Backend(str(write(HERE[name], tmp_path)))
    decoding = Decoding(max_new_tokens=TOKENS, force_answer=True)
    together = backend.generate(asked, decoding)
    assert [one.error for one in together] == [None] * len(asked)
    if HERE[name].shares:
        assert backend.pictures_encoded == 2
    for request, found in zip(asked, together, strict=True):
        text, letters = plain(backend, request)
        assert found.text == text
        assert found.letters is not None
        assert found.letters.probabilities == pytest.approx(letters, abs=1e-4)


def plain(backend: Any, request: Request) -> tuple[str, dict[str, float]]:
    """Return text and letters of one prompt by whole forward passes: no cache, nothing shared."""
    processor, model = backend._processor, backend._model
    tokenizer = processor.tokenizer
    prompt = backend.render(request)
    bos = tokenizer.bos_token
    inputs = processor(
        text=[prompt],
        images=[[Image.open(path).convert("RGB") for path in request.images]],
        return_tensors="pt",
        add_special_tokens=not prompt.startswith(bos),
    )
    rows = model.get_output_embeddings().weight.shape[0]
    banned = [index for index in model.generation_config.suppress_tokens or [] if index < rows]
    written: list[int] = []
    while len(written) < TOKENS:
        scores = forward(backend, inputs, written)
        scores[banned] = -math.inf
        token = int(scores.argmax())
        written.append(token)
        if token == tokenizer.eos_token_id:
            break
    kept = [token for token in written if token != tokenizer.eos_token_id]
    closed = "</think>" in request.prefill
    ending = "<answer>" if closed else "</think><answer>"
    added = tokenizer.encode(ending, add_special_tokens=False)
    mass = forward(backend, inputs, [*kept, *added]).softmax(-1)
    texts = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
    special = set(tokenizer.all_special_ids)
    spelled = LetterTokens(["" if i in special else text for i, text in enumerate(texts)])
    sums = {
        letter: sum(float(mass[i]) for i in spelled.ids("", letter) if i < rows)
        for letter in "ABCD"
    }
    whole = sum(sums.values())
    return tokenizer.decode(kept), {letter: value / whole for letter, value in sums.items()}


def forward(backend: Any, inputs: Any, tail: list[int]) -> torch.Tensor:
    """Return the scores behind prompt and tail, with every picture encoded anew."""
    extended = dict(inputs)
    shape = inputs["input_ids"].shape
    for name, value in inputs.items():
        if value.shape[:2] != shape or name.startswith("pixel"):
            continue
        if name == "input_ids":
            added = torch.tensor([tail], dtype=value.dtype)
        elif value.ndim > 2:
            added = value[:, -1:].repeat(1, len(tail), *[1] * (value.ndim - 2))
        else:
            added = torch.full((1, len(tail)), int(name == "attention_mask"), dtype=value.dtype)
        extended[name] = torch.cat([value, added], dim=1)
    with torch.no_grad():
        inner = backend._model.model
        shared = vars(inner).pop("get_image_features", None)  # the class has the plain one
        try:
            return backend._model(**extended, use_cache=False).logits[0, -1].float().clone()
        finally:
            if shared is not None:
                inner.get_image_features = shared


@pytest.mark.skipif(SHIPS_TORCHVISION, reason="torchvision is installed")
@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - HERE.keys()))
def test_what_needs_torchvision_is_refused_before_any_generation(name: str, tmp_path: Path) -> None:
    from unswayed.models.transformers.backend import Backend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = write(FAMILIES[name], tmp_path)
    with pytest.raises(ModelError) as refused:
        Backend(str(folder))
    assert "\n" not in str(refused.value)
    assert "torchvision" in str(refused.value) or "num2words" in str(refused.value)


def test_there_are_enough_families() -> None:
    assert len({one.model for one in HERE.values()}) >= 14
