from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.answers import values
from unswayed.answers.values import Box
from unswayed.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("7.0", 7),
        ("07", 7),
        ("-7", -7),
        ("−7", -7),
        ("+7", 7),
        (".5", Fraction(1, 2)),
        ("3/4", Fraction(3, 4)),
        (r"\frac{3}{4}", Fraction(3, 4)),
        ("1,234", 1234),
        ("1,234,567.25", Fraction(123456725, 100)),
        ("1e3", 1000),
        ("$7$", 7),
        (r"$\boxed{7}$", 7),
        (r"\boxed{\frac{1}{2}}", Fraction(1, 2)),
        (r"\boxed{12\text{ cm}}", 12),
        (r"90^\circ", 90),
        ("90°", 90),
        ("50%", 50),
        (r"50\%", 50),
        ("7.", 7),
        ("**7**", 7),
        ("“7”", 7),
        ("7 apples", 7),
        ("7 m²", 7),
        ("7km", 7),
        ("7 people in red", 7),
        ("x = 7", 7),
        ("The answer is 7.", 7),
        ("Answer: 7", 7),
        ("There are 7 cows.", 7),
        ("seven", 7),
        ("Seven dogs", 7),
        ("zero", 0),
    ],
)
def test_numbers(text: str, value: Fraction) -> None:
    assert values.number(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "7 or 8",
        "7, 8",
        "7-8",
        "7 to 8",
        "12,34",
        "1,2345",
        "1.234,5",
        "3 + 4 = 7",
        "2 pi",
        "2π",
        r"2\sqrt{3}",
        "7 million",
        "5k",
        "7th",
        "1 1/2",
        "7 half",
        "7 not sure",
        "more than 7",
        "7 is what I count here",
        "one hundred",
        "twenty-one",
        "one or two",
        "1/0",
        "1e9999",
        "٣",
        "A",
        "many",
        "7" * 201,
        "nan",
        "inf",
        "0x7",
    ],
)
def test_no_numbers(text: str) -> None:
    assert values.number(text).value is None
    assert values.number(text).problem == "no-number"


def test_nothing_is_no_number_and_no_text() -> None:
    assert values.number(" ").problem == "empty"
    assert values.number("$$").problem == "empty"
    assert values.short_text(' "." ').problem == "empty"


@given(st.fractions(max_denominator=1000))
def test_every_fraction_is_read_as_it_is_written(value: Fraction) -> None:
    assert values.number(str(value)).value == value


@given(st.integers(0, 10**12))
def test_thousands_separators_change_nothing(value: int) -> None:
    assert values.number(f"{value:,}").value == value


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2, 3, 4]",
        "(1,2,3,4)",
        "[[1, 2, 3, 4]]",
        "(1, 2), (3, 4)",
        "[1, 2], [3, 4]",
        "[[1,2],[3,4]]",
        "<box>(1,2),(3,4)</box>",
        "<|box_start|>(1,2),(3,4)<|box_end|>",
        "<box>[[1, 2, 3, 4]]</box>",
        '{"bbox_2d": [1, 2, 3, 4], "label": "man"}',
        '```json\n[\n\t{"bbox_2d": [1, 2, 3, 4], "label": "man"}\n]\n```',
        '["{"bbox_2d": [1, 2, 3, 4], "label": "man"}](https://)',
        "The box is [1.0, 2.00, 3, 4.].",
        "[1, 2, 3, 4], that is [1,2,3,4.0]",
    ],
)
def test_boxes(text: str) -> None:
    assert values.box(text).value == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no-box"),
        ("there is none", "no-box"),
        ("1, 2, 3, 4", "no-box"),
        ("[1, 2]", "no-box"),
        ("[1, 2, 3]", "no-box"),
        ("[1, 2, 3, 4, 5]", "no-box"),
        ("[1, 2, 3, ]", "no-box"),
        ("[1, 2, 3, -]", "no-box"),
        ("[1, 2, 3, x]", "no-box"),
        ("[1, 2, 3, 9999999999]", "no-box"),
        ("[0, 0, 0, 0]", "no-area"),
        ("[3, 2, 1, 4]", "no-area"),
        ("[1, 2, 3, 4] or [1, 2, 3, 5]", "several-boxes"),
    ],
)
def test_no_boxes(text: str, problem: str) -> None:
    assert values.box(text).value is None
    assert values.box(text).problem == problem


