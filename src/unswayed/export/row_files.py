"""The rows of a run as a file: Parquet, CSV or JSON lines, one documented row a generation.

The columns are those of `results.row_columns`, in its order. The rows are streamed, so that a run
of any size needs no more memory than some thousand of its outputs.
"""

# pyarrow comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import unswayed
from unswayed.errors import DataError
from unswayed.export import cells
from unswayed.results.frames import ColumnKind
from unswayed.results.row_columns import COLUMNS
from unswayed.results.rows import chunks, each_row
from unswayed.run import recordings
from unswayed.run.folder import RunFolder

_KEY = "unswayed"
_NAMES = [one.name for one in COLUMNS]
_FIRST = _NAMES[:3]
"""By these columns a table is told to be an export, of this version or another one."""


def write_parquet(run: RunFolder, path: Path) -> None:
    """Write the rows as Parquet (zstd), with each column's meaning in its metadata.

    Raises:
        UnswayedError: see `chunks`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for chunk in chunks(run):
            arrays = [
                pa.array(cells.in_parquet(one, chunk[one.name]), schema.field(one.name).type)
                for one in COLUMNS
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def write_csv(run: RunFolder, path: Path) -> None:
    """Write the rows as CSV (RFC 4180, UTF-8); see `cells` for what protects spreadsheets.

    Raises:
        UnswayedError: see `chunks`.
    """
    with path.open("x", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_NAMES)
        for row in each_row(run):
            writer.writerow([cells.in_csv(row[name]) for name in _NAMES])


def write_jsonl(run: RunFolder, path: Path) -> None:
    """Write the rows as JSON lines (UTF-8), null where a cell is missing.

    Raises:
        UnswayedError: see `chunks`.
    """
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        for row in each_row(run):
            stream.write(json.dumps(cells.as_json(row), ensure_ascii=False, allow_nan=False) + "\n")


def is_parquet(path: Path) -> bool:
    """Say whether a file is an export of rows as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return _KEY.encode() in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def is_csv(path: Path) -> bool:
    """Say whether a file is an export of rows as CSV."""
    return _first_line(path).decode(errors="replace").split(",")[:3] == _FIRST


def is_jsonl(path: Path) -> bool:
    """Say whether a file is an export of rows as JSON lines."""
    try:
        return list(recordings.parse_row(_first_line(path), path, 1))[:3] == _FIRST
    except DataError:
        return False


def _schema() -> Any:
    """Return the columns' types in Arrow, each with its meaning."""
    import pyarrow as pa

    types: Mapping[ColumnKind, Any] = {
        "text": pa.string(),
        "flag": pa.bool_(),
        "count": pa.int64(),
        "number": pa.float64(),
        "texts": pa.list_(pa.string()),
        "object": pa.string(),
    }
    fields = [
        pa.field(one.name, types[one.kind], metadata={"meaning": one.meaning}) for one in COLUMNS
    ]
    return pa.schema(fields, metadata={_KEY: unswayed.__version__})


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.readline(1 << 24)
    except OSError:
        return b""
