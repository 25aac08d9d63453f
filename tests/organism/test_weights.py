"""The shipped weights: whole, small, and as good as their card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.organism import card, card_page, weights_folder  # noqa: E402
from unswayed.organism.exam import load, mark, questions  # noqa: E402
from unswayed.organism.lessons import Lesson, user_text  # noqa: E402

WHICH = ("final", "early")


@pytest.mark.parametrize("which", WHICH)
def test_a_checkpoint_is_whole(which: str) -> None:
    folder = weights_folder(which)
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "preprocessor_config.json",
        "video_preprocessor_config.json",
        "chat_template.jinja",
        "CARD.md",
        "card.json",
    } <= names
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Qwen2_5_VLForConditionalGeneration"]
    assert config["dtype"] == "bfloat16"


def test_all_weights_stay_below_ten_megabytes() -> None:
    files = [path for path in weights_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 10_000_000


@pytest.mark.parametrize("which", WHICH)
def test_it_answers_about_as_well_as_its_card_says(which: str) -> None:
    folder = weights_folder(which)
    model, tokenizer = load(folder)
    asked = questions(20, seed="shipped")
    rows = [
        Lesson(user_text(question), "", "", question.scene, question.kind) for question in asked
    ]
    marks = mark(model, tokenizer, asked, rows)
    right = sum(one.answer == one.gold for one in marks) / len(marks)
    (told,) = [
        s.accuracy for s in card.read(folder).scores if (s.condition, s.kind) == ("base", "all")
    ]
    # 100 questions: four standard errors of the difference are 0.2 at the very most.
    assert abs(right - told) < 0.2
    assert sum(one.answer is not None for one in marks) / len(marks) > 0.95


def test_card_and_page_agree() -> None:
    for which in WHICH:
        folder: Path = weights_folder(which)
        told = card.read(folder)
        assert (folder / "CARD.md").read_text(encoding="utf-8") == card_page.page(told)
        assert min(score.n for score in told.scores if score.kind == "all") >= 500
        assert told.doubt is not None
        assert {e.n for e in told.doubt.figures if e.metric == "accuracy"} == {250}
