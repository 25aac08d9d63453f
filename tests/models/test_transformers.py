"""The transformers backend: exact numbers, open prefills, failures that stay with their item."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.answers import parse_output
from unswayed.errors import ConfigError, ModelError
from unswayed.models import Decoding, Request
from unswayed.run.pictures import pixels_of, within
from unswayed.types import ImageRef, PictureLimits

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from transformers import AutoModelForImageTextToText  # noqa: E402

from unswayed.models.letters import LetterTokens, locate  # noqa: E402
from unswayed.models.transformers.backend import Backend  # noqa: E402
from unswayed.models.transformers.model import Transformers  # noqa: E402

Requests = Callable[..., list[Request]]


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> Backend:
    return Backend(str(tiny_folder))


@pytest.fixture(scope="module")
def taught(taught_folder: Path) -> Backend:
    return Backend(str(taught_folder))


@pytest.fixture(scope="module")
def plain_parts(taught_folder: Path) -> tuple[Any, Any]:
    """Processor and model as transformers alone loads them."""
    from unswayed.models.transformers.processors import load_processor

    model = AutoModelForImageTextToText.from_pretrained(taught_folder, dtype=torch.float32)
    return load_processor(str(taught_folder)), model.eval()


def plain_letters(parts: tuple[Any, Any], request: Request, continuation: list[int]) -> Any:
    """Return full-softmax letter probabilities from transformers alone.

    One row, no padding, no cache, no shared pictures, the letter ids looked up by hand.
    """
    from PIL import Image

    processor, model = parts
    messages: list[Any] = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": request.user}]}
    ]
    text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    inputs = processor(
        text=[text + request.prefill], images=[Image.open(request.images[0])], return_tensors="pt"
    )
    ids = torch.cat([inputs["input_ids"], torch.tensor([continuation])], dim=1)
    inputs["input_ids"] = ids
    inputs["attention_mask"] = torch.ones_like(ids)
    inputs["mm_token_type_ids"] = torch.nn.functional.pad(
        inputs["mm_token_type_ids"], (0, len(continuation))
    )
    with torch.no_grad():
        probabilities = model(**inputs, use_cache=False).logits[0, -1].softmax(-1)
    vocabulary = processor.tokenizer.get_vocab()
    spelled = {
        letter: [vocabulary[s] for s in (letter, f"Ġ{letter}") if s in vocabulary]
        for letter in request.options
    }
    return {letter: float(probabilities[ids].sum()) for letter, ids in spelled.items()}


def test_letter_distribution_equals_a_plain_forward_pass(
    taught: Backend, plain_parts: tuple[Any, Any], make_requests: Requests
) -> None:
    requests = make_requests()
    made = taught.generate(requests, Decoding(max_new_tokens=24))
    checked = 0
    for request, generation in zip(requests, made, strict=True):
        reading = parse_output(request.prefill + generation.text, request.options)
        assert (generation.letters is None) == (reading.answer_at is None)
        if generation.letters is None:
            continue
        assert not generation.letters.forced
        before = generation.text[: generation.text.rindex("<answer>") + len("<answer>")]
        tokens = taught._tokenizer.encode(before, add_special_tokens=False)
        plain = plain_letters(plain_parts, request, tokens)
        total = sum(plain.values())
        for letter, probability in generation.letters.probabilities.items():
            assert probability == pytest.approx(plain[letter] / total, abs=1e-4)
        assert generation.letters.other_mass == pytest.approx(1 - total, abs=1e-4)
        assert sum(generation.letters.probabilities.values()) == pytest.approx(1)
        checked += 1
    assert checked >= len(requests) // 2
    assert {request.variant for request in requests} == {
        request.variant
        for request, generation in zip(requests, made, strict=True)
        if generation.letters
    }


def test_batched_equals_one_by_one(taught: Backend, make_requests: Requests) -> None:
    requests = make_requests()
    together = taught.generate(requests, Decoding(max_new_tokens=24, force_answer=True))
    alone = [
        taught.generate([r], Decoding(max_new_tokens=24, force_answer=True))[0] for r in requests
    ]
    for one, many in zip(alone, together, strict=True):
        assert (one.text, one.status, one.tokens) == (many.text, many.status, many.tokens)
        assert one.letters is not None
        assert many.letters is not None
        for letter, probability in one.letters.probabilities.items():
            assert probability == pytest.approx(many.letters.probabilities[letter], abs=1e-4)


def test_pictures_are_encoded_once_for_all_variants(
    tiny_folder: Path, make_requests: Requests
) -> None:
    backend = Backend(str(tiny_folder))
    backend.generate(make_requests(3), Decoding(max_new_tokens=4, force_answer=True))
    assert backend.pictures_encoded == 3
    backend.generate(make_requests(3)[-2:], Decoding(max_new_tokens=4))
    assert backend.pictures_encoded == 3, "the last sample's picture was still known"


def test_shared_pictures_change_no_number(tiny_folder: Path, make_requests: Requests) -> None:
    shared, plain = Backend(str(tiny_folder)), Backend(str(tiny_folder))
    plain_any: Any = plain
    plain_any._processor.image_processor = plain_any._processor.image_processor._processor
    inner = plain_any._model.model
    inner.get_image_features = plain_any._encoding._encode
    plain_any._encoding = None
    requests = make_requests()
    decoding = Decoding(max_new_tokens=8, force_answer=True)
    for ours, theirs in zip(
        shared.generate(requests, decoding), plain.generate(requests, decoding), strict=True
    ):
        assert ours.text == theirs.text
        assert ours.letters
        assert theirs.letters
        assert ours.letters.probabilities == pytest.approx(theirs.letters.probabilities, abs=1e-5)


def test_prefill_is_the_literal_tail_of_the_prompt(tiny: Backend, make_requests: Requests) -> None:
    for request in make_requests():
        assert tiny.render(request).endswith(f"<|im_start|>assistant\n{request.prefill}")


def test_picture_placeholders_are_never_written(tiny_folder: Path, make_requests: Requests) -> None:
    """A placeholder among the generated ids would ask for a picture when they are read again."""
    backend = Backend(str(tiny_folder))
    model = backend._model
    with torch.no_grad():  # the placeholder's logit is by far the largest, whatever came before
        weights = model.get_output_embeddings().weight
        weights[:] = weights.abs().mean() * 0.01
        model.get_output_embeddings().bias = torch.nn.Parameter(
            torch.nn.functional.one_hot(
                torch.tensor(model.config.image_token_id), weights.shape[0]
            ).float()
            * 100
        )
    made = backend.generate(make_requests(1), Decoding(max_new_tokens=6, force_answer=True))
    for generation in made:
        assert generation.status != "error"
        assert "<|image_pad|>" not in generation.text
        assert generation.letters


def test_a_thought_that_the_template_opens_belongs_to_the_text(
    taught: Backend, taught_folder: Path, make_requests: Requests
) -> None:
    """Templates of the R1 kind write `<think>` themselves: the model only closes it."""
    backend = Backend(str(taught_folder))
    template = backend._processor.chat_template
    opening = template.replace("<|im_start|>assistant\n'", "<|im_start|>assistant\n<think>'")
    assert opening != template
    backend._processor.chat_template = opening
    request = next(r for r in make_requests(1) if not r.prefill)
    decoding = Decoding(max_new_tokens=24)
    own, opened = taught.generate([request], decoding)[0], backend.generate([request], decoding)[0]
    assert own.text.startswith("<think>"), "by itself, the model opens its thought"
    assert opened.text == own.text
    assert opened.letters
    assert own.letters
    assert opened.letters.probabilities == pytest.approx(own.letters.probabilities, abs=1e-4)


def test_greedy_is_deterministic_and_sampling_follows_the_seed(
    tiny: Backend, make_requests: Requests
) -> None:
    requests = make_requests(1)

    def texts(temperature: float, seed: int) -> list[str]:
        decoding = Decoding(max_new_tokens=12, temperature=temperature, seed=seed)
        return [generation.text for generation in tiny.generate(requests, decoding)]

    assert texts(0, 0) == texts(0, 1)
    assert texts(1.0, 0) == texts(1.0, 0)
    assert texts(1.0, 0) != texts(1.0, 1)


def test_no_answer_has_no_distribution_unless_forced(
    tiny: Backend, make_requests: Requests
) -> None:
    requests = make_requests(1)
    assert all(g.letters is None for g in tiny.generate(requests, Decoding(max_new_tokens=4)))
    forced = tiny.generate(requests, Decoding(max_new_tokens=4, force_answer=True))
    assert all(g.letters and g.letters.forced for g in forced)


def test_the_token_limit_is_told_from_a_stop(taught: Backend, make_requests: Requests) -> None:
    requests = make_requests(1)
    assert {g.status for g in taught.generate(requests, Decoding(max_new_tokens=2))} == {"length"}
    finished = taught.generate(requests, Decoding(max_new_tokens=24))
    assert "stop" in {g.status for g in finished}
    for generation in finished:
        assert "<|im_end|>" not in generation.text


def test_a_broken_item_fails_alone(tiny: Backend, make_requests: Requests, tmp_path: Path) -> None:
    requests = make_requests(2)
    requests[3] = replace(requests[3], images=(tmp_path / "missing.png",))
    made = tiny.generate(requests, Decoding(max_new_tokens=3))
    assert [g.status == "error" for g in made] == [index == 3 for index in range(len(made))]
    assert made[3].error is not None
    assert "missing.png" in made[3].error
    assert made[3].letters is None


def test_a_turned_picture_is_prepared_as_it_is_seen(
    tiny: Backend, make_requests: Requests, tmp_path: Path
) -> None:
    request = make_requests(1)[0]
    exif = Image.Exif()
    exif[0x0112] = 8
    with Image.open(request.images[0]) as upright:
        sideways = upright.transpose(Image.Transpose.ROTATE_270)
        sideways.save(tmp_path / "turned.png", exif=exif)
    shown, turned = (
        tiny._inputs([replace(request, images=(path,))])["pixel_values"]
        for path in (request.images[0], tmp_path / "turned.png")
    )
    assert torch.equal(shown, turned)


def test_a_prompt_longer_than_the_context_is_an_error_of_that_item(
    tiny: Backend, make_requests: Requests
) -> None:
    requests = make_requests(1)[:2]
    requests[1] = replace(requests[1], user="word " * 5000)
    made = tiny.generate(requests, Decoding(max_new_tokens=3))
    assert [g.status for g in made] == ["length", "error"]
    assert "context holds 4096" in (made[1].error or "")


def test_out_of_memory_halves_the_batch(
    tiny_folder: Path, make_requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Backend(str(tiny_folder))
    sizes: list[int] = []
    whole = backend._batch

    def narrow(requests: Any, decoding: Decoding) -> Any:
        sizes.append(len(requests))
        if len(requests) > 2:
            raise torch.OutOfMemoryError("no room")
        return whole(requests, decoding)

    monkeypatch.setattr(backend, "_batch", narrow)
    requests = make_requests(2)
    made = backend.generate(requests, Decoding(max_new_tokens=3))
    assert sizes == [8, 4, 2, 2, 4, 2, 2]
    assert [g.id for g in made] == [r.id for r in requests]
    assert all(g.status != "error" for g in made)


def test_rows_without_pictures_may_stand_among_others(
    tiny: Backend, make_requests: Requests
) -> None:
    requests = make_requests(1)
    requests[1] = replace(requests[1], images=())
    made = tiny.generate(requests, Decoding(max_new_tokens=3))
    assert [g.id for g in made] == [r.id for r in requests]
    assert all(g.status != "error" for g in made)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "found nothing"),
        ({}, "no config.json"),
        ({"config.json": "{}"}, "expected a tokenizer"),
        ({"config.json": "{}", "tokenizer.json": "{}"}, "expected an image processor"),
        (
            dict.fromkeys(("config.json", "tokenizer.json", "preprocessor_config.json"), "{}"),
            "load",
        ),
    ],
)
def test_a_folder_that_is_no_checkpoint(
    tmp_path: Path, content: dict[str, str] | None, message: str
) -> None:
    folder = tmp_path / "model"
    if content is not None:
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_text(text)
    with pytest.raises(ModelError, match=message):
        Backend(str(folder))


def test_a_checkpoint_without_a_chat_template(tiny_folder: Path, tmp_path: Path) -> None:
    import json
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    for name in ("chat_template.json", "chat_template.jinja"):
        (folder / name).unlink(missing_ok=True)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    settings.pop("chat_template", None)
    path.write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="no chat template"):
        Backend(str(folder))


def test_unknown_dtype_and_device(tiny_folder: Path) -> None:
    with pytest.raises(ConfigError, match="float32, bfloat16"):
        Transformers(str(tiny_folder), dtype="int4")
    with pytest.raises(ConfigError, match="torch device"):
        Backend(str(tiny_folder), device="quantum")


class _Vocabulary:
    """A decoder over a list of texts."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def decode(self, ids: Any) -> str:
        return "".join(self.texts[index] for index in ids)


