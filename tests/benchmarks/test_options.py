from __future__ import annotations

import json
import re
from string import ascii_uppercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.benchmarks.parse.options import (
    from_columns,
    from_list,
    from_text,
    from_value,
    is_absent,
)
from unswayed.errors import DataError

COLOURS = {"A": "red", "B": "blue", "C": "green"}

STYLES = ["({}) {}", "{}. {}", "{}) {}", "{}: {}"]
plain = st.text(st.characters(categories=["L", "N", "Zs"], include_characters=",;'-/%"), min_size=1)
texts = st.lists(
    plain.map(lambda text: " ".join(text.split())).filter(
        lambda text: text and not is_absent(text)
    ),
    min_size=2,
    max_size=26,
)


def rendered(options: list[str], style: str, separator: str = "\n") -> str:
    return separator.join(
        style.format(*pair) for pair in zip(ascii_uppercase, options, strict=False)
    )


@settings(deadline=None)
@given(texts, st.sampled_from(STYLES))
def test_options_on_lines_come_back_from_the_question(options: list[str], style: str) -> None:
    question, found = from_text(f"What is it?\n{rendered(options, style)}")
    assert question == "What is it?"
    assert list(found.values()) == options


@settings(deadline=None)
@given(texts)
def test_options_within_a_line_come_back_from_the_question(options: list[str]) -> None:
    question, found = from_text(f"What is it? {rendered(options, STYLES[0], ' ')}")
    assert question == "What is it?"
    assert list(found.values()) == options


@settings(deadline=None)
@given(texts, st.sampled_from(STYLES))
def test_a_labelled_list_loses_its_labels(options: list[str], style: str) -> None:
    entries = rendered(options, style).split("\n")
    kept = entries if len(set(options)) == 1 else options  # labels may be all that they say
    assert list(from_list(entries).values()) == kept


different = texts.filter(lambda options: len(set(options)) > 1)


@settings(deadline=None)
@given(
    different, st.sampled_from([*STYLES, "（{}）{}", "{}． {}", "{}、{}"]), st.booleans(), st.data()
)
def test_labels_in_any_order_say_which_option_is_which(
    options: list[str], style: str, small: bool, data: st.DataObject
) -> None:
    letters = ascii_uppercase.lower() if small else ascii_uppercase
    entries = [style.format(*pair) for pair in zip(letters, options, strict=False)]
    listed = data.draw(st.permutations(entries))
    expected = dict(zip(ascii_uppercase, options, strict=False))
    assert from_list(listed) == expected
    assert from_value(repr(listed)) == from_list(listed)
    if listed != entries:
        with pytest.raises(DataError, match=r"the options are labelled [A-Z, ]+ and are counted"):
            from_list(listed, keep_order=True)


