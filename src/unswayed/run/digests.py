"""Digests of a run's files: kept with size and time, so that only what was touched is hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast


@dataclass(frozen=True)
class FileDigest:
    """What a file was at a moment.

    Attributes:
        bytes: its size.
        mtime_ns: when it was last changed, in nanoseconds since 1970.
        sha256: SHA-256 of what it held, in hex digits.
    """

    bytes: int
    mtime_ns: int
    sha256: str

    def record(self) -> dict[str, Any]:
        """Return it as `progress.json` keeps it."""
        return asdict(self)


def of_record(record: Any) -> FileDigest | None:
    """Return the digest that `progress.json` keeps; None if what it holds is none."""
    if not isinstance(record, Mapping):
        return None
    values = cast("Mapping[str, Any]", record)
    size, mtime_ns, sha256 = (values.get(key) for key in ("bytes", "mtime_ns", "sha256"))
    if isinstance(size, int) and isinstance(mtime_ns, int) and isinstance(sha256, str):
        return FileDigest(size, mtime_ns, sha256)
    return None


def of_file(path: Path, known: FileDigest | None = None) -> FileDigest | None:
    """Return the digest of a file; None if there is none.

    Args:
        path: the file.
        known: what it was before; with the same size and time it is not read again.
    """
    try:
        with path.open("rb") as file:
            status = path.stat()
            if known and (known.bytes, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
                return known
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return FileDigest(status.st_size, status.st_mtime_ns, sha256)
    except OSError:
        return None
