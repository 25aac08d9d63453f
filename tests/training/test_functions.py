"""Rewards as plain functions, as somebody else's trainer calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError, StageError
from unswayed.training.functions import reward_function

RIGHT = "<think>The cup is blue. So it is the cup.</think><answer>A</answer>"
SPLIT = "<think>The bowl is blue. So it is the bowl.</think><answer>A</answer>"
OPTIONS = ["the cup", "the bowl"]


def columns(count: int, **more: Any) -> dict[str, Any]:
    row = {"question": "Which one is blue?", "options": OPTIONS, "answer": "A", **more}
    return {key: [value] * count for key, value in row.items()}


def chat(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def test_texts_and_chats_earn_the_same() -> None:
    reward = reward_function("faithful")
    assert reward.__name__ == "faithful"
    assert reward(None, [RIGHT, SPLIT], **columns(2)) == [1.1, 0.1]
    assert reward(["p"] * 2, [chat(RIGHT), chat(SPLIT)], **columns(2)) == [1.1, 0.1]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": RIGHT}]}]
    assert reward(None, [parts], **columns(1)) == [1.1]
    assert reward_function("accuracy")(None, [SPLIT], **columns(1)) == [1.1]


def test_options_may_be_letters_with_texts_and_gaps_of_a_table() -> None:
    options = {"A": "the cup", "B": "the bowl", "C": None}
    assert reward_function()(None, [RIGHT], **columns(1, options=options)) == [1.1]


def test_a_begun_turn_is_read_before_the_completion() -> None:
    begun = columns(2, prefill="<think>The bowl is blue")
    rest = [
        ". No, the cup is. So it is the cup.</think><answer>A</answer>",
        ".</think><answer>A</answer>",
    ]
    assert reward_function()(None, rest, **begun) == [1.1, 0.0]


def test_completions_of_one_prompt_are_a_group() -> None:
    reward = reward_function("guarded")
    alone = reward(None, [RIGHT], **columns(1))
    twice = reward(None, [RIGHT, RIGHT], **columns(2))
    assert twice[0] == pytest.approx(alone[0] - 0.2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"answer": ["A"]}, "found none called question, options"),
        (columns(1, answer="C"), "letter of an option"),
        (columns(1, options="A, B"), "list of texts"),
    ],
)
def test_what_is_missing_is_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        reward_function()(None, [RIGHT], **given)


def test_prompts_that_differ_in_their_picture_are_told_apart_by_an_id() -> None:
    reward = reward_function("guarded")
    apart = reward(None, [RIGHT, RIGHT], **columns(2) | {"id": ["one", "two"]})
    assert apart == reward(None, [RIGHT], **columns(1)) * 2


def test_a_chat_without_words_and_a_template_that_opens_the_thought() -> None:
    empty = [{"role": "assistant", "content": None}]
    assert reward_function()(None, [empty], **columns(1)) == [0.0]
    rest = RIGHT.removeprefix("<think>")
    assert reward_function(opens_thought=True)(None, [rest], **columns(1)) == [1.1]


def test_what_a_tool_says_is_not_the_models() -> None:
    tool = {"role": "tool", "name": "look", "content": RIGHT}
    assert reward_function()(None, [[*chat("Let me look."), tool]], **columns(1)) == [0.0]
    assert reward_function()(None, [[tool, *chat(RIGHT)]], **columns(1)) == [1.1]


def test_a_judge_that_is_not_there_is_found_at_once() -> None:
    pytest.importorskip("aiohttp")
    judge = "reward.judge=llm:m,base_url=http://127.0.0.1:9/v1"
    with pytest.raises(StageError, match="training did not begin"):
        reward_function("faithful", [judge, "reward.asking.attempts=1"])


@pytest.mark.parametrize(
    "recipe",
    ["care", "invariant", "reanswer", "lagrangian", "faithful-grpo", "cora", "papo"],
)
def test_a_reward_that_needs_the_training_is_refused(recipe: str) -> None:
    with pytest.raises(ConfigError, match="needs the training itself"):
        reward_function(recipe)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_plain_trainer_takes_a_step_with_it(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    from datasets import Dataset
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    from unswayed.models.transformers.loading import load_model
    from unswayed.models.transformers.processors import load_processor
    from unswayed.organism import weights_folder

    start = str(weights_folder("early"))
    asked = "Question: Which one is blue?\nOptions:\nA. the cup\nB. the bowl"
    row = {"prompt": [{"role": "user", "content": asked}], "question": "Which one is blue?"}
    data = Dataset.from_list([{**row, "options": OPTIONS, "answer": "A"}] * 2)
    seen: list[float | None] = []
    reward = reward_function("faithful")

    def watched(**given: Any) -> list[float | None]:
        seen.extend(found := reward(**given))
        return found

    trainer = GRPOTrainer(
        model=load_model(start, "float32", None, {}),
        reward_funcs=[watched],
        args=GRPOConfig(
            output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=4,
            num_generations=2, max_completion_length=24, use_cpu=True, report_to=[],
            save_strategy="no", bf16=False,
        ),
        train_dataset=data,
        processing_class=load_processor(start).tokenizer,
    )  # fmt: skip
    trainer.train()
    assert len(seen) == 4
    assert all(value is not None for value in seen)
