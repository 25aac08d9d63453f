"""Tables as LaTeX, Markdown and CSV: names of models and categories are hostile text there, too.

A name may hold LaTeX commands, Markdown links, or what a spreadsheet would run as a formula; it
stands in each file as the text that it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unswayed.report.text import one_line, visible

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",  # behind the end of a row it would begin an argument
    "]": "{]}",
    "*": "{*}",
    "−": "$-$",
    "±": r"$\pm$",
    "κ": r"$\kappa$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "–": "--",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    "’": "'",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&$!@])")
_FORMULA = re.compile(r"^\s*[=+\-@\t\r]")
"""How a spreadsheet's formula begins."""


@dataclass(frozen=True)
class Grid:
    """A table of a paper.

    Attributes:
        caption: what it shows.
        head: headings of the columns.
        names: number of columns that hold names; the others hold numbers.
        rows: the cells, as people read them.
    """

    caption: str
    head: tuple[str, ...]
    names: int
    rows: tuple[tuple[str, ...], ...]


def latex_text(text: str) -> str:
    """Return a text as LaTeX prints it, on one line; letters of other scripts stay."""
    return "".join(_LATEX.get(letter, letter) for letter in one_line(text, 2000))


def markdown_text(text: str) -> str:
    """Return a text as Markdown shows it, on one line."""
    return _MARKDOWN.sub(r"\\\1", one_line(text, 2000))


def csv_cell(value: object) -> object:
    """Return a cell as a spreadsheet shows it: an apostrophe stands before what would be run."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if _FORMULA.match(text) else text


def latex(grid: Grid, label: str) -> str:
    r"""Return a table as LaTeX; it needs ``\usepackage{booktabs}``."""
    table = "table*" if len(grid.head) > 5 else "table"
    sides = "l" * grid.names + "r" * (len(grid.head) - grid.names)
    lines = [
        "% needs \\usepackage{booktabs}; names in other scripts need XeLaTeX or LuaLaTeX",
        f"\\begin{{{table}}}[t]",
        "\\centering\\small",
        f"\\caption{{{latex_text(grid.caption)}}}",
        f"\\label{{tab:{label}}}",
        f"\\begin{{tabular}}{{{sides}}}",
        "\\toprule",
        _latex_row(grid.head),
        "\\midrule",
        *map(_latex_row, grid.rows),
        "\\bottomrule",
        "\\end{tabular}",
        f"\\end{{{table}}}",
    ]
    return "\n".join(lines) + "\n"


def markdown(grid: Grid) -> str:
    """Return a table as GitHub's Markdown."""
    sides = ["---"] * grid.names + ["---:"] * (len(grid.head) - grid.names)
    lines = [grid.head, *grid.rows]
    cells = [[markdown_text(cell) for cell in line] for line in lines]
    cells.insert(1, sides)
    table = "\n".join(f"| {' | '.join(line)} |" for line in cells)
    return f"{markdown_text(grid.caption)}\n\n{table}\n"


def csv_text(rows: Iterable[Mapping[str, object]]) -> str:
    """Return records as CSV with a head; numbers with all their digits, the unknown empty."""
    there = list(rows)
    columns = list(dict.fromkeys(name for row in there for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in there:
        writer.writerow([csv_cell(row.get(name)) for name in columns])
    return buffer.getvalue()


def _latex_row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(latex_text, cells))} \\\\"
