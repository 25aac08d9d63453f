"""Filters: the same in an address and in SQL, and what they list is what the run's table says."""

from __future__ import annotations

import sqlite3
from typing import Any, get_args
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unswayed as us
from unswayed.errors import ConfigError
from unswayed.run.folder import RunFolder
from unswayed.view import words
from unswayed.view.filters import Filter, of_query
from unswayed.view.lines import OutputKey
from unswayed.view.runs import ViewedRun

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NAMES = st.none() | TEXT.filter(bool)


def choice(name: str) -> st.SearchStrategy[Any]:
    """Draw a value of a field that has few, or none."""
    annotation = Filter.model_fields[name].annotation
    values = [v for part in get_args(annotation) for v in (get_args(part) or [part])]
    return st.sampled_from([None if value is type(None) else value for value in values])


FILTERS = st.builds(
    Filter,
    benchmark=NAMES,
    variant=NAMES,
    category=NAMES,
    **{
        name: choice(name)
        for name in (
            "outcome",
            "verdict",
            "quadrant",
            "swayed",
            "flip",
            "conflict",
            "place",
            "sort",
        )
    },
    text=TEXT,
    descending=st.booleans(),
)


@given(FILTERS)
def test_a_filter_survives_its_address(chosen: Filter) -> None:
    query = chosen.query(page=3, sample="scenes/0")
    assert of_query(dict(parse_qsl(query, keep_blank_values=True))) == chosen


def test_an_address_is_short() -> None:
    assert Filter().query() == ""
    assert Filter(swayed="yes", descending=True).query() == "swayed=yes&descending=yes"


@pytest.mark.parametrize("query", [{"sort": "gold"}, {"swayed": "perhaps"}, {"text": "a" * 1001}])
def test_an_address_of_something_else_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"of this explorer.*{min(query)}"):
        of_query(query)


# --- what is listed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(mixed: RunFolder) -> pd.DataFrame:
    return us.load_run(mixed.folder).rows()


def listed(viewed: ViewedRun, chosen: Filter) -> list[int]:
    return [line.row for line in viewed.listed(chosen, count=10_000)]


def masks(rows: pd.DataFrame) -> dict[Filter, pd.Series]:
    """Return filters with the rows of the table that are meant."""
    found: dict[Filter, pd.Series] = {}
    for name in ("benchmark", "variant", "category", "verdict", "quadrant", "flip"):
        for value in rows[name].dropna().unique():
            found[Filter.model_validate({name: value})] = rows[name] == value
    for name in ("swayed", "conflict"):
        for value, word in ((True, "yes"), (False, "no")):
            found[Filter.model_validate({name: word})] = rows[name] == value
    found[Filter(flip="any")] = rows.flip.isin(["right_wrong", "wrong_right"])
    found[Filter(outcome="right")] = rows.correct
    found[Filter(outcome="failed")] = rows.status == "error"
    found[Filter(outcome="foil")] = rows.letter == rows.foil
    found[Filter(variant="wrong-think", swayed="yes")] = (
        rows.variant == "wrong-think"
    ) & rows.swayed
    return found


def test_each_filter_lists_the_rows_that_the_table_has(
    viewed: ViewedRun, rows: pd.DataFrame
) -> None:
    wanted = masks(rows)
    assert len(wanted) > 25
    for chosen, mask in wanted.items():
        expected = [row for row, there in enumerate(mask.fillna(False)) if there]
        assert listed(viewed, chosen) == expected, chosen
        assert viewed.count(chosen) == len(expected)
    assert any(viewed.count(chosen) for chosen in wanted if chosen.conflict)


@pytest.mark.parametrize("name", ["p_correct", "entropy"])
@pytest.mark.parametrize("descending", [False, True])
def test_sorted_by_a_number_with_what_has_none_last(
    viewed: ViewedRun, rows: pd.DataFrame, name: str, descending: bool
) -> None:
    order = listed(viewed, Filter.model_validate({"sort": name, "descending": descending}))
    assert sorted(order) == list(range(len(rows)))
    values = rows[name].iloc[order].dropna().tolist()
    assert values == sorted(values, reverse=descending)
    assert rows[name].iloc[order].isna().sum() == rows[name].iloc[order[len(values) :]].isna().sum()