@settings(deadline=None)
@given(texts.filter(lambda options: len(options) > 2), st.sampled_from(STYLES), st.data())
def test_labels_that_are_repeated_or_missing_are_refused_in_one_line(
    options: list[str], style: str, data: st.DataObject
) -> None:
    entries = [style.format(*pair) for pair in zip(ascii_uppercase, options, strict=False)]
    place = data.draw(st.integers(0, len(options) - 1))
    others = [letter for letter in ascii_uppercase if letter != ascii_uppercase[place]]
    entries[place] = style.format(data.draw(st.sampled_from(others)), options[place])
    with pytest.raises(DataError, match=r"expected options labelled A, B") as refused:
        from_list(data.draw(st.permutations(entries)))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("entries", "options"),
    [
        (["1. red", "2. blue", "3. green"], COLOURS),
        (["(1) red", "(2) blue", "(3) green"], COLOURS),
        (["1) red", "2) blue", "3) green"], COLOURS),
        (["1、red", "2、blue", "3、green"], COLOURS),
        (["1.5 m", "2.5 m"], {"A": "1.5 m", "B": "2.5 m"}),
        (["3. Oktober", "1. Mai"], {"A": "3. Oktober", "B": "1. Mai"}),
        (["(1)", "(2)"], {"A": "(1)", "B": "(2)"}),
        (["(A)", "(B)"], {"A": "(A)", "B": "(B)"}),
        (["(A) is closer", "(B) is closer"], {"A": "(A) is closer", "B": "(B) is closer"}),
        (["C. elegans", "E. coli"], {"A": "C. elegans", "B": "E. coli"}),
        (["(A) only", "(B) only", "both", "none"], None),
        (["E.g. this", "A.M. or P.M."], {"A": "E.g. this", "B": "A.M. or P.M."}),
    ],
)
def test_what_is_a_label_and_what_is_text(
    entries: list[str], options: dict[str, str] | None
) -> None:
    assert from_list(entries) == (options or dict(zip("ABCD", entries, strict=True)))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["2. red", "1. blue"], "numbered 2, 1, so A could be the first or number 1"),
        (["(A) red", "(B) blue", "(C)"], "option C is empty"),
        (["(B) red", "(A)"], "option A is empty"),
        (["(B) is closer", "(A) is closer"], "are all that tells them apart"),
        (["(A) red", "blue", "(C) green"], "number 2 of the list bears none"),
        (["A. red", "blue", "C. green"], "number 2 of the list bears none"),
        (["blue", "(A) red"], "number 1 of the list bears none"),
        (["(B) red", "(C) blue"], "A is missing"),
        (["B. red", "C. blue"], "A is missing"),
        (["(A) x", "(B) y", "(C) z", "(D) w", "(D) none of them"], "D is there 2 times"),
    ],
)
def test_labels_that_could_mean_two_things_are_refused(entries: list[str], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)) as refused:
        from_list(entries)
    assert "\n" not in str(refused.value)


def test_labels_inside_columns() -> None:
    assert from_columns({"A": "(A) red", "B": "(B) blue"}) == {"A": "red", "B": "blue"}
    assert from_value({"A": "A. red", "B": "B. blue"}) == {"A": "red", "B": "blue"}
    assert from_columns({"A": "C. elegans", "B": "E. coli"})["B"] == "E. coli"
    assert from_columns({"A": "(A) only", "B": "(B) only", "C": "(A) and (B)"})["A"] == "(A) only"
    with pytest.raises(DataError, match=r"options A, B bear the labels B, A in their texts"):
        from_columns({"A": "(B) red", "B": "(A) blue"})


def test_labels_out_of_order_in_a_question() -> None:
    with pytest.raises(DataError, match="labelled C, A, B: list them in order"):
        from_text("Colour?\nC. green\nA. red\nB. blue")
    question, options = from_text("A. on\nB. off\nC. gone\nWhich?\nA. red\nB. blue")
    assert (question, options) == (
        "A. on\nB. off\nC. gone\nWhich?",
        {"A": "red", "B": "blue"},
    )


@settings(deadline=None)
@given(texts)
def test_lists_come_back_from_json_and_python_text(options: list[str]) -> None:
    assert list(from_value(json.dumps(options)).values()) == list(from_list(options).values())
    assert list(from_value(repr(options)).values()) == list(from_list(options).values())


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        question, options = from_text(text)
    except DataError:
        return
    assert not options or len(options) >= 2
    assert len(question) <= len(text)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Colour?\nA. red\nB. blue\nC. green", "Colour?"),
        ("Colour? (A) red (B) blue (C) green", "Colour?"),
        ("Colour?\nSelect from the following choices.\n(A) red\n(B) blue\n(C) green", "Colour?"),
        ("Colour? Select from the following choices.\n(A) red\n(B) blue\n(C) green", "Colour?"),
        ("Colour?\nOptions:\nA: red\nB: blue\nC: green", "Colour?"),
        ("Colour?\r\nA) red\r\nB) blue\r\nC) green\r\n", "Colour?"),
        (
            "Colour?\n(A) red\n(B) blue\n(C) green\n"
            "Answer with the option's letter from the given choices directly.",
            "Colour?",
        ),
        ("Colour?\nA. red\nB. blue\nC. green\n\nThe lamp is on.", "Colour?\nThe lamp is on."),
        ("A. Miller asks:\nColour?\nA. red\nB. blue\nC. green", "A. Miller asks:\nColour?"),
        ("Point (A) or (B)?\n(A) red\n(B) blue\n(C) green", "Point (A) or (B)?"),
        ("颜色？\nA.red\nB.blue\nC.green", "颜色？"),
    ],
)
def test_layouts_of_embedded_options(text: str, question: str) -> None:
    assert from_text(text) == (question, COLOURS)


