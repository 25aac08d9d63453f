"""Statements: every form on questions that were read by eye, and what holds for any question."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements import FALLBACK, state
from unswayed.perturbations.texts.statements.form import Question
from unswayed.perturbations.texts.statements.languages import language_of

STATED = [
    json.loads(line)
    for line in Path(__file__).with_name("stated.jsonl").read_text("utf-8").splitlines()
]
"""Invented questions in the forms of the study's benchmarks, with what says each option."""

ENGLISH = [
    "How many {a} are there?",
    "Where is the {a} relative to the {b}?",
    "Is the {a} above the {b}?",
    "Which object is closer to the camera, the {a} or the {b}?",
    "What color is the {a}?",
    "What is the {a} holding in the {b}?",
    "Which {a} is {b}?",
    "Who {a}s the {b}?",
    "Find the area of {a}.",
    "Is the {a} {b} or not?",
    "Which caption describes the image?",
    'Is the following statement about the image true or false? "The {a} is on the {b}."',
    "{a} {b}",
    "图中有几{a}？",
    "这是什么{a}？",
    "{a}是{b}吗？",
    "",
]
WORDS = st.one_of(
    st.sampled_from(["dog", "red car", "left", "holding", "of the", "or", "A", "is", "狗", "\x00"]),
    st.text(max_size=12),
)
OPTIONS = st.lists(
    st.one_of(
        st.sampled_from(["yes", "no", "True", "False", "3", "left", "behind", "a cat", "The cat."]),
        st.sampled_from(["This image doesn't feature it.", "狗", "六辆", "\\pi", "nan", ""]),
        st.text(max_size=30),
    ),
    min_size=1,
    max_size=6,
    unique_by=normalise,
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    pattern = draw(st.sampled_from(ENGLISH))
    text = pattern.replace("{a}", draw(WORDS)).replace("{b}", draw(WORDS))
    return Question(text, tuple(draw(OPTIONS)))


@pytest.mark.parametrize("case", STATED, ids=lambda case: case["question"][-60:])
def test_what_says_each_option(case: dict[str, object]) -> None:
    stated = case["stated"]
    assert isinstance(stated, dict)
    question = Question(str(case["question"]), tuple(stated))
    found = {option: state(question, option) for option in stated}
    assert {option: one.text for option, one in found.items()} == stated
    assert {one.form for one in found.values()} == {case["form"]}


def test_nearly_all_of_these_forms_are_recognised() -> None:
    fallbacks = [case["question"] for case in STATED if case["form"] == FALLBACK]
    assert len(STATED) > 100
    assert len(fallbacks) <= 0.03 * len(STATED)


def test_no_statement_talks_of_the_exercise() -> None:
    words = re.compile(r"\b(?:question|answer|option|choice|caption|true or false)\b|题|答案|选项")
    for case in STATED:
        asks = str(case["question"])
        for option, said in case["stated"].items():
            if not words.search(option) and "tells this" not in said:
                assert not words.search(said), (asks, said)


@given(questions())
@example(Question("Which object is taller?", ("", "a", "A tall")))
@example(Question("What is it?", ("What is it?", "it")))
def test_any_question_is_stated(question: Question) -> None:
    for option in question.options:
        statement = state(question, option)
        assert "\n" not in statement.text
        if normalise(option):
            assert statement.text.strip()
            assert not re.search(r"[.。]$", statement.text) or option.strip(" .。") == ""


@given(questions(), st.randoms())
def test_neither_the_order_nor_the_asserted_option_matters(question: Question, rng: object) -> None:
    shuffled = list(question.options)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    other = Question(question.text, tuple(shuffled), question.kind)
    forms = {state(question, option).form for option in question.options}
    assert len(forms) == 1
    for option in question.options:
        assert state(other, option) == state(question, option)


@given(questions())
def test_recognised_options_have_sentences_of_their_own(question: Question) -> None:
    told = [option for option in question.options if normalise(option)]
    found = [state(question, option) for option in told]
    if found and not found[0].fallback:
        assert len({normalise(one.text) for one in found}) == len(found)


@pytest.mark.parametrize("length", [1_000, 20_000])
def test_a_question_of_any_length_is_read_in_bounded_work(length: int) -> None:
    """Patterns see no more than the longest question that they are for."""
    text = "Where is the " + "very " * (length // 5) + "big dog?"
    said = state(Question(text, ("left", "right")), "left")
    assert said.fallback is (length > 1_200)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How many chairs are there?", "en"),
        ("图中有几个人？", "zh"),
        ("Wie viele Stühle stehen im Bild?", "other"),
        ("これは何ですか", "other"),
        ("이것은 무엇입니까?", "other"),
        ("x + 2 = 5", "en"),
        ("", "en"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_third_language_is_flagged() -> None:
    said = state(Question("Wie viele Stühle stehen im Bild?", ("drei", "vier")), "drei")
    assert (said.fallback, said.language) == (True, "other")


def test_an_option_apart_is_said_alike_in_every_form() -> None:
    options = ("red", "blue", "This image doesn't feature the sign.")
    said = state(Question("What is the color of the sign?", options), options[2])
    assert said.text == "The picture does not show the sign"
    assert said.form == state(Question("What is the color of the sign?", options), "red").form


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("The dog is on the bed.", "The dog is not on the bed"),
        ("The train contains the laptop.", "The train does not contain the laptop"),
        ("There is a black tower.", "There is no black tower"),
        ("There are exactly two boxes.", "There are not exactly two boxes"),
        ("Each box has a star.", "It is not so that each box has a star"),
        ("One box has 2 stars", "It is not so that one box has 2 stars"),
        ("There is no yellow item.", "There is some yellow item"),
    ],
)
def test_a_sentence_that_is_false_is_denied(said: str, denied: str) -> None:
    question = Question(f'Is the following statement true or false? "{said}"', ("True", "False"))
    assert state(question, "True").text == said.rstrip(".")
    assert state(question, "False").text == denied
