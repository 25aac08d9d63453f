"""Rows of TSV and CSV files whose pictures, in base64, stay in the file until they are read.

VLMEvalKit publishes benchmarks so. To save space a row may hold, in the place of its picture, the
index of an earlier row with the same picture (the rotated copies of a question, mostly).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from unswayed.benchmarks.sources import pictures as picture_files
from unswayed.benchmarks.sources.rows import Row
from unswayed.errors import DataError
from unswayed.run import recordings
from unswayed.types import ImageRef

DELIMITERS = {".tsv": "\t", ".csv": ","}

_FIELD_LIMIT = 2**31 - 1
_SHORTEST = 64
"""Shorter cells in a picture's column are a path or another row's index: no picture is so small."""

_HEAD = 1024
"""Characters that are looked at to tell a path from base64."""


@dataclass(frozen=True)
class CellPicture:
    """Fetches one picture from the bytes `start` to `end` of a table, which hold one row."""

    path: str
    start: int
    end: int
    cell: int

    def __call__(self) -> bytes:
        """Return the encoded bytes.

        Raises:
            OSError: the file cannot be read.
            DataError: the cell holds no picture.
        """
        path = Path(self.path)
        with path.open("rb") as file:
            file.seek(self.start)
            text = file.read(self.end - self.start).decode()
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=DELIMITERS[path.suffix.lower()]
        )
        return picture_files.decode(next(reader)[self.cell])


def read(path: Path, pictures: Collection[str]) -> Iterator[tuple[int, Row | DataError]]:
    """Yield (number from 1, row or error); pictures in base64 become tuples of one `ImageRef`.

    Raises:
        DataError: the file is not UTF-8, or its quotes break so that no row after can be told.
    """
    recordings.require_file(path)
    csv.field_size_limit(_FIELD_LIMIT)
    with path.open("rb") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=DELIMITERS[path.suffix.lower()], strict=True)
        try:
            yield from _rows(path, lines, reader, pictures)
        except UnicodeDecodeError as error:
            raise recordings.not_utf8(path, f"after line {reader.line_num}") from error
        except csv.Error as error:
            raise DataError(
                f"{path}, line {reader.line_num}: {error}; quotes inside a field must be doubled "
                f"and the field put in quotes"
            ) from error


@dataclass
class _Lines:
    """The lines of a file, and the byte where the last one that was given out ends."""

    stream: BinaryIO
    end: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            text = line.decode("utf-8" if self.end else "utf-8-sig")
            self.end += len(line)
            yield text


def _rows(
    path: Path, lines: _Lines, reader: Iterator[list[str]], pictures: Collection[str]
) -> Iterator[tuple[int, Row | DataError]]:
    nothing: list[str] = []
    header = [name.strip() for name in next(reader, nothing)]
    if len(set(header)) != len(header):
        raise DataError(f"expected every column of {path} once; its header is {header}")
    known: dict[tuple[str, str], ImageRef] = {}
    number, end = 0, lines.end
    for cells in reader:
        start, end = end, lines.end
        if not cells:
            continue
        number += 1
        if len(cells) != len(header):
            yield number, _ragged(header, cells)
            continue
        row: Row = dict(zip(header, cells, strict=True))
        for column in pictures:
            if column in row:
                picture = CellPicture(str(path), start, end, header.index(column))
                row[column] = _refs(row, column, picture, known)
        yield number, row


def _ragged(header: list[str], cells: list[str]) -> DataError:
    return DataError(
        f"expected {len(header)} fields as in the header, found {len(cells)}; quote fields that "
        f"hold the delimiter or a line break"
    )


def _refs(
    row: Row, column: str, picture: CellPicture, known: dict[tuple[str, str], ImageRef]
) -> str | tuple[ImageRef, ...]:
    """Return the picture of base64 or of a reference to it; other cells stay as they are."""
    text = str(row[column]).strip()
    if not _is_base64(text):
        return (known[column, text],) if (column, text) in known else text
    ref = ImageRef(loader=picture)
    if index := str(row.get("index", "")).strip():
        known.setdefault((column, index), ref)
    return (ref,)


def _is_base64(text: str) -> bool:
    head = text[:_HEAD]
    return len(text) > _SHORTEST and ("." not in head or head.startswith("data:"))
