"""The encoding of a text file: UTF-8 as it is, UTF-16 and UTF-32 converted, others refused.

Windows tools write UTF-16, with a byte order mark or without one. It can be told from UTF-8 by the
mark or by its zero bytes, which no text in UTF-8 has. One-byte encodings look alike, so a
file in one of them is refused with the byte that shows it.
"""

from __future__ import annotations

import codecs
import io
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from unswayed.errors import DataError

HEAD = 1 << 12
"""Bytes by which the encoding is told."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # starts like the mark of UTF-16: looked for first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order mark → encoding of the bytes behind it."""

_LEAST_ZEROS = 1 / 8
"""Share of zero bytes from which a text without a mark is UTF-16: that of one ASCII in four."""


class EncodingError(DataError):
    """A text file is in another encoding; it cannot be used at all."""


def encoding_of(head: bytes) -> tuple[str, bytes]:
    """Return the encoding that a file starts in, `utf-8` or a wide one, and its byte order mark."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, mark
    zeros = head[0::2].count(0), head[1::2].count(0)
    if min(zeros) > 0 or max(zeros) < _LEAST_ZEROS * len(head):
        return "utf-8", b""
    return ("utf-16-le" if zeros[1] else "utf-16-be"), b""


def as_utf8(stream: BinaryIO, path: Path) -> BinaryIO:
    """Return a stream of the same text in UTF-8: the stream itself if it is that already.

    A text in UTF-16 or UTF-32 is converted once into an unnamed temporary file, so that the bytes
    where its lines start can be found again.

    Args:
        stream: a seekable stream at its start; closed if another one is returned.
        path: the file, for messages.

    Raises:
        EncodingError: the text breaks off, or is no text in its encoding.
    """
    encoding, mark = encoding_of(stream.read(HEAD))
    stream.seek(0 if encoding == "utf-8" else len(mark))
    if encoding == "utf-8":
        return stream
    converted = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (the caller closes it)
    try:
        with io.TextIOWrapper(stream, encoding, newline="") as text:
            writer = codecs.getwriter("utf-8")(converted)
            shutil.copyfileobj(text, writer)
    except UnicodeError as error:
        converted.close()
        raise EncodingError(
            f"{path} starts as {encoding.upper()}, but does not go on so ({error}); save it as "
            f"UTF-8"
        ) from error
    converted.seek(0)
    return converted


def not_utf8(path: Path, number: int, line: bytes) -> EncodingError:
    """Build the error for a file with a line that is not UTF-8.

    Args:
        path: the file.
        number: number of the line, from 1.
        line: its bytes.
    """
    try:
        line.decode()
        place = f"line {number}"
    except UnicodeDecodeError as error:
        byte = line[error.start : error.start + 1]
        meant = byte.decode("cp1252", "replace")
        shown = f", {meant!r} in Windows-1252" if meant.isprintable() and meant != "\ufffd" else ""
        place = f"byte 0x{byte.hex().upper()}{shown}, at byte {error.start + 1} of line {number}"
    name, new = shlex.quote(path.name), shlex.quote(f"new-{path.name.removesuffix('.gz')}")
    source = (f"gunzip -c {name} | ", "") if path.suffix == ".gz" else ("", f" {name}")
    return EncodingError(
        f"{path} is not UTF-8 ({place}); convert it from the encoding that it was saved in, for "
        f"example Windows-1252: {source[0]}iconv -f CP1252 -t UTF-8{source[1]} > {new}"
    )
