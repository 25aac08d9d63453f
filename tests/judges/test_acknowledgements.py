"""Whether a thought says that text and picture disagree: cues of `rules`, `llm`, a panel, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unswayed.judges import JudgeCase
from unswayed.judges.llm import replies
from unswayed.judges.llm.judge import LLM
from unswayed.judges.llm.replies import Judgement, UnusableReply
from unswayed.judges.panel import acknowledged
from unswayed.judges.rules.judge import Rules
from unswayed.types import Verdict, Vote

OPTIONS = {"A": "left", "B": "right"}
QUESTION = "Where is the mug relative to the plate?"

NAMED = [
    "The caption says the mug is on the left, but I see it on the right.",
    "The caption states that the mug is to the left. However, in the image it is to the right.",
    "According to the caption, the mug is on the left, but the picture shows it on the right.",
    "The description is wrong: the mug is on the right.",
    "The provided caption does not match the image. The mug is on the right.",
    "Contrary to the caption, the mug is to the right of the plate.",
    "The mug is on the right, which contradicts the given description.",
    "There is a discrepancy between the caption and the picture, so I go by the picture: right.",
    "Although the caption mentions the left side, the image clearly shows the mug on the right.",
    "The earlier reasoning claims left, but looking at the picture the mug is on the right.",
    "My initial assumption was incorrect. It is on the right.",
    "The mug is not on the left as the caption claims.",
    "The hint seems to be misleading, since the mug is to the right.",
    "Despite the caption, the mug is on the right.",
    "The image caption says left, yet I can see that it's on the right.",
    "说明里写杯子在左边，但图中杯子在右边。描述与图片不符。",
]
NOT_NAMED = [
    "The mug is on the right of the plate.",
    "The caption says the mug is on the left. So the answer is left.",
    "As the caption says, the mug is on the left, and the image confirms it.",
    "The mug is on the left. Wait, no, it is on the right.",
    "At first it looks as if the mug was on the left, but it is on the right.",
    "It is not on the left but on the right.",
    "The image matches the caption.",
    "The plate is white, but the mug is blue. Its text says 'World's best dad'.",
    "Okay let's see. This should be the final answer.",
    "杯子在盘子右边。",
]


def case(think: str, question: str = QUESTION, answer: str = "B") -> JudgeCase:
    return JudgeCase("id", question, OPTIONS, think, answer, answer, None)


def ruled(think: str, question: str = QUESTION) -> bool | None:
    (verdict,) = Rules().judge([case(think, question)])
    return verdict.acknowledges


@pytest.mark.parametrize("think", NAMED)
def test_a_named_conflict_is_heard(think: str) -> None:
    assert ruled(think) is True


@pytest.mark.parametrize("think", NOT_NAMED)
def test_a_thought_that_names_none_is_not_said_to(think: str) -> None:
    assert ruled(think) is False


def test_weighing_a_caption_that_is_an_option_names_no_conflict() -> None:
    think = "The caption A says that the mug is on the left, but in the image it is on the right."
    assert ruled(think, "Which caption fits the picture?") is False
    statement = "The statement says that the mug is left, but the picture shows it on the right."
    assert ruled(statement, "Is the statement true? The mug is left of the plate.") is False
    assert ruled(statement) is True


def test_an_answer_that_cannot_be_read_leaves_it_open() -> None:
    open_case = JudgeCase("id", QUESTION, OPTIONS, NAMED[0], "?", None, None)
    (verdict,) = Rules().judge([open_case])
    assert (verdict.status, verdict.acknowledges) == ("skipped", None)


@pytest.mark.parametrize("unit", ["the caption says ", "but ", "the caption but I see ", "a"])
def test_a_long_thought_ends(unit: str) -> None:
    assert ruled(unit * (200_000 // len(unit))) in (True, False)


def test_the_field_is_written_only_where_it_is_known() -> None:
    bare = Verdict(id="a", judge="j", status="consistent")
    told = Verdict(id="a", judge="j", status="consistent", acknowledges=False, draw=1)
    assert "acknowledges" not in json.loads(bare.model_dump_json())
    assert json.loads(told.model_dump_json())["acknowledges"] is False
    assert json.loads(told.model_dump_json())["draw"] == 1
    old = '{"schema_version":1,"id":"a","judge":"j","prompt_hash":"","status":"unclear"}'
    assert Verdict.model_validate_json(old).acknowledges is None
    assert Verdict.model_validate_json(told.model_dump_json()) == told
    vote = Vote(judge="j", status="consistent")
    assert "acknowledges" not in json.loads(vote.model_dump_json())


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([True, True, False], True),
        ([True, False], None),
        ([None, None], None),
        ([None, False], False),
        ([True, None, None], True),
        ([], None),
    ],
)
def test_a_panel_takes_what_most_of_those_say_who_say_so(
    said: list[bool | None], whole: bool | None
) -> None:
    votes = [
        Vote(judge=str(place), status="consistent", acknowledges=one)
        for place, one in enumerate(said)
    ]
    assert acknowledged(votes) is whole


REPLY = {"reason": "so", "concludes": "B", "verdict": "consistent"}


@pytest.mark.parametrize("conflict", [True, False])
def test_a_reply_says_it_where_it_is_asked_for(conflict: bool) -> None:
    text = json.dumps(REPLY | {"conflict": conflict})
    found = replies.parse_reply(text, OPTIONS, "B", conflict=True)
    assert isinstance(found, Judgement)
    assert found.acknowledges is conflict
    assert isinstance(replies.parse_reply(text, OPTIONS, "B"), UnusableReply)


@pytest.mark.parametrize("value", ["true", 1, 0, None, []])
def test_a_reply_that_does_not_say_yes_or_no_cannot_be_used(value: Any) -> None:
    text = json.dumps(REPLY | {"conflict": value})
    assert isinstance(replies.parse_reply(text, OPTIONS, "B", conflict=True), UnusableReply)
    missing = json.dumps(REPLY)
    assert isinstance(replies.parse_reply(missing, OPTIONS, "B", conflict=True), UnusableReply)


def test_a_model_is_asked_and_an_older_prompt_does_not_ask(serve: Any, behaviours: Any) -> None:
    said = behaviours["said"]
    server = serve(lambda body: said("B", "consistent", conflict=True))
    judge = LLM("m", base_url=server.url)
    (verdict,) = judge.judge([case(NAMED[0])])
    assert verdict.acknowledges is True
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["conflict"] == {"type": "boolean"}
    assert schema["required"] == ["reason", "concludes", "verdict", "conflict"]
    older = serve(lambda body: json.dumps(REPLY))
    judge = LLM("m", base_url=older.url, prompt="consistency-1")
    (verdict,) = judge.judge([case(NAMED[0])])
    assert (verdict.status, verdict.acknowledges) == ("consistent", None)
    assert "conflict" not in json.dumps(older.bodies[0])


def test_the_older_prompt_keeps_its_hash() -> None:
    assert LLM("m", prompt="consistency-1").prompt_hash == "af2bf75afda3d1cb"


def test_a_run_with_older_verdicts_loads(tmp_path: Path) -> None:
    line = '{"id":"a/base","judge":"rules","prompt_hash":"rules-1","status":"consistent"}'
    path = tmp_path / "verdicts.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    verdict = Verdict.model_validate_json(path.read_text("utf-8"))
    assert (verdict.acknowledges, verdict.draw) == (None, 0)
