"""Recorded outputs: JSONL files, plain or gzipped, and how their rows are named.

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

_BOM = b"\xef\xbb\xbf"
GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a damaged or cut off gzip file raises."""


@dataclass(frozen=True)
class Line:
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
    """Open a file for reading from start to end, unpacking it on the way if it ends in `.gz`."""
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def open_seekable(path: Path) -> BinaryIO:
    """Open a file for reading at any byte.

    A gzipped file is unpacked once into an unnamed temporary file: any place of it can then be
    reached, and no more than one line of it is ever in memory.

    Raises:
        DataError: the file is no gzip file, or is cut off.
    """
    if path.suffix != ".gz":
        return path.open("rb")
    unpacked = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
    try:
        with gzip.open(path, "rb") as packed:
            shutil.copyfileobj(packed, unpacked)
    except GZIP_ERRORS as error:
        unpacked.close()
        raise damaged(path, error) from error
    unpacked.seek(0)
    return unpacked


def lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a stream that are not blank; a byte order mark is left out."""
    offset = 0
    for number, data in enumerate(stream, 1):
        start, offset = offset, offset + len(data)
        if number == 1 and data.startswith(_BOM):
            start, data = start + len(_BOM), data[len(_BOM) :]
        if data.strip():
            yield Line(number, start, data)


def parse(data: bytes, path: Path, number: int) -> dict[str, Any]:
    """Parse one line.

    Raises:
        DataError: it is not UTF-8, not JSON, or no JSON object.
    """
    try:
        value: Any = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise not_utf8(path, f"line {number}, byte {error.start + 1} of it") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"expected one JSON object a line in {path}; line {number} is no JSON ({error})"
        ) from error
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise DataError(f"expected a JSON object in {path}, line {number}; found a {kind}")
    return cast(dict[str, Any], value)


class EncodingError(DataError):
    """A text file is in another encoding; it cannot be used at all."""


def not_utf8(path: Path, where: str) -> EncodingError:
    """Build the error for a file in another encoding."""
    return EncodingError(
        f"{path} is not UTF-8 ({where}); convert it, for example with "
        f"iconv -f LATIN1 -t UTF-8 {path.name} > new-{path.name}"
    )


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


def damaged(path: Path, error: Exception) -> DataError:
    """Build the error for a gzip file that cannot be unpacked to its end."""
    return DataError(f"{path} is a damaged or cut off gzip file ({error}); fetch it again")
