"""Prompts as verl reads them: as in an evaluation, and nothing that verl would garble."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from unswayed import prompts
from unswayed.errors import DataError
from unswayed.training.data import TrainingPrompt, training_prompts
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.verl import data as verl_data
from unswayed.types import Variant

pq = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
PROFILE = prompts.profile("organism")
RATES = dict.fromkeys(("correct_caption", "wrong_caption", "correct_think", "wrong_think"), 0.2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingPrompt]:
    found = TrainingRecipe.model_validate(
        {
            "model": "organism",
            "data": [{"benchmark": "scenes,n=30,split=train"}],
            "prompts": 30,
            "augmentation": RATES,
        }
    )
    return list(training_prompts(found, PROFILE, tmp_path_factory.mktemp("run")))


def test_a_file_holds_every_prompt_in_order(made: list[TrainingPrompt], tmp_path: Path) -> None:
    path = tmp_path / "verl" / "prompts.parquet"
    verl_data.write_prompts(made, path, "organism", (3136, 12544))
    rows = pq.read_table(path).to_pylist()
    assert [row["extra_info"]["index"] for row in rows] == list(range(30))
    assert list(path.parent.iterdir()) == [path]
    for row, prompt in zip(rows, made, strict=True):
        variant, info = prompt.variant, row["extra_info"]
        assert Variant.model_validate_json(info["variant"]) == variant
        assert (row["data_source"], row["ability"]) == ("scenes", verl_data.ABILITY)
        assert row["reward_model"] == {"style": "rule", "ground_truth": variant.answer}
        assert info["question"] == variant.sample.question
        assert {one["letter"]: one["text"] for one in info["options"]} == variant.options
        assert (info["foil"], info["prefill"]) == (variant.foil, variant.prefill)
        assert (info["profile"], info["name"]) == ("organism", variant.name)
        (image,) = row["images"]
        assert image["bytes"] == prompt.images[0].read_bytes()
        assert (image["min_pixels"], image["max_pixels"]) == (3136, 12544)


def test_a_prefill_is_a_trailing_message(made: list[TrainingPrompt]) -> None:
    for prompt in made:
        chat = prompt.messages("<image>" * len(prompt.images))
        assert chat[-1]["role"] == ("assistant" if prompt.variant.prefill else "user")
        user = next(turn for turn in chat if turn["role"] == "user")
        assert user["content"] == "<image>" + prompt.user
        if prompt.variant.prefill:
            assert chat[-1]["content"] == prompt.variant.prefill
    assert any(prompt.variant.prefill for prompt in made)


def test_a_system_message_comes_first(made: list[TrainingPrompt]) -> None:
    prompt = dataclasses.replace(made[0], system="Think.")
    assert prompt.messages("<image>" * len(prompt.images))[0] == {
        "role": "system",
        "content": "Think.",
    }


@pytest.mark.parametrize("word", ["<image>", "<video>", "<audio>"])
def test_a_text_that_verl_takes_for_a_picture_is_left_out_and_said(
    word: str, made: list[TrainingPrompt]
) -> None:
    bad = dataclasses.replace(made[3], user=f"What does {word} mean?")
    kept, failures = verl_data.usable([*made[:3], bad, bad, *made[4:]])
    assert kept == [*made[:3], *made[4:]]
    (failure,) = failures
    assert (failure.id, failure.stage) == (bad.variant.sample.id, "load")
    assert word in failure.message


def test_without_pictures_verl_reads_the_text_as_it_is(made: list[TrainingPrompt]) -> None:
    bare = dataclasses.replace(made[0], images=(), user="<image>")
    assert verl_data.usable([bare]) == ([bare], [])
    assert verl_data.row(bare, 0, "organism", (1, 2))["images"] == []


def test_a_picture_that_is_gone(made: list[TrainingPrompt], tmp_path: Path) -> None:
    gone = dataclasses.replace(made[0], images=(tmp_path / "gone.png",))
    path = tmp_path / "prompts.parquet"
    with pytest.raises(DataError, match=r"cannot read the picture .*gone\.png"):
        verl_data.write_prompts([*made[:3], gone], path, "organism", (1, 2))
    assert not path.exists()
