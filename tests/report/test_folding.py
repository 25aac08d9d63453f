"""Lines folded to a terminal: no line too wide, no letter lost, colours and wide letters right."""

from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.report.folding import folded, terminal_width, width_of


@given(st.text(alphabet="ab 红é\n\x1b[0m", max_size=80), st.integers(8, 30))
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    text = text.replace("\x1b", "")
    lines = folded(text, width, "  ")
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_it_breaks_between_words_and_indents_what_goes_on() -> None:
    assert folded("one two three\n\nfour", 8, "  ") == ["one two", "  three", "", "four"]
    assert folded("  A. one two", 8, "     ") == ["  A. one", "     two"]
    assert folded("abcdefghij k", 4) == ["abcd", "efgh", "ij k"]


def test_wide_letters_take_two_columns_and_colours_none() -> None:
    assert folded("红红红红", 4) == ["红红", "红红"]
    red = click.style("one two", fg="red")
    assert width_of(red) == 7
    assert folded(red, 7) == [red]
    assert folded(red, 4) == ["\x1b[31mone", "two\x1b[0m"]


def test_a_megabyte_in_one_word() -> None:
    lines = folded("x" * 1_000_000, 80)
    assert (len(lines), set(map(len, lines))) == (12_500, {80})


def test_the_width_is_that_of_columns_or_80(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert terminal_width() == 100
