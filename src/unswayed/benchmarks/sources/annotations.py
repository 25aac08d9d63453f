"""Annotation files that name their pictures: JSON lists of any values, and the pictures' folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from unswayed.benchmarks.sources.fields import short
from unswayed.benchmarks.sources.hub import NO_PICTURES
from unswayed.benchmarks.sources.pictures import NAME_FOLDER, Pictures
from unswayed.errors import DataError
from unswayed.run import recordings
from unswayed.types import ImageRef

T = TypeVar("T")


@dataclass(frozen=True)
class Folder:
    """The folder of the pictures; None to read the questions without their pictures."""

    pictures: Pictures | None

    @classmethod
    def of(cls, images: str, beside: Path, strip_prefix: str = "") -> Folder:
        """Make it from the option `images`: a folder, `none`, or empty for the folder `beside`."""
        if images == NO_PICTURES:
            return cls(None)
        return cls(Pictures(Path(images) if images else beside, strip_prefix, NAME_FOLDER))

    def find(self, name: str) -> tuple[ImageRef, ...]:
        """Return the picture of a name.

        Raises:
            DataError: it is missing, or outside the folder.
        """
        return self.pictures.find(name)[0] if self.pictures else ()


def json_values(path: Path) -> list[Any]:
    """Return the elements of a JSON list, whatever they are; the file may be gzipped.

    Raises:
        DataError: it is missing, no JSON, or no list.
    """
    recordings.require_file(path)
    try:
        with recordings.open_bytes(path) as stream:
            value: Any = json.loads(stream.read())  # of the marks, json knows
    except recordings.GZIP_ERRORS as error:
        raise recordings.damaged(path, error) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"expected a JSON list in {path}: {error}; fetch it again") from error
    rows = cast(list[Any], value) if isinstance(value, list) else []
    if not rows:
        raise DataError(f"expected a JSON list with rows in {path}, found {short(value)}")
    return rows


def numbered(
    rows: Iterable[tuple[str, T | DataError]],
) -> Iterator[tuple[str, tuple[int, T] | DataError]]:
    """Give every row its number from 1, over all files of a data set that has no ids."""
    for number, (where, row) in enumerate(rows, 1):
        yield where, row if isinstance(row, DataError) else (number, row)
