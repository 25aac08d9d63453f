"""Rows of a user's file: JSONL, a JSON list, TSV or CSV, plain or gzipped, one row at a time."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from unswayed.errors import DataError
from unswayed.run import recordings, tables
from unswayed.run.encodings import EncodingError
from unswayed.run.tables import RawRow

_JSON = (".jsonl", ".ndjson", ".json")
_CHUNK = 1 << 14


def require_rows(path: Path) -> None:
    """Refuse a file that cannot be read at all.

    Raises:
        DataError: it is missing or empty, or of no known format.
    """
    recordings.require_file(path)
    suffix = tables.suffix(path)
    if suffix in tables.DELIMITERS or suffix in _JSON:
        return
    hint = ""
    if suffix == ".parquet":
        hint = "; convert it: pandas.read_parquet(FILE).to_json(OUT, orient='records', lines=True)"
    raise DataError(
        f"expected a .jsonl, .json, .tsv or .csv file (perhaps with .gz), found {path.name}{hint}"
    )


def read_rows(path: Path) -> Iterator[tuple[int, RawRow | DataError]]:
    """Yield (number, row), or (number, error) for a row that is broken by itself.

    The number is the line in JSONL, and counts the rows from 1 in the other formats.

    Raises:
        DataError: the file is in no encoding that can be told, or its structure breaks so that no
            row after can be told.
    """
    require_rows(path)
    try:
        if tables.suffix(path) in tables.DELIMITERS:
            yield from _table(path)
            return
        is_list = _is_json_list(path)
        with recordings.open_bytes(path) as stream:
            yield from _json_list(stream, path) if is_list else _jsonl(stream, path)
    except recordings.GZIP_ERRORS as error:
        raise recordings.damaged(path, error) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def open_lines(path: Path) -> BinaryIO:
    """Open a file of rows as JSONL, for reading at any byte: line n is row n of `read_rows`.

    The rows of a table or a JSON list are written once into an unnamed temporary file, so that no
    more than one of them is ever in memory. A row that is broken by itself becomes a line that is
    no object.

    Raises:
        DataError: the file cannot be read, or its structure breaks.
        OSError: it cannot be opened.
    """
    try:
        if tables.suffix(path) not in tables.DELIMITERS and not _is_json_list(path):
            return recordings.open_seekable(path)
    except recordings.GZIP_ERRORS as error:
        raise recordings.damaged(path, error) from error
    lines = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
    try:
        for _, row in read_rows(path):
            content = None if isinstance(row, DataError) else row
            lines.write(json.dumps(content).encode() + b"\n")
    except BaseException:
        lines.close()
        raise
    lines.seek(0)
    return lines


def _is_json_list(path: Path) -> bool:
    """Tell a JSON list, over as many lines as it likes, from JSONL whose first row is a list."""
    with recordings.open_bytes(path) as stream:
        lines = recordings.numbered_lines(stream)
        first, second = next(lines, None), next(lines, None)
    if first is None or not first.data.lstrip().startswith(b"["):
        return False
    if second is None:
        return True
    try:
        json.loads(first.data)
    except (ValueError, RecursionError):
        return True
    return False


def _jsonl(stream: BinaryIO, path: Path) -> Iterator[tuple[int, RawRow | DataError]]:
    for line in recordings.numbered_lines(stream):
        try:
            row: RawRow | DataError = recordings.parse_row(line.data, path, line.number)
        except EncodingError:
            raise
        except DataError as error:
            row = error
        yield line.number, row


def _table(path: Path) -> Iterator[tuple[int, RawRow | DataError]]:
    table_format = tables.format_of(path)
    with (
        recordings.open_bytes(path) as stream,
        io.TextIOWrapper(stream, "utf-8-sig", newline="") as text,
    ):
        for _ in range(table_format.preamble):
            text.readline()
        reader = csv.reader(text, delimiter=table_format.delimiter, strict=True)
        try:
            header = tables.header_of(reader, path)
            for number, cells in enumerate((cells for cells in reader if cells), 1):
                yield number, tables.row_of(header, cells)
        except UnicodeDecodeError as error:
            raise tables.table_not_utf8(path) from error
        except csv.Error as error:
            raise tables.broken_table(path, reader.line_num, error) from error


def _json_list(stream: BinaryIO, path: Path) -> Iterator[tuple[int, RawRow | DataError]]:
    with io.TextIOWrapper(stream, "utf-8-sig") as text:
        try:
            for number, value in enumerate(_elements(text, path), 1):
                if isinstance(value, dict):
                    yield number, cast(RawRow, value)
                else:
                    yield number, recordings.no_object(f"{path}, row {number}", value)
        except UnicodeDecodeError as error:
            raise tables.table_not_utf8(path) from error


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
