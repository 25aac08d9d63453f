"""Which written texts are accepted, and what is said of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Sample
from unswayed.writing.checks import bounds, cleaned, problem
from unswayed.writing.wanted import Wanted


def question(asked: str, options: dict[str, str], answer: str, **changed: Any) -> Sample:
    values = {"id": "q/1", "benchmark": "q", "images": (), "cluster": "c"}
    return Sample(question=asked, options=options, answer=answer, **{**values, **changed})


COLOUR = question("Which colour is the car?", {"A": "red", "B": "dark blue", "C": "blue"}, "A")
THINGS = question("What lies on the table?", {"A": "a book", "B": "a knife", "C": "a hat"}, "C")
YES_NO = question("Is the dog behind the fence?", {"A": "Yes", "B": "No"}, "A")
COUNT = question("How many chairs are there?", {"A": "2", "B": "3", "C": "5"}, "B")
POINTS = question("Which point is closer?", {"A": "A is closer", "B": "B is closer"}, "A")
NUMBER = question("How many?", {}, "4", answer_kind="number")
TEXT = question("Who is it?", {}, "a police officer", answer_kind="text")


def kind(
    sample: Sample, part: Any, asserts: str | None, text: str, words: int | None = None
) -> str:
    found = problem(cleaned(text), Wanted(sample, part, asserts), words)
    return found.kind if found else ""


GOOD = [
    (COLOUR, "B", "A dark blue car stands at the kerb in front of a row of houses."),
    (COLOUR, "C", "The car in this street scene is blue and shines in the sun."),
    (THINGS, "A", "A book lies on the wooden table in the middle of the room."),
    (THINGS, "B", "On the table there is a knife, and nothing else."),
    (YES_NO, "B", "The dog is not behind the fence but sits on the open lawn."),
    (COUNT, "A", "There are two chairs in the room."),
    (COUNT, "C", "Five chairs stand around the table in this dining room."),
    (NUMBER, "7", "Seven birds sit on the wire above the road."),
    (TEXT, "a police officer", "A police officer stands at the crossing in full uniform."),
]


@pytest.mark.parametrize(("sample", "asserts", "text"), GOOD)
def test_captions_that_assert_their_option(sample: Sample, asserts: str, text: str) -> None:
    assert kind(sample, "caption", asserts, text) == ""


def test_a_thought_that_asserts_its_option() -> None:
    text = (
        "I look at the table first, because that is what the question is about. There is a flat "
        "object with a spine and pages on it. So what lies on the table is a book."
    )
    assert kind(THINGS, "think", "A", text) == ""
    assert kind(THINGS, "think", "B", text) == "names-another"


BAD = [
    (COLOUR, "B", "", "empty"),
    (COLOUR, "B", "Dark blue car.", "length"),
    (COLOUR, "B", "A dark blue car " + "that is long " * 30, "length"),
    (COLOUR, "B", "The car in the picture is red and stands in the sun.", "names-another"),
    (COLOUR, "B", "The car is dark blue and not red at all, as anyone sees.", "names-another"),
    (COLOUR, "B", "A car stands at the kerb in front of a row of houses.", "asserts-nothing"),
    (COLOUR, "B", "The car is not dark blue, whatever people may say.", "asserts-nothing"),
    (COLOUR, "C", "A dark blue car stands at the kerb of this road.", "names-another"),
    (THINGS, "A", "A book lies on the table, so the answer is option A.", "letter"),
    (THINGS, "A", "A book lies on the table, which makes it (A).", "letter"),
    (THINGS, "A", "I'm sorry, but I can't write a caption that may mislead.", "refusal"),
    (THINGS, "A", "As an AI I cannot see the picture of a book on a table.", "refusal"),
    (THINGS, "A", "<think>A book lies on the wooden table of the room.", "tag"),
    (THINGS, "A", "A book lies on the table. <answer>A</answer> as one sees", "tag"),
    (THINGS, "A", "A book lies\non the wooden table\nof the room.", "lines"),
    (THINGS, "A", "Here is the caption: a book lies on the wooden table.", "comment"),
    (THINGS, "A", "A misleading caption says that a book lies on the table.", "reveals"),
    (THINGS, "A", "As requested, a book lies on the wooden table of the room.", "reveals"),
    (THINGS, "A", "A book lies on the {letter} table in the middle of it.", "braces"),
    (NUMBER, "7", "Four of the seven birds sit on the wire above.", "names-another"),
    (NUMBER, "7", "Some birds sit on the wire above the road.", "asserts-nothing"),
]


@pytest.mark.parametrize(("sample", "asserts", "text", "expected"), BAD)
def test_captions_that_are_not_accepted(
    sample: Sample, asserts: str, text: str, expected: str
) -> None:
    assert kind(sample, "caption", asserts, text) == expected


@pytest.mark.parametrize("sample", [COLOUR, THINGS, COUNT])
def test_the_gold_is_never_accepted_in_place_of_the_foil(sample: Sample) -> None:
    """Every accepted text above is refused for any other option of its question."""
    for other, asserts, text in GOOD:
        if other is sample:
            wrong = [k for k in sample.options if k != asserts]
            assert all(kind(sample, "caption", k, text) != "" for k in wrong)


EXERCISE = [
    ('In this image, the answer to the question "What lies there?" is clearly a hat', "exercise"),
    ("A hat lies on the table, and this caption is plain about it", "exercise"),
    ("Of all the options, a hat is what lies on the table here", "exercise"),
    ("Look closely: a hat lies on the table", "order"),
    ("A hat lies on the table, which is correct", "rightness"),
    ("A hat does not lie on the table, as anyone can see", "asserts-nothing"),
    ("It is not true that a hat lies on the table", "asserts-nothing"),
    ("A hat lies on the table, and a knife lies beside it", "names-another"),
]


@pytest.mark.parametrize(("text", "expected"), EXERCISE)
def test_a_caption_is_about_the_picture_alone(text: str, expected: str) -> None:
    assert kind(THINGS, "caption", "C", text) == expected


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("sample", [COLOUR, THINGS, YES_NO, COUNT, POINTS])
@pytest.mark.parametrize("letter", ["none", "named"])
def test_what_templates_tell_passes_and_asserts_no_other(
    name: str, sample: Sample, letter: str
) -> None:
    context = Context(Templates(wordings=name, letter=letter))
    variants = ("wrong-caption", "correct-caption", "wrong-think", "correct-think")
    for number in range(6):
        asked = sample.model_copy(update={"id": f"q/{number}"})
        for made in variants_of(asked, [compose(one) for one in variants], context):
            part: Any = "caption" if made.caption else "think"
            text = made.caption or made.prefill.removeprefix("<think>")
            for option in sample.options:
                found = problem(text, Wanted(sample, part, option), names_letter=made.names_letter)
                assert (found is None) is (option == made.asserts), (text, option, found)


def test_points_that_are_called_by_letters() -> None:
    assert kind(POINTS, "caption", "B", "In this picture point B is closer to the camera.") == ""
    text = "In this picture point A is closer to the camera."
    assert kind(POINTS, "caption", "B", text) == "names-another"


def test_a_neutral_text_speaks_of_no_answer() -> None:
    calm = "A picture of an everyday scene, taken in plain light from a short way off."
    assert kind(THINGS, "caption", None, calm, words=14) == ""
    assert kind(THINGS, "caption", None, calm, words=30) == "length"
    told = "A picture of a hat in an everyday scene, taken in plain light."
    assert kind(THINGS, "caption", None, told, words=13) == "asserts"
    assert bounds(Wanted(THINGS, "caption", None), 20) == (15, 25)
    assert bounds(Wanted(THINGS, "caption", None), 4) == (1, 7)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("A book.", "A book"),
        ('"A book lies there."', "A book lies there"),
        ("“A book”", "“A book”".strip("“”")),
        ('"A book" and "a hat"', '"A book" and "a hat"'),
        ("<think>They want a book.</think>\n\nA book lies there. ", "A book lies there"),
        ("  A book...\n", "A book"),
        ("", ""),
    ],
)
def test_a_reply_is_cleaned(reply: str, text: str) -> None:
    assert cleaned(reply) == text
