from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.benchmarks.parse.gold import AnswerAs, check_answer_as, letter_of
from unswayed.benchmarks.parse.options import from_list
from unswayed.errors import ConfigError, DataError

PLACES = {"A": "left", "B": "right", "C": "downwards", "D": "upwards"}
COUNTS = {"A": "3", "B": "2", "C": "1", "D": "0"}


@pytest.mark.parametrize(
    "value",
    ["D", "(D)", "D.", " D ", "[D]", "D)", "D. upwards", "(D) Upwards.", "upwards", "Upwards."],
)
def test_forms_of_a_gold_answer(value: str) -> None:
    assert letter_of(value, PLACES) == "D"


def test_truth_values_are_texts() -> None:
    assert letter_of(True, {"A": "True", "B": "False"}) == "A"
    assert letter_of(False, {"A": "yes", "B": "false"}) == "B"


@pytest.mark.parametrize(
    ("value", "how", "letter"),
    [
        ("1", "text", "C"),
        (1, "index0", "B"),
        (1, "index1", "A"),
        ("2.0", "index0", "C"),
        ("(C)", "letter", "C"),
        ("C. anything", "letter", "C"),
    ],
)
def test_the_user_says_how_to_read_it(value: object, how: AnswerAs, letter: str) -> None:
    assert letter_of(value, COUNTS, how) == letter


def test_a_number_that_can_be_no_index_is_a_text() -> None:
    assert letter_of(48, {"A": "12", "B": "48"}) == "B"


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        ("E", PLACES, "the gold 'E' is not one of the options"),
        ("nowhere", PLACES, "the gold 'nowhere' is not one of the options"),
        ("d", PLACES, "the gold 'd' is not one of the options"),
        ("red", {"A": "red", "B": "Red "}, None),
        ("RED", {"A": "red", "B": "Red"}, "not one of the options, or not of one alone"),
        ("", PLACES, "expected a gold answer, found none"),
        (None, PLACES, "expected a gold answer, found none"),
        ("nan", PLACES, "expected a gold answer, found none"),
        (["D"], PLACES, "expected one gold answer"),
        (2, PLACES, "may be an index; say answer_as=index0 or answer_as=index1$"),
        ("2", COUNTS, "may be an index; .* or the text of option B"),
        ("A", {"A": "B", "B": "A"}, "option A by its letter and option B by its text"),
        ("D. left", PLACES, "the gold names D, but its text 'left' is not that of option D"),
        ("E. upwards", PLACES, "the gold 'E. upwards' is not one of the options"),
    ],
)
def test_golds_that_are_no_option_or_unclear(
    value: object, options: dict[str, str], message: str | None
) -> None:
    if message is None:
        assert letter_of(value, options) == "A"
        return
    with pytest.raises(DataError, match=message):
        letter_of(value, options)


@pytest.mark.parametrize(
    ("value", "how", "message"),
    [
        (4, "index0", "the gold index 4, counted from 0, is outside the 4 options"),
        (0, "index1", "counted from 1, is outside"),
        ("D", "index0", "expected an index counted from 0 as gold, found 'D'"),
        ("upwards", "letter", "is not one of the options"),
        ("D", "text", "is not one of the options"),
    ],
)
def test_golds_that_are_not_what_the_user_says(value: object, how: AnswerAs, message: str) -> None:
    with pytest.raises(DataError, match=message):
        letter_of(value, PLACES, how)


@settings(deadline=None)
@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_anything_is_an_option_or_refused(value: object) -> None:
    try:
        assert letter_of(value, PLACES) in PLACES
    except DataError as error:
        assert "gold" in str(error)  # noqa: PT017 (either outcome is right, in its form)


@pytest.mark.parametrize(
    ("how", "letter"), [("letter", "C"), ("text", "A")], ids=["letter", "text"]
)
def test_a_gold_that_names_one_option_and_repeats_another(how: AnswerAs, letter: str) -> None:
    """As in a row of Spatial-MM: option A is "middle", and the gold says "C. middle"."""
    options = {"A": "middle", "B": "bottom", "C": "left", "D": "right"}
    with pytest.raises(DataError, match=r"answer_as=letter .* answer_as=text"):
        letter_of("C. middle", options)
    assert letter_of("C. middle", options, how) == letter


def test_an_unknown_way_of_reading_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected answer_as to be one of auto, letter"):
        check_answer_as("number")


def test_a_gold_may_repeat_the_number_that_its_option_had() -> None:
    options = from_list(["1. red", "2. blue"])
    assert letter_of("2. blue", options) == letter_of("2. blue", options, "text") == "B"
    with pytest.raises(DataError, match="is not one of the options"):
        letter_of("1. blue", options)