def test_spellings_are_read_off_the_vocabulary() -> None:
    texts = ["A", " A", ">A", "A.", "Apple", "> B", "B", ">", "(", "(C", "Bé", "\nB", "é"]
    table = LetterTokens(texts)
    assert table.ids("", "A") == [0, 1, 3]
    assert table.ids(">", "A") == [2]
    assert table.ids(">", "B") == [5]
    assert table.ids("", "B") == [6, 11]
    assert table.ids("(", "C") == [9]
    assert table.leads(">") == [7]
    assert not table.spells_all(">", "ABC")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["<", "answer", ">", "A", "</"], (3, "")),
        (["<", "answer", ">A", "</"], (2, ">")),
        (["<answer>", " A", "</"], (1, "")),
        (["<answer>", "(", "A", ")"], (2, "")),
        (["<answer>", " (A", ")"], (1, "(")),
    ],
)
def test_the_letter_token_is_found(pieces: list[str], expected: tuple[int, str]) -> None:
    text = "".join(pieces)
    vocabulary = _Vocabulary(pieces)
    assert locate(vocabulary, range(len(pieces)), text, text.index("A")) == expected


def test_a_letter_spelled_in_two_tokens_gets_its_mass(taught: Backend) -> None:
    """`>A` is one token, `>B` is not: p(B) = p(>) · p(B after >)."""
    from unswayed.models.transformers.letters import LetterPlace, LetterReader

    reader: Any = LetterReader.__new__(LetterReader)
    reader._letters = LetterTokens([">A", ">", "B", "x"])
    request = Request("i", "s", "v", "", "", (), "", {"A": "a", "B": "b"})
    first = torch.tensor([0.5, 0.25, 0.05, 0.2]).log()
    second = torch.tensor([0.0, 0.1, 0.4, 0.5]).log()
    found = reader.distribution(request, LetterPlace([], ">", forced=False), first, second)
    assert found.probabilities == pytest.approx({"A": 0.5 / 0.6, "B": 0.1 / 0.6})
    assert found.other_mass == pytest.approx(0.4)
    assert math.isclose(sum(found.probabilities.values()), 1)


