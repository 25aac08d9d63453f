"""CSV and TSV files: which character separates their columns, their header, and their broken rows.

Spreadsheets write `.csv` with semicolons where the comma is the decimal sign, and tables with tabs
are often called `.csv`. The separator is told by the header and by whether all rows have as many
fields as it; the one that belongs to the file's suffix comes first.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from unswayed.errors import DataError
from unswayed.run import recordings
from unswayed.run.encodings import EncodingError, not_utf8

RawRow = dict[str, Any]
"""A row as its file has it: column → cell."""

DELIMITERS = {".tsv": "\t", ".csv": ","}
"""Suffix → the separator that it stands for."""

_OTHERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEAD = 1 << 17
"""Characters by which the separator is told."""

_ROWS = 200
"""Rows by which the separator is told."""

_DECLARATION = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n")
"""First line by which a spreadsheet is told the separator."""

_CUT_OFF = "unexpected end of data"
_FIELD_LIMIT = 2**31 - 1
"""Longest field of a table in characters; pictures in base64 pass csv's own limit by far."""


@dataclass(frozen=True)
class TableFormat:
    """How a table is written.

    Attributes:
        delimiter: character between two fields.
        preamble: lines before the header (0, or 1 that names the delimiter).
    """

    delimiter: str
    preamble: int = 0


def suffix(path: Path) -> str:
    """Return the suffix that tells a file's format, in small letters, `.gz` left out."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def format_of(path: Path) -> TableFormat:
    """Tell how a table is written.

    Raises:
        DataError: two separators are equally likely.
        OSError: the file cannot be read.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    with (
        recordings.open_bytes(path) as stream,
        io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="") as text,
    ):
        head = text.read(_HEAD)
    if declared := _DECLARATION.match(head):
        return TableFormat(declared[1], 1)
    own = DELIMITERS[suffix(path)]
    cut_off = len(head) == _HEAD
    shapes = {delimiter: _shape(head, delimiter, cut_off) for delimiter in _OTHERS}
    if shapes[own].columns > 1 and shapes[own].even:
        return TableFormat(own)
    several = [delimiter for delimiter in _OTHERS if shapes[delimiter].columns > 1]
    even = [delimiter for delimiter in several if shapes[delimiter].even]
    if len(even) == 1:
        return TableFormat(even[0])
    if own in several or not several:
        return TableFormat(own)
    if len(several) == 1:
        return TableFormat(several[0])
    names = " or ".join(_NAMES[delimiter] for delimiter in several)
    raise DataError(
        f"cannot tell whether {names} separate the columns of {path}; save it with commas as .csv "
        f"or with tabs as .tsv"
    )


@dataclass(frozen=True)
class _Shape:
    """Number of columns in the header by one separator, and whether all rows have as many."""

    columns: int
    even: bool


def _shape(head: str, delimiter: str, cut_off: bool) -> _Shape:
    """Read the start of a table by one separator; of a start that is cut off, the last row not."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True)
    widths, even = list[int](), True
    try:
        widths.extend(len(cells) for cells in islice((cells for cells in reader if cells), _ROWS))
    except csv.Error as error:
        even = cut_off and _CUT_OFF in str(error)
    else:
        if cut_off and 1 < len(widths) < _ROWS:
            widths.pop()
    if not widths:
        return _Shape(0, False)
    return _Shape(widths[0], even and set(widths) == {widths[0]})


def header_of(reader: Iterator[list[str]], path: Path) -> list[str]:
    """Read the names of the columns; empty for a table of nothing.

    Raises:
        DataError: two columns have the same name.
    """
    nothing: list[str] = []
    header = [name.strip() for name in next(reader, nothing)]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"expected every column of {path} once, found {twice!r} {header.count(twice)} times in "
            f"its header; rename one"
        )
    return header


def row_of(header: list[str], cells: list[str]) -> RawRow | DataError:
    """Return the row, or the error of one that has another number of fields than the header."""
    if len(cells) != len(header):
        return DataError(
            f"expected {len(header)} fields as in the header, found {len(cells)}; quote fields "
            f"that hold the delimiter or a line break"
        )
    return dict(zip(header, cells, strict=True))


def broken_table(path: Path, line: int, error: csv.Error) -> DataError:
    """Build the error for a table whose quotes break, so that no row after can be told."""
    return DataError(
        f"{path}, line {line}: {error}; quotes inside a field must be doubled and the field put in "
        f"quotes"
    )


def table_not_utf8(path: Path) -> EncodingError:
    """Build the error for a table in another encoding; looks for the line that shows it."""
    with recordings.open_bytes(path) as stream:
        numbered = enumerate(stream, 1)
        number, line = next((n, line) for n, line in numbered if not _is_utf8(line))
    return not_utf8(path, number, line)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