def test_one_of_several_boxes_counts_only_where_that_is_asked_for() -> None:
    text = "[1, 2, 3, 4] or [5, 6, 7, 8]"
    assert values.box(text, several="first").value == (1, 2, 3, 4)
    assert values.box(text, several="last").value == (5, 6, 7, 8)


@given(st.text(alphabet="[](),.-0123 \n", max_size=300))
def test_hostile_brackets_raise_nothing(text: str) -> None:
    assert (values.box(text).value is None) == (values.box(text).problem is not None)


@given(st.text(max_size=200))
def test_any_text_is_read_or_has_a_problem(text: str) -> None:
    for kind in ("number", "text", "box"):
        reading = values.parse_output(f"<answer>{text}</answer>", kind)
        assert (reading.value is None) == (reading.problem is not None)


def test_an_answer_stands_in_its_block() -> None:
    reading = values.parse_output("<think>3 or 4?</think><answer>4 cats</answer>", "number")
    assert (reading.value, reading.think, reading.answer) == (4, "3 or 4?", "4 cats")
    assert values.parse_output("<think>4", "number").problem == "open-think"
    assert values.parse_output("4", "number").problem == "no-answer"
    assert values.parse_output("<answer>[1,2,3,4]", "box").problem == "open-answer"
    assert values.parse_output("<answer>5</answer><answer>6</answer>", "number").value == 6


def test_texts_are_compared_without_case_and_closing_stop() -> None:
    said = values.parse_value("  The  Red\nCar. ", "text").value
    wanted = values.parse_value("the red car", "text").value
    assert said is not None
    assert wanted is not None
    assert values.same(said, wanted)
    assert not values.same(said, "the red cars")


def test_numbers_are_equal_within_the_tolerance() -> None:
    assert values.same(Fraction("0.1"), Fraction(1, 10))
    assert not values.same(Fraction("3.14"), Fraction("3.15"))
    assert values.same(Fraction("3.25"), Fraction("3.5"), tolerance=0.25)
    assert not values.same(Fraction("3.25"), Fraction("3.51"), tolerance=0.25)


def test_iou_by_hand() -> None:
    assert values.iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert values.iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert values.iou((0, 0, 2, 2), (2, 0, 4, 2)) == 0
    assert values.same((0.0, 0.0, 2.0, 2.0), (0.0, 0.0, 2.0, 1.0))  # an IoU of exactly 0.5
    assert not values.same((0.0, 0.0, 2.0, 2.0), (0.0, 0.0, 2.0, 0.99))


EDGES = st.integers(0, 100)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(EDGES), draw(EDGES)
    return (x, y, x + 1 + draw(EDGES), y + 1 + draw(EDGES))


@given(boxes(), boxes())
def test_iou_is_symmetric_and_survives_other_coordinates(a: Box, b: Box) -> None:
    overlap = values.iou(a, b)
    assert 0 <= overlap <= 1
    assert values.iou(b, a) == overlap
    picture = values.extent("pixel", size=(640, 480))
    thousand = values.extent("thousand")
    moved = [values.rescale(one, picture, thousand) for one in (a, b)]
    assert values.iou(moved[0], moved[1]) == pytest.approx(overlap)


@given(boxes())
def test_a_box_is_read_as_it_is_written(found: Box) -> None:
    assert values.box(values.box_text(found)).value == found


def test_boxes_in_other_coordinates() -> None:
    pixels = values.extent("pixel", size=(640, 480))
    resized = values.extent("resized", resized=(644, 476))
    whole: Box = (0, 0, 640, 480)
    assert values.rescale(whole, pixels, values.extent("unit")) == (0, 0, 1, 1)
    assert values.rescale(whole, pixels, values.extent("thousand")) == (0, 0, 1000, 1000)
    assert values.rescale(whole, pixels, resized) == pytest.approx((0, 0, 644, 476))


@pytest.mark.parametrize(
    ("size", "resized"),
    [
        ((640, 480), (644, 476)),
        ((28, 28), (56, 56)),  # too small: grown to the least area
        ((8_000, 6_000), (4116, 3080)),  # too large: shrunk to the largest area
        ((2_000, 10), (812, 28)),  # a side that would vanish
    ],
)
def test_the_size_that_qwen_sees(size: tuple[int, int], resized: tuple[int, int]) -> None:
    assert values.qwen_resized(size) == resized


@pytest.mark.parametrize("coordinates", ["pixel", "resized"])
def test_pixels_are_not_guessed(coordinates: values.Coordinates) -> None:
    with pytest.raises(ConfigError, match="width and height"):
        values.extent(coordinates)
