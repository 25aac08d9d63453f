"""Rows of a user's file: JSONL, a JSON list, TSV or CSV, plain or gzipped, one row at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from unswayed.errors import DataError
from unswayed.run import recordings

Row = dict[str, Any]

_DELIMITERS = {".tsv": "\t", ".csv": ","}
_JSON = (".jsonl", ".ndjson", ".json")
_CHUNK = 1 << 14
_FIELD_LIMIT = 2**31 - 1
"""Longest field of a table in characters; pictures in base64 pass csv's own limit by far."""


def check(path: Path) -> None:
    """Refuse a file that cannot be read at all.

    Raises:
        DataError: it is missing or empty, or of no known format.
    """
    recordings.require_file(path)
    suffix = _suffix(path)
    if suffix in _DELIMITERS or suffix in _JSON:
        return
    hint = ""
    if suffix == ".parquet":
        hint = "; convert it: pandas.read_parquet(FILE).to_json(OUT, orient='records', lines=True)"
    raise DataError(
        f"expected a .jsonl, .json, .tsv or .csv file (perhaps with .gz), found {path.name}{hint}"
    )


def read(path: Path) -> Iterator[tuple[int, Row | DataError]]:
    """Yield (number, row), or (number, error) for a row that is broken by itself.

    The number is the line in JSONL, and counts the rows from 1 in the other formats.

    Raises:
        DataError: the file is not UTF-8, or its structure breaks so that no row after can be told.
    """
    check(path)
    suffix = _suffix(path)
    try:
        with recordings.open_bytes(path) as stream:
            if suffix in _DELIMITERS:
                yield from _table(stream, path, _DELIMITERS[suffix])
            elif _opens_list(path):
                yield from _json_list(stream, path)
            else:
                yield from _jsonl(stream, path)
    except recordings.GZIP_ERRORS as error:
        raise recordings.damaged(path, error) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _opens_list(path: Path) -> bool:
    with recordings.open_bytes(path) as stream:
        first = next(recordings.lines(stream), None)
    return first is not None and first.data.lstrip().startswith(b"[")


def _jsonl(stream: BinaryIO, path: Path) -> Iterator[tuple[int, Row | DataError]]:
    for line in recordings.lines(stream):
        try:
            row: Row | DataError = recordings.parse(line.data, path, line.number)
        except recordings.EncodingError:
            raise
        except DataError as error:
            row = error
        yield line.number, row


def _table(stream: BinaryIO, path: Path, delimiter: str) -> Iterator[tuple[int, Row | DataError]]:
    csv.field_size_limit(_FIELD_LIMIT)
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            yield from _records(reader, path)
        except UnicodeDecodeError as error:
            raise recordings.not_utf8(path, f"after line {reader.line_num}") from error
        except csv.Error as error:
            raise DataError(
                f"{path}, line {reader.line_num}: {error}; quotes inside a field must be doubled "
                f"and the field put in quotes"
            ) from error


def _records(reader: Iterator[list[str]], path: Path) -> Iterator[tuple[int, Row | DataError]]:
    nothing: list[str] = []
    header = [name.strip() for name in next(reader, nothing)]
    if len(set(header)) != len(header):
        raise DataError(f"expected every column of {path} once; its header is {header}")
    for number, cells in enumerate((cells for cells in reader if cells), 1):
        yield number, _cells(header, cells)


def _cells(header: list[str], cells: list[str]) -> Row | DataError:
    if len(cells) != len(header):
        return DataError(
            f"expected {len(header)} fields as in the header, found {len(cells)}; quote fields "
            f"that hold the delimiter or a line break"
        )
    return dict(zip(header, cells, strict=True))


def _json_list(stream: BinaryIO, path: Path) -> Iterator[tuple[int, Row | DataError]]:
    with io.TextIOWrapper(stream, "utf-8-sig") as text:
        try:
            for number, value in enumerate(_elements(text, path), 1):
                if isinstance(value, dict):
                    yield number, cast(Row, value)
                else:
                    kind = type(value).__name__
                    yield number, DataError(f"expected a JSON object, found a {kind}")
        except UnicodeDecodeError as error:
            raise recordings.not_utf8(path, error.reason) from error


def _elements(text: io.TextIOWrapper, path: Path) -> Iterator[Any]:
    """Decode the elements of a JSON list one by one, so that one is in memory and not all."""
    decoder = json.JSONDecoder()
    buffer, size, count = text.read(_CHUNK).lstrip()[1:].lstrip(), _CHUNK, 0
    while not buffer.startswith("]"):
        try:
            value, end = decoder.raw_decode(buffer)
            rest = buffer[end:].lstrip()
        except (ValueError, RecursionError) as error:
            value, rest, problem = None, "", str(error)
        else:
            problem = f"expected , or ] and found {rest[:10]!r}"
        if not rest:  # perhaps the element goes on behind the buffer: read twice as much
            more = text.read(size)
            if not more:
                raise DataError(f"{path} is no JSON list: broken after row {count} ({problem})")
            buffer, size = (buffer + more).lstrip(), size * 2
            continue
        if rest[0] not in ",]":
            raise DataError(f"{path} is no JSON list: broken after row {count} ({problem})")
        count, size = count + 1, _CHUNK
        yield value
        buffer = rest if rest[0] == "]" else rest[1:].lstrip() or text.read(_CHUNK).lstrip()
