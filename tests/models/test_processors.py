"""A checkpoint whose parts do not belong together is refused in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.errors import ModelError
from unswayed.models.transformers import processors
from unswayed.models.transformers.backend import Backend


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint that may be spoiled."""
    return shutil.copytree(tiny_folder, tmp_path / "checkpoint")


def test_no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"expected a tokenizer \(tokenizer.json or .* found none"):
        Backend(str(folder))


def test_a_tokenizer_with_more_tokens_than_the_weights(folder: Path) -> None:
    _add_tokens(folder, [f"further{i}" for i in range(40)])
    with pytest.raises(ModelError, match=r"expected a tokenizer of at most \d+ tokens .* belongs"):
        Backend(str(folder))


def test_a_tokenizer_with_another_picture_token(folder: Path) -> None:
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text())
    vocabulary = found["model"]["vocab"]
    swapped = {"<|image_pad|>": vocabulary["<|video_pad|>"]}
    swapped["<|video_pad|>"] = vocabulary["<|image_pad|>"]
    found["model"]["vocab"] = {**vocabulary, **swapped}
    for token in found["added_tokens"]:
        token["id"] = swapped.get(token["content"], token["id"])
    path.write_text(json.dumps(found))
    with pytest.raises(ModelError, match=r"gives <\|image_pad\|> the id \d+ of config.json, found"):
        Backend(str(folder))


@pytest.mark.parametrize("version", ["4.57.1", "5.4.0"])
def test_an_older_transformers_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(processors.transformers, "__version__", version)
    with pytest.raises(ModelError, match=rf"expected transformers 5.5 or later, found {version}"):
        Backend(str(folder))


@pytest.mark.parametrize("version", ["5.5.0", "5.10.4", "6.0.dev0"])
def test_later_ones_are_taken(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(processors.transformers, "__version__", version)
    assert processors.load_processor(str(folder)).image_processor


def _add_tokens(folder: Path, tokens: list[str]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(tokens)
    tokenizer.save_pretrained(folder)
