"""Tables for papers: whatever a model or a category is called stands there as text."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.report.markup import (
    Grid,
    csv_cell,
    csv_text,
    latex,
    latex_text,
    markdown,
    markdown_text,
)

HOSTILE = "\\input{/etc/passwd} $x_1$ & 100% #1 ~^ {a} [b] *c* <d> |e|"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =cmd|' /C calc'!A0", "\t=1", "\r=1"]


def test_latex_commands_are_text() -> None:
    text = latex_text(HOSTILE)
    assert text.startswith(r"\textbackslash{}input\{/etc/passwd\} \$x\_1\$ \& 100\% \#1")
    assert "{[}b{]} {*}c{*} \\textless{}d\\textgreater{} \\textbar{}e\\textbar{}" in text


@given(st.text())
def test_no_character_of_a_name_is_a_command(text: str) -> None:
    written = latex_text(text)
    known = r"\\(?:text\w+\{\}|ldots\{\}|[{}$&#%_])|\$(?:-|\\\w+)\$|\{[\[\]*]\}"
    assert not re.search(r"[\\{}$&#%_~^]", re.sub(known, "", written))


def test_latex_has_as_many_cells_as_columns() -> None:
    lines = latex(Grid("100 % [x]", ("a&b", "n"), 1, (("[x]", "1 ±2"), ("*", "−3"))), "t").split(
        "\n"
    )
    rows = [line for line in lines if line.endswith("\\\\")]
    assert rows == ["a\\&b & n \\\\", "{[}x{]} & 1 $\\pm$2 \\\\", "{*} & $-$3 \\\\"]
    assert "\\caption{100 \\% {[}x{]}}" in lines
    assert "\\begin{tabular}{lr}" in lines


def test_markdown_is_text() -> None:
    assert markdown_text("a|b [c](d) <e> *f* `g`") == r"a\|b \[c\](d) \<e\> \*f\* \`g\`"
    assert markdown_text("a\nb") == "a b"
    table = markdown(Grid("t", ("a", "n"), 1, (("x|y", "1"),)))
    assert table == "t\n\n| a | n |\n| --- | ---: |\n| x\\|y | 1 |\n"


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text_in_a_spreadsheet(text: str) -> None:
    assert str(csv_cell(text)).startswith("'")


def test_numbers_keep_all_their_digits() -> None:
    assert [csv_cell(value) for value in (-0.1, None, 3, "wrong-think - base")] == [
        -0.1,
        None,
        3,
        "wrong-think - base",
    ]
    text = csv_text([{"name": 'a "b", c\nd', "value": 1 / 3}, {"name": "=x", "other": -1e-9}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ['a "b", c\nd', "'=x"]
    assert float(rows[0]["value"]) == 1 / 3
    assert (rows[0]["other"], float(rows[1]["other"])) == ("", -1e-9)
