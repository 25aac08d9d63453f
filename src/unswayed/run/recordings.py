"""Recorded outputs: files of lines, plain or gzipped, and how their rows are named.

The `replay` benchmark and the `replay` model read the same file without knowing each other, so the
name that a row gets lies here, below both. The format is described in docs/your-own-data.md.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from unswayed.errors import DataError
from unswayed.run.encodings import as_utf8, not_utf8

_BOM = b"\xef\xbb\xbf"
GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a damaged or cut off gzip file raises."""

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "a text"),
    (list, "a list"),
    (object, "something else"),
)
"""Types of a JSON value that is no object, and what messages call them."""


@dataclass(frozen=True)
class FileLine:
    """One line of a file: its number from 1, the byte where it starts, and its bytes."""

    number: int
    offset: int
    data: bytes


def require_file(path: Path) -> None:
    """Refuse a path that is no file or an empty one.

    Raises:
        DataError: it is missing, a folder, empty or not readable.
    """
    try:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no plain file" if path.exists() else "nothing"
            raise DataError(f"expected a file at {path}, found {what} there; check the path")
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty; expected at least one row")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def open_bytes(path: Path) -> BinaryIO:
    """Open a text file for reading from start to end, as UTF-8, unpacked if it ends in `.gz`.

    Raises:
        EncodingError: it starts as UTF-16 or UTF-32 and does not go on so.
    """
    if path.suffix == ".gz":
        return as_utf8(cast(BinaryIO, gzip.open(path, "rb")), path)
    return as_utf8(path.open("rb"), path)


def open_seekable(path: Path) -> BinaryIO:
    """Open a file for reading at any byte.

    A gzipped file is unpacked once into an unnamed temporary file: any place of it can then be
    reached, and no more than one line of it is ever in memory.

    Raises:
        DataError: the file is no gzip file, or is cut off.
        EncodingError: it starts as UTF-16 or UTF-32 and does not go on so.
    """
    if path.suffix != ".gz":
        return open_bytes(path)
    unpacked = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
    try:
        with gzip.open(path, "rb") as packed:
            shutil.copyfileobj(packed, unpacked)
    except GZIP_ERRORS as error:
        unpacked.close()
        raise damaged(path, error) from error
    unpacked.seek(0)
    return as_utf8(unpacked, path)


def numbered_lines(stream: BinaryIO) -> Iterator[FileLine]:
    """Yield the lines of a stream that are not blank; a byte order mark is left out."""
    offset = 0
    for number, data in enumerate(stream, 1):
        start, offset = offset, offset + len(data)
        if number == 1 and data.startswith(_BOM):
            start, data = start + len(_BOM), data[len(_BOM) :]
        if data.strip():
            yield FileLine(number, start, data)


def parse_row(data: bytes, path: Path, number: int) -> dict[str, Any]:
    """Parse one line.

    Raises:
        EncodingError: it is not UTF-8.
        DataError: it is not JSON, or no JSON object.
    """
    try:
        value: Any = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise not_utf8(path, number, data) from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"expected one JSON object a line in {path}; line {number} is no JSON ({error})"
        ) from error
    if not isinstance(value, dict):
        raise no_object(f"{path}, line {number}", value)
    return cast(dict[str, Any], value)


def no_object(place: str, value: object) -> DataError:
    """Build the error for a row that is JSON, but no object."""
    kind = next(name for types, name in _KINDS if isinstance(value, types))
    return DataError(f"expected a JSON object in {place}, found {kind}")


def stem(path: Path) -> str:
    """Return the file's name without `.gz` and without its format's suffix."""
    return Path(path.name.removesuffix(".gz")).stem


def benchmark_name(path: Path) -> str:
    """Return the benchmark name of a self-contained recording."""
    return f"replay/{stem(path)}"


def native_id(row: Mapping[str, Any], number: int, column: str) -> str:
    """Return a row's own id, or its line number where it has none."""
    value = row.get(column)
    return str(number) if value is None or value == "" else str(value).strip()


def draw_of(row: Mapping[str, Any], column: str, place: str) -> int:
    """Return which of several outputs of one prompt a row is, from 0; 0 where it does not say.

    Raises:
        DataError: the cell is no such number; the message names the place.
    """
    value: Any = row.get(column)
    if isinstance(value, str) and value.strip().isdecimal():  # the cell of a table
        value = int(value)
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataError(
            f"{place}: expected the number of an output of its prompt, 0, 1, …, in the column "
            f"{column!r}, found {value!r:.80}; name another column with draw=COLUMN"
        )
    return value


def damaged(path: Path, error: Exception) -> DataError:
    """Build the error for a gzip file that cannot be unpacked to its end."""
    return DataError(f"{path} is a damaged or cut off gzip file ({error}); fetch it again")
