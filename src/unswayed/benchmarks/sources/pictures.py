"""Pictures named by a row: files under one folder, or base64 text inside the row.

Files are looked for, not read. Only paths under the folder are accepted, so that a data set from
elsewhere cannot make a run read (and store) other files of the machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unswayed.benchmarks.sources.literals import parse_literal
from unswayed.errors import DataError
from unswayed.types import ImageRef

NO_PICTURE = "no picture at"
"""Start of the message about a picture that is not there, by which such rows are counted."""

FETCH_AGAIN = "fetch the data set again"
"""Remedy for data sets whose pictures lie in one place alone."""

NAME_FOLDER = (
    "name the folder of the pictures with images=, or read the questions alone with images=none"
)
"""Remedy for benchmarks with the option `images`."""

NAME_FOLDER_OR_PREFIX = (
    "name the folder of the pictures with images=, or a start of the path that is not there with "
    "strip_prefix="
)
"""Remedy for benchmarks with the options `images` and `strip_prefix`."""

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_DATA_URI = re.compile(r"data:[\w/+.;=-]*;base64,", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MAX_PATH = 1024
"""Longer texts are no path; pictures in base64 are longer than this almost always."""


@dataclass(frozen=True)
class Pictures:
    """The folder that holds a data set's pictures.

    Attributes:
        root: the folder; paths in rows are relative to it, or absolute and inside it.
        strip_prefix: start of the paths in rows that is not there in the folder.
        remedy: what the user can do about a picture that is not there; names only options that
            the benchmark has.
    """

    root: Path
    strip_prefix: str = ""
    remedy: str = FETCH_AGAIN

    def find(self, value: Any) -> tuple[tuple[ImageRef, ...], str]:
        """Return the pictures that a cell names, and a key that is the same for the same ones.

        The key is the path under the folder, or a digest of the bytes for base64.

        Args:
            value: a path, base64 text, or a list of either (also written as JSON or Python).

        Raises:
            DataError: there is none, or one is missing, outside the folder or undecodable.
        """
        entries = _entries(value)
        if not entries:
            raise DataError("expected a picture, found an empty cell")
        pairs = [self._one(entry, position) for position, entry in enumerate(entries, 1)]
        return tuple(ref for ref, _ in pairs), "+".join(key for _, key in pairs)

    def _one(self, entry: Any, position: int) -> tuple[ImageRef, str]:
        if not isinstance(entry, str):
            kind = type(entry).__name__
            raise DataError(f"expected a picture's path or base64 text, found a {kind}")
        text = entry.strip()
        if _URL.match(text):
            raise DataError(f"pictures are not fetched from the network: {text[:80]!r}; save it")
        if not _DATA_URI.match(text) and (self._is_file(text) or _looks_like_path(text)):
            return self._file(text)
        data = decode_picture(text)
        name = f"picture {position} of the row"
        return ImageRef(data=data, name=name), hashlib.sha256(data).hexdigest()[:16]

    def _file(self, text: str) -> tuple[ImageRef, str]:
        path = self._path(text)
        inside = _inside(path, self.root)
        if inside is None:
            raise DataError(
                f"expected a picture under {self.root}, found {text!r}, which leads out of it; "
                f"{self.remedy}"
            )
        if not self._is_file(text):
            raise DataError(f"{NO_PICTURE} {path}; {self.remedy}")
        if path.stat().st_size == 0:
            raise DataError(f"the picture {path} is an empty file")
        return ImageRef(path=str(path)), inside

    def _path(self, text: str) -> Path:
        return self.root / text.removeprefix(self.strip_prefix)

    def _is_file(self, text: str) -> bool:
        if not text or len(text) > _MAX_PATH or "\0" in text:
            return False
        try:
            return self._path(text).is_file()
        except OSError:  # a part of the path is longer than the file system allows
            return False


def key_of(image: ImageRef) -> str:
    """Return what is the same for the same picture: its key, or a digest of its bytes.

    Raises:
        DataError: it has no key and cannot be read.
    """
    if image.key:
        return image.key
    try:
        return hashlib.blake2b(image.read(), digest_size=8).hexdigest()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the picture {image.label}: {error}") from error


def decode_picture(text: str) -> bytes:
    """Decode a picture from base64 text, with or without a `data:` prefix.

    Raises:
        DataError: it is no base64, or what it encodes does not start as a picture does.
    """
    start = _DATA_URI.match(text)
    body = "".join(text[start.end() if start else 0 :].split())
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(
            f"expected a picture's path or base64 text; {text[:40]!r}… is no file and cannot be "
            f"decoded ({error})"
        ) from error
    if not data.startswith(_SIGNATURES) and not (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise DataError(
            f"expected a picture's path or base64 text; {text[:40]!r}… is no file, and decodes "
            f"to no JPEG, PNG, WebP, GIF, BMP or TIFF"
        )
    return data


def _looks_like_path(text: str) -> bool:
    """Tell a path that is not there from base64 text, whose alphabet has no full stop."""
    return len(text) <= _MAX_PATH and ("." in text or "\0" in text or "\\" in text)


def _inside(path: Path, root: Path) -> str | None:
    """Return the path under the root, without `..`, or None if it leads out of it."""
    relative = Path(os.path.relpath(path.absolute(), root.absolute()))  # by name, no file access
    return None if relative.parts[:1] == (os.pardir,) else relative.as_posix()


def _entries(value: Any) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parse_literal(value)
    if isinstance(value, list | tuple):
        return [entry for entry in cast(list[Any], value) if entry not in (None, "")]
    blank = value is None or value != value or (isinstance(value, str) and not value.strip())
    return [] if blank else [value]
