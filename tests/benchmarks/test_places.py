"""What makes reading fast must not change what is read: each row against the slow way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import answers
from unswayed.benchmarks.file import File
from unswayed.benchmarks.parse import gold
from unswayed.benchmarks.parse.layout import Layout
from unswayed.benchmarks.sources.fields import is_absent
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.types import Sample

ROWS: list[dict[str, Any]] = [
    {"question": "Colour?", "A": "red", "B": "blue", "answer": "A"},
    {"idx": 7, "question": "Colour?", "A": "red", "B": "blue", "C": "tan", "answer": "C"},
    {"Query": "Colour?", "choices": ["red", "blue"], "label": "blue", "type": "x"},
    {"question": "Colour?\nA. red\nB. blue", "answer": "B", "hint": "Look!"},
    {"question": "Colour?", "Option_A": "red", "option b": "blue", "gold": "(A)", "group": "g"},
    {"question": "Colour?", "A": "red", "B": "blue", "answer": "B"},
]
"""Rows of one file with different columns, some of them in the same places as an earlier row."""


@pytest.mark.parametrize("columns", [{}, {"group": "group"}, {"options": "A+B+C"}])
def test_rows_with_other_columns_are_read_as_if_alone(columns: dict[str, str]) -> None:
    settings = {"image": "none", **columns}

    def read(layout: Layout, number: int, row: dict[str, Any]) -> str:
        try:
            return layout.sample(number, row).model_dump_json()
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    pictures = Pictures(Path())
    one = Layout("b", pictures, settings)
    together = [read(one, i, row) for i, row in enumerate([*ROWS, *ROWS])]
    alone = [read(Layout("b", pictures, settings), i, r) for i, r in enumerate([*ROWS, *ROWS])]
    assert together == alone
    assert len(set(together)) > 3


def test_a_file_of_mixed_columns(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    samples = [item for item in File(str(path), image="none") if isinstance(item, Sample)]
    assert [sample.answer for sample in samples] == list("ACBBAB")
    assert [len(sample.options) for sample in samples] == [2, 3, 2, 2, 2, 2]
    assert samples[3].question == "Look!\nColour?"
    assert samples[1].id == "file/q/7"


WORDS = st.text("aA b\t.。'\"İß\u00a0\u3000", max_size=6)


@given(WORDS, st.lists(WORDS, min_size=2, max_size=4))
def test_an_option_is_found_by_its_text_as_by_comparing_all(text: str, texts: list[str]) -> None:
    options = dict(zip("ABCD", texts, strict=False))
    same = [letter for letter, option in options.items() if option == text]
    slow = same[0] if len(same) == 1 else answers.option_with_text(text, options)
    assert gold._with_text(text, options) == slow


@given(st.one_of(st.none(), st.floats(), st.integers(), st.text("nNaA \tİ", max_size=5)))
def test_absent_is_what_it_was(value: object) -> None:
    slow = value is None or value != value
    slow = slow or (isinstance(value, str) and value.strip().lower() in ("", "nan"))
    assert is_absent(value) == slow
