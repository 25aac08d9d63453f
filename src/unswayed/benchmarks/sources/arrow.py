"""Rows of Parquet files and of `datasets`, whose pictures stay where they are until they are read.

Pictures on the Hugging Face hub are columns of {bytes, path}. The bytes are most of the file, so
a row is read without them, and an `ImageRef` fetches its own when it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from unswayed.benchmarks.sources import pictures as picture_files
from unswayed.benchmarks.sources.fields import RawRow
from unswayed.errors import DataError
from unswayed.extras import require
from unswayed.types import ImageRef

_BATCH = 64
"""Rows held at a time."""


@dataclass(frozen=True)
class ParquetPicture:
    """Fetches one picture from a column of a Parquet file."""

    path: str
    group: int
    column: str
    row: int
    entry: int = 0

    def __call__(self) -> bytes:
        """Return the encoded bytes.

        Raises:
            DataError: the file is damaged, or the cell holds no picture.
        """
        try:
            cell = _column(self.path, self.group, self.column)[self.row].as_py()
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read pictures of {self.path}: {error}") from error
        return _bytes(cell, self.entry, f"{self.column!r} of {Path(self.path).name}")


@dataclass(frozen=True)
class DatasetPicture:
    """Fetches one picture from a column of a loaded data set (`datasets.Dataset`)."""

    dataset: Any = field(repr=False)
    column: str
    row: int
    entry: int = 0

    def __call__(self) -> bytes:
        """Return the encoded bytes.

        Raises:
            DataError: the cell holds no picture.
        """
        table = self.dataset.with_format("arrow")[self.row : self.row + 1]
        return _bytes(table.column(self.column)[0].as_py(), self.entry, repr(self.column))


def need(module: str) -> Any:
    """Import a package of the extra `hub`.

    Raises:
        MissingExtra: it is not installed.
    """
    require("reading data sets of the hub", "hub", only=(module.partition(".")[0],))
    return importlib.import_module(module)


def parquet(path: Path, pictures: Collection[str]) -> Iterator[RawRow]:
    """Yield the rows of a Parquet file; cells of pictures become tuples of `ImageRef`.

    Raises:
        DataError: the file is damaged or cut off.
        MissingExtra: pyarrow is not installed.
    """
    module, table_of = need("pyarrow.parquet"), need("pyarrow").Table
    try:
        with module.ParquetFile(path) as file:
            columns = _without_bytes(file.schema, pictures)
            number = 1
            for group in range(file.num_row_groups):
                first, start = number, 0
                for batch in file.iter_batches(_BATCH, row_groups=[group], columns=columns):
                    table = table_of.from_batches([batch])
                    for i, row in enumerate(_counted(table, pictures).to_pylist(), start):
                        yield _with_refs(row, pictures, _InParquet(path, group, i, first + i))
                    start += batch.num_rows
                number = first + start
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no whole Parquet file ({error}); fetch it again") from error


def dataset(loaded: Any, pictures: Collection[str]) -> Iterator[RawRow]:
    """Yield the rows of a `datasets.Dataset`; cells of pictures become tuples of `ImageRef`."""
    features = need("datasets")
    for column in set(pictures) & set(loaded.column_names):
        # Only casting keeps `datasets` from decoding; raw bytes and base64 have nothing to decode.
        feature = loaded.features[column]
        if isinstance(feature, features.Image):
            loaded = loaded.cast_column(column, features.Image(decode=False))
        elif isinstance(getattr(feature, "feature", None), features.Image):
            sequence = features.Sequence(features.Image(decode=False))
            loaded = loaded.cast_column(column, sequence)
    start = 0
    for table in loaded.with_format("arrow").iter(_BATCH):
        for i, row in enumerate(_counted(table, pictures).to_pylist(), start):
            yield _with_refs(row, pictures, _InDataset(loaded, i))
        start += table.num_rows


@dataclass(frozen=True)
class _InParquet:
    """Names the pictures of a row: its place in its row group from 0, in the file from 1."""

    path: Path
    group: int
    row: int
    number: int

    def __call__(self, column: str, entry: int) -> ImageRef:
        loader = ParquetPicture(str(self.path), self.group, column, self.row, entry)
        place = f"{column!r} of row {self.number} of {self.path.name}"
        return ImageRef(loader=loader, name=f"picture {entry + 1} in {place}")


@dataclass(frozen=True)
class _InDataset:
    """Names the pictures of a row: its place in the data set, from 0."""

    dataset: Any
    row: int

    def __call__(self, column: str, entry: int) -> ImageRef:
        loader = DatasetPicture(self.dataset, column, self.row, entry)
        name = f"picture {entry + 1} in {column!r} of row {self.row + 1}"
        return ImageRef(loader=loader, name=name)


def _with_refs(row: RawRow, pictures: Collection[str], ref: _InParquet | _InDataset) -> RawRow:
    for column in pictures:
        if column in row:
            row[column] = tuple(ref(column, entry) for entry in range(int(row[column] or 0)))
    return row


def _without_bytes(schema: Any, pictures: Collection[str]) -> list[str]:
    """Return the columns to read, by their dotted names: of pictures only the path."""
    names = [schema.column(i).path for i in range(len(schema))]
    with_path = {name.partition(".")[0] for name in names if name.endswith(".path")}
    bare = with_path & set(pictures)
    return [name for name in names if name.partition(".")[0] not in bare or name.endswith(".path")]


def _counted(table: Any, pictures: Collection[str]) -> Any:
    """Put the number of pictures in the place of the pictures, so that no bytes are copied."""
    types, compute = need("pyarrow").types, need("pyarrow.compute")
    for i, name in enumerate(table.column_names):
        if name in pictures:
            column = table.column(name)
            is_list = types.is_list(column.type) or types.is_large_list(column.type)
            count = compute.list_value_length(column) if is_list else compute.is_valid(column)
            table = table.set_column(i, name, count)
    return table


@lru_cache(maxsize=2)
def _column(path: str, group: int, column: str) -> Any:
    """Return a column of a row group; neighbours are read one after the other, so keep the last."""
    with need("pyarrow.parquet").ParquetFile(path) as file:
        return file.read_row_group(group, columns=[column]).column(column)


def _bytes(cell: Any, entry: int, where: str) -> bytes:
    value: Any = cast(list[Any], cell)[entry] if isinstance(cell, list) else cell
    if isinstance(value, Mapping):
        value = cast(Mapping[str, Any], value).get("bytes")
    if isinstance(value, str):
        return picture_files.decode_picture(value)
    if not isinstance(value, bytes) or not value:
        raise DataError(f"expected the bytes of a picture in {where}, found none")
    return value
