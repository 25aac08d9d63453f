"""Foils of open questions: near, wrong, and never odd in form."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.answers import values
from unswayed.perturbations.foils import draw
from unswayed.types import AnswerKind, Sample

EDGES = st.integers(0, 1000)


def sample(kind: AnswerKind, answer: str, id: str = "s") -> Sample:
    return Sample(
        id=id,
        benchmark="b",
        images=(),
        question="What?",
        answer=answer,
        answer_kind=kind,
        cluster="c",
    )


@given(st.integers(-(10**6), 10**6), st.integers(0, 100))
def test_a_foil_of_a_whole_number_is_another_near_it(gold: int, seed: int) -> None:
    (foil,) = draw(sample("number", str(gold)), seed, 1)
    assert foil == str(int(foil))
    assert int(foil) != gold
    assert abs(int(foil) - gold) <= 4 * max(1, abs(gold) / 10 + 1)
    assert int(foil) >= 0 or gold < 0


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=97), st.integers(0, 9))
def test_a_foil_of_any_number_is_read_as_another(gold: Fraction, seed: int) -> None:
    (foil,) = draw(sample("number", str(gold)), seed, 1)
    read = values.number(foil).value
    assert isinstance(read, Fraction)
    assert read != gold
    assert read >= 0 or gold < 0


@pytest.mark.parametrize(
    ("gold", "form"), [("3.5", r"\d\.\d+|\d"), ("3/4", r"\d+/\d+|\d"), ("0", r"\d"), ("1", r"\d")]
)
def test_a_foil_is_written_as_the_gold_is(gold: str, form: str) -> None:
    for seed in range(20):
        (foil,) = draw(sample("number", gold), seed, 1)
        assert re.fullmatch(form, foil), foil


@given(EDGES, EDGES, st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 9))
def test_a_foil_box_hardly_overlaps_the_gold_and_stays_inside(
    x: int, y: int, width: int, height: int, seed: int
) -> None:
    gold = (float(x), float(y), float(x + width), float(y + height))
    (foil,) = draw(sample("box", values.box_text(gold)), seed, 1)
    read = values.box(foil).value
    assert isinstance(read, tuple)
    assert values.iou(read, gold) < 0.1
    assert read[0] >= 0
    assert read[1] >= 0
    assert read[2] <= gold[2]
    assert read[3] <= gold[3]


def test_a_box_is_moved_where_there_is_room_and_else_a_corner() -> None:
    for seed in range(10):
        (moved,) = draw(sample("box", "[100, 0, 150, 50]"), seed, 1)
        assert moved == "[45, 0, 95, 50]"
    corners = {draw(sample("box", "[0, 0, 100, 100]"), seed, 1)[0] for seed in range(40)}
    assert corners == {
        "[0, 0, 30, 30]",
        "[0, 70, 30, 100]",
        "[70, 0, 100, 30]",
        "[70, 70, 100, 100]",
    }


def test_a_text_has_none_and_an_open_question_at_most_one() -> None:
    assert draw(sample("text", "a chair"), 0, 3) == []
    assert len(draw(sample("number", "7"), 0, 3)) == 1
    assert draw(sample("number", "7"), 0, 0) == []


def test_the_seed_and_the_id_decide() -> None:
    drawn = {draw(sample("number", "50", id), 0, 1)[0] for id in "abcdefghijklmnopqrstuvwxyz"}
    assert len(drawn) > 4
    assert draw(sample("number", "50"), 3, 1) == draw(sample("number", "50"), 3, 1)


def choice(*options: str) -> Sample:
    return Sample(
        id="s",
        benchmark="b",
        images=(),
        question="What?",
        answer="A",
        options=dict(zip("ABCD", options, strict=False)),
        cluster="c",
    )


def test_what_the_picture_does_not_show_is_no_foil_where_there_are_others() -> None:
    """The fifth option of MME-RealWorld."""
    unshown = ("The image does not feature the object", "This image doesn't feature the content.")
    for seed in range(20):
        assert draw(choice("red", "blue", *unshown), seed, 4) == ["B"]
    assert draw(choice("It shows a dog", "The image does not show a dog"), 0, 4) == ["B"]
