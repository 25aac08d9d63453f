"""Statements of questions like those of MMBench and MME-RealWorld: a table read by eye."""

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
    for line in Path(__file__).with_name("general.jsonl").read_text("utf-8").splitlines()
]
"""Invented questions, with what says each option."""

WORDS = st.one_of(
    st.sampled_from(["dog", "the sign", "ego car", "\x1b", "狗", "B"]), st.text(max_size=9)
)
PATTERNS = st.sampled_from(
    [
        "What is the name of {}?",
        "Extract the text from {}.",
        "What number is on {}?",
        "How much does {} cost?",
        "When does {} open?",
        "By how much did {} increase since {}?",
        "What is the second highest value of {}?",
        "What should {} do?",
        "What is {} about to do?",
        "What is the reason for {}?",
        "Is the following statement true or false? The {} is here",
        "What will happen next to {}?",
        "What is the relationship between {}?",
        "What emotion is {} feeling?",
        "Select the {}.",
        "Which of the following is the {}?",
        "Why is the {} red?",
        "Which one is the best caption of {}?",
    ]
)
OPTIONS = st.lists(
    st.one_of(
        st.sampled_from(["true", "false", "$3", "4", "both A and B", "None of these", "friends"]),
        st.sampled_from(
            ["Because it is red", "The dog is here. It is big.", "unclear", "Not sure"]
        ),
        st.text(max_size=20),
    ),
    min_size=1,
    max_size=5,
    unique_by=normalise,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["question"][-60:])
def test_what_says_each_option(case: dict[str, object]) -> None:
    stated = case["stated"]
    assert isinstance(stated, dict)
    question = Question(str(case["question"]), tuple(stated))
    found = {option: state(question, option) for option in stated}
    assert {option: one.text for option, one in found.items()} == stated
    assert {one.form for one in found.values()} == {case["form"]}


@given(PATTERNS, WORDS, OPTIONS, st.randoms())
def test_any_text_is_stated(pattern: str, word: str, options: list[str], rng: object) -> None:
    question = Question(pattern.replace("{}", word), tuple(options))
    found = {option: state(question, option) for option in options}
    for option, one in found.items():
        assert "\n" not in one.text
        assert not one.text.endswith(".") or option.strip(" .") == ""
    told = [one for option, one in found.items() if normalise(option)]
    if told and told[0].form != FALLBACK:
        assert len({normalise(one.text) for one in told}) == len(told)
    shuffled = list(options)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    other = Question(question.text, tuple(shuffled))
    assert {option: state(other, option) for option in options} == found