def test_shuffled_is_another_order_and_stays(viewed: ViewedRun) -> None:
    order = listed(viewed, Filter(sort="shuffled"))
    assert sorted(order) == listed(viewed, Filter()) != order
    assert listed(viewed, Filter(sort="shuffled")) == order


def test_pages_of_a_list_are_the_list(viewed: ViewedRun) -> None:
    chosen = Filter(sort="entropy", descending=True)
    whole = viewed.listed(chosen, count=10_000)
    parts = [line for start in range(0, len(whole), 7) for line in viewed.listed(chosen, start, 7)]
    assert parts == whole


def test_an_output_is_found_by_its_name(viewed: ViewedRun) -> None:
    for line in viewed.listed(Filter(), count=10_000):
        assert viewed.found(line.key) == line
    assert viewed.rows_of([line.key, OutputKey("none", "base")]) == {line.row}


# --- search ---------------------------------------------------------------------------------------


def matches(search: str, text: str) -> bool:
    """Say whether a search finds a text."""
    with sqlite3.connect(":memory:") as database:
        database.execute(
            f"CREATE VIRTUAL TABLE t USING fts5 (x, content='', tokenize='{words.TOKENIZER}')"
        )
        database.execute("INSERT INTO t (rowid, x) VALUES (1, ?)", [words.spaced(text)])
        found = [
            database.execute("SELECT count(*) FROM t WHERE t MATCH ?", [one]).fetchone()[0]
            for one in words.expressions(search)
        ]
    return bool(found) and all(found)


@pytest.mark.parametrize(
    ("search", "text", "wanted"),
    [
        ("chair", "Two chairs.", True),
        ("chair", "an armchair", False),
        ("CHAIR lamp", "the lamp, the chair", True),
        ("chair lamp", "the lamp", False),
        ('"red chair"', "a red chair", True),
        ('"red chair"', "a chair, red", False),
        ('"red cha"', "a red chair", False),
        ("café", "cafe", True),
        ("\\frac{1}{2}", "so \\frac{1}{2} of it", True),
        ("红色", "图中有红色的椅子", True),
        ("红椅", "图中有红色的椅子", False),
        ('x" OR "y', "x and y", False),
        ("NOT chair", "chair", False),
        ("thought:chair", "chair", False),
        ("-- ;", "chair", False),
    ],
)
def test_a_search_finds_words(search: str, text: str, wanted: bool) -> None:
    assert matches(search, text) == wanted


@given(TEXT)
def test_no_search_is_an_error(search: str) -> None:
    matches(search, "chair")


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12), TEXT)
def test_a_text_is_found_by_a_word_of_it(word: str, rest: str) -> None:
    assert matches(f'"{word}"', f"{rest} {word} {rest}")


def test_a_search_looks_where_it_is_told(viewed: ViewedRun) -> None:
    texts = {line.row: viewed.output(line) for line in viewed.listed(Filter(), count=10_000)}
    questions = {r for r, one in texts.items() if "largest" in one.variant.sample.question.lower()}
    thoughts = {r for r, one in texts.items() if "Wait" in (one.parsed.think or "")}
    assert thoughts
    assert questions
    assert set(listed(viewed, Filter(text="largest", place="question"))) == questions
    anywhere = set(listed(viewed, Filter(text="largest")))
    outside = set(listed(viewed, Filter(text="largest", place="thought")))
    outside |= set(listed(viewed, Filter(text="largest", place="answer")))
    assert anywhere == questions | outside
    assert set(listed(viewed, Filter(text="wait", place="thought"))) == thoughts
    assert listed(viewed, Filter(text="!?")) == []
