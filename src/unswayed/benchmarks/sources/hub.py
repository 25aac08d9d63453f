"""Rows of a data set of the Hugging Face hub, from the hub itself or from files as downloaded.

With a path the files are read as they are: a folder in hub layout, one Parquet file, or a TSV, CSV,
JSON or JSONL file. Without one, `datasets` fetches the data set and keeps it in its own cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from unswayed.benchmarks.sources import arrow, cells, provenance
from unswayed.benchmarks.sources.fields import RawRow, is_absent
from unswayed.benchmarks.sources.pictures import NAME_FOLDER, Pictures
from unswayed.errors import DataError, UnswayedError, first_line
from unswayed.run import recordings, rows, tables
from unswayed.types import ImageRef

NO_PICTURES = "none"
"""Setting of `images`: the questions are read without their pictures."""

_SHARD = re.compile(r"(?P<name>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})")
_TABLES = (".tsv", ".csv", ".jsonl", ".json")


@dataclass(frozen=True)
class HubRows:
    """Where the rows of a benchmark lie, and how to read them.

    Attributes:
        hub_id: name on the hub, `OWNER/NAME`.
        split: split, such as `test`.
        config: configuration, None for the only one or the default.
        revision: commit, tag or branch on the hub; empty for `pinned`.
        pinned: the commit that is read where no revision is named; empty for `main`.
        path: the files as downloaded; empty to fetch them from the hub.
        images: folder of the pictures that rows name, or `none`; the folder of the rows if empty.
        pictures: columns that hold pictures.
        columns: columns that every row must have.
        spec: says how the benchmark is named with files of one's own; for messages.
    """

    hub_id: str
    split: str
    config: str | None = None
    revision: str = ""
    path: str = ""
    images: str = ""
    pinned: str = ""
    pictures: tuple[str, ...] = ("image",)
    columns: tuple[str, ...] = ()
    spec: Callable[[], str] = field(default=lambda: "path=PATH", repr=False, compare=False)
    _read: list[provenance.Revision] = field(
        default_factory=list[provenance.Revision], init=False, repr=False, compare=False
    )

    def __iter__(self) -> Iterator[tuple[str, RawRow | DataError]]:
        """Yield (where the row lies, the row or the error that reading it gave).

        Raises:
            DataError: the data set cannot be found or read, has no rows or lacks a column.
            MissingExtra: a package that it needs is not installed.
        """
        whole, first_error = False, ""
        for where, row in self._local() if self.path else self._remote():
            if isinstance(row, DataError):
                first_error = first_error or f": {where}: {row}"
            elif not whole:
                self._check(row)
                whole = True
            yield where, row
        if not whole:
            place, what = self.path or self.hub_id, "readable rows" if first_error else "rows"
            raise DataError(f"{place} has no {what} of the split {self.split!r}{first_error}")

    def check(self) -> None:
        """Refuse a path that cannot be read at all, before anything else is done.

        Raises:
            DataError: it is missing, or holds no file of the split.
        """
        if self.path:
            files(Path(self.path), self.split, self.config)

    def keep(self, condition: Callable[[RawRow], bool]) -> Iterator[tuple[str, RawRow | DataError]]:
        """Yield the rows that are asked for; broken rows are kept.

        Args:
            condition: says whether a row is asked for; a DataError that it raises is the row's.
        """
        for where, row in self:
            try:
                if isinstance(row, DataError) or condition(row):
                    yield where, row
            except DataError as error:
                yield where, error

    def find(self, row: RawRow, *columns: str) -> tuple[ImageRef, ...]:
        """Return the pictures of a row from the first column that has any, of those given.

        Raises:
            DataError: there is none, or it is missing, outside the folder or undecodable.
        """
        if self.images == NO_PICTURES:
            return ()
        for column in columns or self.pictures:
            cell = row.get(column)
            if isinstance(cell, tuple) and cell:
                return cast(tuple[ImageRef, ...], cell)
            if not isinstance(cell, tuple) and not is_absent(cell):
                return self.named(cell)
        raise DataError(
            f"expected a picture in {' or '.join(columns or self.pictures)}, found none; "
            f"{NAME_FOLDER}"
        )

    def held(self, row: RawRow) -> tuple[ImageRef, ...]:
        """Return the pictures that a row itself holds, asked for or not; none if it names them."""
        for column in self.pictures:
            if isinstance(cell := row.get(column), tuple) and cell:
                return cast(tuple[ImageRef, ...], cell)
        return ()

    def named(self, name: Any) -> tuple[ImageRef, ...]:
        """Return the pictures that a cell names in the folder of the pictures, or holds in base64.

        Raises:
            DataError: one is missing, outside the folder or undecodable.
        """
        return Pictures(self.folder, remedy=NAME_FOLDER).find(name)[0]

    def provenance(self) -> dict[str, Any]:
        """Return which data was read: files with their digests, or the commit on the hub.

        The commit is known once the rows have been read; `note` says why it is not.
        """
        if self.path:
            return provenance.of_files(files(Path(self.path), self.split, self.config))
        unread = provenance.Revision(self.asked, None, "not read")
        revision = self._read[-1] if self._read else unread
        return {
            "hub_id": self.hub_id,
            "config": self.config,
            "split": self.split,
            "revision": revision.asked,
            "commit": revision.commit,
            "note": revision.note,
        }

    @property
    def asked(self) -> str:
        """The revision that is asked for: the one named, or the default one."""
        return self.revision or self.pinned or "main"

    @property
    def folder(self) -> Path:
        """The folder of the pictures that rows name."""
        path = Path(self.images or self.path)
        return path if path.is_dir() else path.parent

    def _local(self) -> Iterator[tuple[str, RawRow | DataError]]:
        for path in files(Path(self.path), self.split, self.config):
            if path.suffix == ".parquet":
                numbered = enumerate(arrow.parquet(path, self.pictures), 1)
            elif path.suffix.lower() in tables.DELIMITERS:
                numbered = cells.read_table(path, self.pictures)
            else:
                numbered = rows.read_rows(path)
            yield from ((f"{path.name}:{i}", row) for i, row in numbered)

    def _remote(self) -> Iterator[tuple[str, RawRow]]:
        datasets = arrow.need("datasets")
        revision = provenance.resolve(self.hub_id, self.asked)
        try:
            loaded = datasets.load_dataset(
                self.hub_id,
                self.config,
                split=self.split,
                revision=revision.commit or revision.asked,
            )
        except UnswayedError:
            raise
        except Exception as error:  # the network, the hub and the file formats raise all sorts
            reason = first_line(error)
            raise DataError(
                f"cannot load {self.hub_id} (config {self.config}, split {self.split}, revision "
                f"{self.asked}) from the hub: {reason}; to read files that you have, name them "
                f"in the benchmark's spec: {self.spec()}"
            ) from error
        self._read.append(provenance.confirmed(self.hub_id, revision, loaded))
        numbered = enumerate(arrow.dataset(loaded, self.pictures), 1)
        yield from ((f"{self.hub_id}/{self.split}:{i}", row) for i, row in numbered)

    def _check(self, row: RawRow) -> None:
        missing = [column for column in self.columns if column not in row]
        if missing:
            raise DataError(
                f"expected the column {missing[0]!r} in {self.path or self.hub_id}, found only: "
                f"{', '.join(map(str, row))}; is it this benchmark, in this revision?"
            )


def files(path: Path, split: str, config: str | None = None) -> list[Path]:
    """Return the files of a split: the path itself, or those of a folder in hub layout.

    Layouts: `data/SPLIT-00000-of-00001.parquet`, `CONFIG/SPLIT-*.parquet`, `SPLIT_CONFIG.parquet`,
    `CONFIG/SPLIT/0000.parquet`, `NAME_SPLIT.parquet`, and the same with one of the text formats.

    Raises:
        DataError: there are none, or a shard of them is missing.
    """
    if not path.is_dir():
        recordings.require_file(path)
        return [path]
    for suffixes in ((".parquet",), _TABLES):
        every = sorted(p for p in path.rglob("*") if p.suffix.lower() in suffixes)
        chosen = [p for p in every if _of_split(p.relative_to(path.parent), split, config)]
        if chosen:
            _check_shards(chosen)
            return chosen
        if every:
            shown = ", ".join(str(p.relative_to(path)) for p in every[:10])
            of = f"{config}, {split}" if config else split
            raise DataError(f"expected files of {of!r} under {path}, found {shown}; name the file")
    raise DataError(f"expected Parquet, TSV, CSV, JSON or JSONL files under {path}, found none")


def _of_split(path: Path, split: str, config: str | None) -> bool:
    """Say whether a file's name and folders are those of a split and a configuration.

    Args:
        path: the file, from the folder that was named on.
        split: the split.
        config: the configuration, if it matters.
    """
    folders = [part.lower() for part in path.parent.parts]
    shard = _SHARD.fullmatch(path.stem)
    name = (shard["name"] if shard else path.stem).lower()
    words = re.sub(r"[-_.]", "-", name)
    start, _, rest = words.partition("-")
    before, _, end = words.rpartition("-")
    named = split.lower() in (start, end, *folders)
    other = rest if start == split.lower() else before
    return named and (config is None or config.lower() in (*folders, rest, other))


def _check_shards(paths: Sequence[Path]) -> None:
    """Refuse a download with a shard missing: a benchmark cut short would look like a whole one."""
    shards: dict[tuple[Path, str, int], set[int]] = {}
    for path in paths:
        if match := _SHARD.fullmatch(path.stem):
            key = (path.parent, match["name"], int(match["count"]))
            shards.setdefault(key, set()).add(int(match["index"]))
    for (folder, name, count), present in shards.items():
        if missing := sorted(set(range(count)) - present):
            raise DataError(
                f"expected {count} shards of {name} in {folder}, found {len(present)}; shard "
                f"{missing[0]:05d} is missing: fetch it again"
            )