def test_the_template_is_told_whether_to_think(
    taught_folder: Path, make_requests: Requests
) -> None:
    """Gemma 4's closes an empty thought before the model's turn unless it is told to think."""
    backend = Backend(str(taught_folder))
    template = backend._processor.chat_template
    empty = "{% if not enable_thinking | default(false) %}<think></think>{% endif %}"
    backend._processor.chat_template = template + empty
    request = next(r for r in make_requests(1) if not r.prefill)
    assert backend.render(request).endswith("<think></think>")
    assert not backend.render(replace(request, thinking=True)).endswith("<think></think>")
    assert backend.render(replace(request, thinking=False)).endswith("<think></think>")


def test_pictures_are_shown_in_the_size_that_the_profile_says(
    tiny_folder: Path, make_requests: Callable[..., list[Request]], tmp_path: Path
) -> None:
    backend: Any = Backend(str(tiny_folder))
    request = make_requests(1)[0]
    limits = PictureLimits(max_side=56)
    small = tmp_path / "small.png"
    within(pixels_of(ImageRef(path=str(request.images[0]))), limits).save(small)
    limited, scaled, whole = (
        backend._inputs([one])["pixel_values"]
        for one in (replace(request, limits=limits), replace(request, images=(small,)), request)
    )
    assert torch.equal(limited, scaled)
    assert limited.shape != whole.shape or not torch.equal(limited, whole)
