"""Statements of Chinese questions: tables read by eye, and what holds for any text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements import FALLBACK, state
from unswayed.perturbations.texts.statements.form import Question

CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("chinese.jsonl").read_text("utf-8").splitlines()
]
"""Invented questions in the forms of MMBench cn and CCBench, with what says each option."""

PARTS = st.sampled_from(
    [
        "图中",
        "哪个",
        "什么",
        "以下",
        "还是",
        "（ ）",
        "多少",
        "几",
        "谁",
        "为什么",
        "“猫在树上”",
        "？",
        "，",
        "对还是错",
        "正在做",
        "的",
        "请判断",
        "狗",
        "a dog",
        "\x07",
        "《",
        "哪个方向",
        "相同吗",
        "。",
    ]
)
OPTIONS = st.lists(
    st.one_of(
        st.sampled_from(["对", "错", "相同", "不同", "无法判断", "三只", "《春晓》"]),
        st.text(max_size=20),
    ),
    min_size=1,
    max_size=5,
    unique_by=normalise,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["question"])
def test_what_says_each_option(case: dict[str, object]) -> None:
    stated = case["stated"]
    assert isinstance(stated, dict)
    question = Question(str(case["question"]), tuple(stated))
    found = {option: state(question, option) for option in stated}
    assert {option: one.text for option, one in found.items()} == stated
    assert {one.form for one in found.values()} == {case["form"]}


@given(st.lists(PARTS, max_size=8).map("".join), OPTIONS, st.randoms())
def test_any_text_is_stated(text: str, options: list[str], rng: object) -> None:
    question = Question(f"图{text}", tuple(options))
    found = {option: state(question, option) for option in options}
    for option, one in found.items():
        assert "\n" not in one.text
        assert not one.text.endswith("。") or option.strip(" .。；;") == ""
    told = [one for option, one in found.items() if normalise(option)]
    if told and told[0].form != FALLBACK:
        assert len({normalise(one.text) for one in told}) == len(told)
    shuffled = list(options)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    other = Question(question.text, tuple(shuffled))
    assert {option: state(other, option) for option in options} == found


def test_a_question_for_what_is_wrong_is_not_stated() -> None:
    question = Question(
        "以下对这位历史人物的描述中哪一项是错误的？", ("他是唐代的诗人", "他是画家")
    )
    assert state(question, "他是画家").fallback


def test_a_text_of_ten_thousand_characters_is_left_to_the_fallback() -> None:
    question = Question("图中的" + "非常" * 5000 + "大的狗在哪里？", ("左边", "右边"))
    assert state(question, "左边").text == "图中所示为左边"