@pytest.mark.parametrize(
    "text",
    [
        "Is point (A) above point (B)?",
        "A. Miller and B. Jones met. Who is taller?",
        "What is it?\nB. blue\nC. green",
        "What is it?\nA. red\nC. green",
        "",
    ],
)
def test_a_question_without_options_has_none(text: str) -> None:
    assert from_text(text) == (text, {})


def test_a_line_after_the_options_that_starts_like_a_label_is_no_option() -> None:
    _, options = from_text("Which?\nA. red\nB. blue\nC. green\nD. grey\nE.g. the lamp")
    assert list(options) == ["A", "B", "C", "D"]


def test_an_option_may_have_several_lines() -> None:
    _, options = from_text("Code?\nA. x = 1\nprint(x)\nB. y = 2")
    assert options == {"A": "x = 1\nprint(x)", "B": "y = 2"}


def test_two_readings_of_embedded_options_are_refused() -> None:
    with pytest.raises(DataError, match="can be read in two ways, as 2 or as 3"):
        from_text("Colour?\n(A) red\n(B) blue (C) green")


def test_padding_of_absent_options_is_dropped() -> None:
    cells = {"A": "red", "B": "blue", "C": "nan", "D": None, "E": float("nan"), "F": " "}
    assert from_columns(cells) == {"A": "red", "B": "blue"}
    assert from_list(["red", "blue", None, "nan"]) == {"A": "red", "B": "blue"}


def test_the_word_none_is_an_option() -> None:
    assert from_list(["red", "None"]) == {"A": "red", "B": "None"}


def test_labels_stay_where_not_all_carry_them_in_order() -> None:
    assert from_list(["A. Miller", "C. Jones"]) == {"A": "A. Miller", "B": "C. Jones"}
    assert from_list(["(A) red", "blue"]) == {"A": "(A) red", "B": "blue"}


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ({"B": "blue", "A": "red"}, {"A": "red", "B": "blue"}),
        ({"a": "red", "b": "blue", "c": None}, {"A": "red", "B": "blue"}),
        ('{"A": "red", "B": "blue"}', {"A": "red", "B": "blue"}),
        ("['red', 'blue']", {"A": "red", "B": "blue"}),
        ("['(A) red', '(B) blue']", {"A": "red", "B": "blue"}),
        (r"['a\d', 'b\w']", {"A": r"a\d", "B": r"b\w"}),
        ("A. red\nB. blue", {"A": "red", "B": "blue"}),
        ("(A) red (B) blue", {"A": "red", "B": "blue"}),
        ([3, 2.5], {"A": "3", "B": "2.5"}),
    ],
)
def test_options_in_one_cell(value: object, options: dict[str, str]) -> None:
    assert from_value(value) == options


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["red"], "expected 2 to 26 options, found 1"),
        ([], "expected 2 to 26 options, found 0"),
        ([str(n) for n in range(27)], "expected at most 26 options, found 27"),
        (["red", None, "blue"], "entry 2 of 3 is absent"),
        (["red", ["blue"]], r"expected a text, found \['blue'\]"),
        ({"A": "red", "C": "blue"}, "B is absent, but C is there"),
        ({"one": "red", "two": "blue"}, "expected the letters A, B, … as keys"),
        ("red, blue", "expected a list of options, found the text 'red, blue'"),
        ("[" * 5000, "expected a list of options"),
        (7, "expected a list of options, found 7"),
    ],
)
def test_bad_options_are_refused(value: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_value(value)


def test_an_empty_option_in_the_text_is_refused() -> None:
    with pytest.raises(DataError, match="option B is empty"):
        from_text("Colour?\nA. red\nB.\nC. green")
