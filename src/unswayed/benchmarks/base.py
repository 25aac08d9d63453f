"""What benchmarks of published data share: facts, options, and rows that become samples.

A benchmark's own file holds what is its own: the facts as constants of its class, and how a row
becomes a sample. Each of the classes here says what a subclass has to write.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from unswayed import registry
from unswayed.benchmarks.parse.items import collect
from unswayed.benchmarks.sources import folders, provenance
from unswayed.benchmarks.sources.fields import RawRow
from unswayed.benchmarks.sources.hub import HubRows
from unswayed.errors import ConfigError, DataError
from unswayed.run import rows
from unswayed.types import Failure, Sample

RowT = TypeVar("RowT")


@dataclass(kw_only=True)
class PublishedBenchmark(ABC, Generic[RowT]):
    """Questions of a published data set, a sample or a recorded failure for every row.

    The first sentence of a subclass's docstring says what the benchmark is; its constants are the
    facts, and the one place where they stand. `unswayed list benchmarks` and docs/benchmarks.md
    show them.

    Attributes:
        PAPER: where the data set is described.
        LICENCE: as its page states it; what cannot be said in a word or two is in the module.
        SOURCE: where its files are published, unless that is the hub.
        HUB_ID: name on the Hugging Face hub, `OWNER/NAME`; empty if it is not read from there.
        REVISION: commit on the hub that is read unless another is named; empty for `main`.
        ROWS: part, or `all` → number of rows, where it is known.
        name: name of the benchmark; sample ids are `name/native-id`.
        rows: number of rows that there should be with these options; None where it is not known.
    """

    PAPER: ClassVar[str]
    LICENCE: ClassVar[str]
    SOURCE: ClassVar[str] = ""
    HUB_ID: ClassVar[str] = ""
    REVISION: ClassVar[str] = ""
    ROWS: ClassVar[Mapping[str, int]] = {}

    name: str = field(init=False)
    rows: int | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every row as a sample, or as the failure that it is."""
        return collect(self.name, self._located(), self._sample)

    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """Return which data was read: files with their digests, or the commit on the hub."""

    @abstractmethod
    def _located(self) -> Iterable[tuple[str, RowT | DataError]]:
        """Yield (where the row lies, the row or the error that reading it gave)."""

    @abstractmethod
    def _sample(self, row: RowT) -> Sample:
        """Make the sample of a row.

        Raises:
            DataError: the row is not as it must be.
        """


@dataclass(kw_only=True)
class HubOptions(PublishedBenchmark[RowT]):
    """The options of every benchmark of the hub.

    Attributes:
        PICTURES: columns that hold pictures.
        COLUMNS: columns that every row must have.
        path: the files as downloaded; empty to fetch them from the hub.
        split: split on the hub; in a folder, the files of that name.
        images: folder of the pictures, where rows name them; `none` for no pictures.
        revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.
        hub_id: name on the hub, if not that of the class.
    """

    PICTURES: ClassVar[tuple[str, ...]] = ("image",)
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    extras: ClassVar[tuple[str, ...]] = ("hub",)

    path: str = field(default="", kw_only=False)
    split: str = "test"
    images: str = ""
    revision: str = ""
    hub_id: str = ""

    def _open(self, config: str | None = None, **changes: str) -> HubRows:
        """Return the rows that the options name, of one configuration on the hub.

        Args:
            config: the configuration; None for the only one or the default.
            changes: options that differ from those given, such as `path`.

        Raises:
            DataError: the path holds no such files.
        """
        hub_id = changes.get("hub_id") or self.hub_id or self.HUB_ID
        options = {
            "hub_id": hub_id,
            "split": self.split,
            "path": self.path,
            "images": self.images,
            "revision": self.revision,
            "pinned": self.REVISION if hub_id == self.HUB_ID else "",
            **changes,
        }
        source = HubRows(
            config=config,
            pictures=self.PICTURES,
            columns=self.COLUMNS,
            spec=self._spec_with_path,
            **options,
        )
        source.check()
        return source

    def _spec_with_path(self) -> str:
        """Say how a spec names files: after a colon, behind the name that the class has there."""
        place = f"{type(self).__module__}:{type(self).__qualname__}"
        names = registry.names("benchmark").items()
        return next((f"{name}:PATH" for name, value in names if value == place), "path=PATH")


@dataclass(kw_only=True)
class HubBenchmark(HubOptions[RowT]):
    """A benchmark whose rows are those of one split of one configuration on the hub."""

    source: HubRows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the source.

        A subclass with options of its own checks them first.

        Raises:
            DataError: the path holds no such files.
            ConfigError: an option is not as it must be.
        """
        self.source = self._open()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()


@dataclass(kw_only=True)
class FileBenchmark(PublishedBenchmark[RowT]):
    """A benchmark that is read from one file as published: JSONL, or a JSON list of objects.

    Attributes:
        path: the file.
    """

    path: str = field(kw_only=False)

    def __post_init__(self) -> None:
        """Look at the file.

        Raises:
            DataError: it is missing or empty, or of no known format.
            ConfigError: an option is not as it must be.
        """
        rows.require_rows(Path(self.path))

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([Path(self.path)])

    def _file_rows(self) -> Iterator[tuple[str, RawRow | DataError]]:
        path = Path(self.path)
        return ((f"{path.name}:{number}", row) for number, row in rows.read_rows(path))


@dataclass(kw_only=True)
class FolderBenchmark(PublishedBenchmark[tuple[Path, dict[str, Any]]]):
    """A benchmark that is published as folders: one JSON file a question.

    Attributes:
        FILES: names of the JSON files.
        path: folder that they all lie under.
    """

    FILES: ClassVar[Sequence[str]]

    path: str = field(kw_only=False)

    def __post_init__(self) -> None:
        """Look for the files.

        Raises:
            DataError: there are none.
        """
        folders.find_files(Path(self.path), self.FILES)

    def provenance(self) -> dict[str, Any]:
        """Return which files were read, with their digest."""
        return provenance.of_files(folders.find_files(Path(self.path), self.FILES))

    def _located(self) -> Iterator[tuple[str, tuple[Path, dict[str, Any]] | DataError]]:
        return folders.read_objects(Path(self.path), self.FILES)


def choose(option: str, value: str, known: Collection[str]) -> str:
    """Check an option that is one of some words.

    Raises:
        ConfigError: it is none of them.
    """
    if value not in known:
        raise ConfigError(f"expected {option} to be one of {', '.join(known)}; found {value!r}")
    return value
