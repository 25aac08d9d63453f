"""Rows of TSV and CSV files whose pictures, in base64, stay in the file until they are read.

VLMEvalKit publishes benchmarks so. To save space a row may hold, in the place of its picture, the
index of an earlier row with the same picture (the rotated copies of a question, mostly).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from unswayed.benchmarks.sources import pictures as picture_files
from unswayed.benchmarks.sources.fields import RawRow
from unswayed.errors import DataError
from unswayed.run import recordings, tables
from unswayed.run.encodings import HEAD, encoding_of
from unswayed.types import ImageRef

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
    delimiter: str
    encoding: str = "utf-8"

    def __call__(self) -> bytes:
        """Return the encoded bytes.

        Raises:
            OSError: the file cannot be read.
            DataError: the cell holds no picture.
        """
        with Path(self.path).open("rb") as file:
            file.seek(self.start)
            text = file.read(self.end - self.start).decode(self.encoding)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)
        return picture_files.decode_picture(next(reader)[self.cell])


def read_table(path: Path, pictures: Collection[str]) -> Iterator[tuple[int, RawRow | DataError]]:
    """Yield (number from 1, row or error); pictures in base64 become tuples of one `ImageRef`.

    Raises:
        DataError: the file is in no encoding that can be told, or its quotes break so that no row
            after can be told.
    """
    recordings.require_file(path)
    table_format = tables.format_of(path)
    with path.open("rb") as stream:
        lines = _Lines(stream)
        text = iter(lines)
        for _ in range(table_format.preamble):
            next(text)
        reader = csv.reader(text, delimiter=table_format.delimiter, strict=True)
        try:
            yield from _rows(path, lines, reader, pictures, table_format.delimiter)
        except UnicodeDecodeError as error:
            raise tables.table_not_utf8(path) from error
        except csv.Error as error:
            raise tables.broken_table(path, reader.line_num, error) from error


class _Lines:
    """The lines of a file, and the byte where the last one that was given out ends.

    Attributes:
        encoding: the encoding in which bytes from the middle of the file are read.
        end: the byte.
    """

    def __init__(self, stream: BinaryIO) -> None:
        head = stream.read(HEAD)
        self._stream = stream
        self.encoding, self._mark = encoding_of(head)
        self.end = 0

    def __iter__(self) -> Iterator[str]:
        self._stream.seek(len(self._mark))
        self.end = len(self._mark)
        if self.encoding == "utf-8":
            for line in self._stream:
                text = line.decode()
                self.end += len(line)
                yield text
        else:
            with io.TextIOWrapper(self._stream, self.encoding, newline="") as texts:
                for text in texts:
                    self.end += len(text.encode(self.encoding))
                    yield text


def _rows(
    path: Path,
    lines: _Lines,
    reader: Iterator[list[str]],
    pictures: Collection[str],
    delimiter: str,
) -> Iterator[tuple[int, RawRow | DataError]]:
    header = tables.header_of(reader, path)
    known: dict[tuple[str, str], ImageRef] = {}
    number, end = 0, lines.end
    for cells in reader:
        start, end = end, lines.end
        if not cells:
            continue
        number += 1
        row = tables.row_of(header, cells)
        if isinstance(row, DataError):
            yield number, row
            continue
        for column in pictures:
            if column in row:
                cell = header.index(column)
                loader = CellPicture(str(path), start, end, cell, delimiter, lines.encoding)
                name = f"{column!r} of row {number} of {path.name}"
                row[column] = _refs(row, column, ImageRef(loader=loader, name=name), known)
        yield number, row


def _refs(
    row: RawRow, column: str, ref: ImageRef, known: dict[tuple[str, str], ImageRef]
) -> str | tuple[ImageRef, ...]:
    """Return the picture of base64 or of a reference to it; other cells stay as they are."""
    text = str(row[column]).strip()
    if not _is_base64(text):
        return (known[column, text],) if (column, text) in known else text
    key = hashlib.blake2b(text.encode("ascii", "replace"), digest_size=8).hexdigest()
    ref = ref.model_copy(update={"key": key})
    if index := str(row.get("index", "")).strip():
        known.setdefault((column, index), ref)
    return (ref,)


def _is_base64(text: str) -> bool:
    head = text[:_HEAD]
    return len(text) > _SHORTEST and ("." not in head or head.startswith("data:"))
