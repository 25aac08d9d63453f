"""Files that are replaced in one step, and the hash that identifies a value."""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any, cast

from unswayed.errors import RunError, StageError

_HALF_PAIR = re.compile("[\ud800-\udfff]")


def content_hash(value: Any) -> str:
    """Return 16 hex digits that identify a JSON-like value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step: a reader sees the old file or the new one.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON does not have.
        StageError: the file cannot be written.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (writable(text) + "\n").encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    Raises:
        StageError: the file cannot be written.
    """
    new = path.with_name(f".new-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StageError(
            f"cannot write {path}: {error.strerror or error}; make room and run again"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def read_object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        RunError: it cannot be read, or holds something else.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}; put it back or use another --out") from error
    if not isinstance(value, dict):
        raise RunError(f"expected a JSON object in {path}; put it back or use another --out")
    return cast("dict[str, Any]", value)


def writable(text: str) -> str:
    """Return a text with half a surrogate pair, which no UTF-8 file holds, as U+FFFD."""
    return _HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", text)
