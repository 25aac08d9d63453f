"""Columns on disk: `rows.npz`, one row a generation, so that no record is parsed twice.

The file says what it was made from. One that was made from anything else, or that is damaged, is
as good as none: the columns are then made from the records again.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unswayed.metrics.columns import DTYPES, Columns

VERSION = 7
"""Raised whenever the columns, their codes or the reading of an answer change."""

_NAMES = ("benchmarks", "variants", "categories", "panel")
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file raises."""


def to_bytes(columns: Columns, source: str) -> bytes:
    """Return columns as the bytes of a `.npz` file.

    Args:
        columns: what to store.
        source: names what they were made from.
    """
    arrays = _arrays(columns)
    names = {name: list(getattr(columns, name)) for name in _NAMES}
    header = {"source": source, "version": VERSION, "seal": _seal(arrays), **names}
    buffer = io.BytesIO()
    np.savez(buffer, header=np.array(json.dumps(header)), **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def load(path: Path, source: str) -> Columns | None:
    """Return the columns of a file; None if it is damaged or was made from something else."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            header: dict[str, Any] = json.loads(str(file["header"]))
            if (header["source"], header["version"]) != (source, VERSION):
                return None
            arrays = {name: file[name] for name in (*DTYPES, "samples", "failed")}
        if header["seal"] != _seal(arrays):
            return None
        fields: dict[str, Any] = {name: tuple(header[name]) for name in _NAMES}
        fields |= {name: _widened(array) for name, array in arrays.items()}
        return Columns(**fields)
    except _DAMAGE:
        return None


def _arrays(columns: Columns) -> dict[str, NDArray[Any]]:
    """Return the columns in the types that they are stored in."""
    stored = {name: getattr(columns, name).astype(dtype) for name, dtype in DTYPES.items()}
    return {**stored, "samples": columns.samples, "failed": columns.failed}


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.int64) if np.issubdtype(array.dtype, np.integer) else array


def _seal(arrays: dict[str, NDArray[Any]]) -> str:
    """Return a hash over the arrays: a file that was put together by hand does not have it."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
