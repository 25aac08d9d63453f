"""Data sets published as folders: one JSON file a question, in an order that people expect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from unswayed.errors import DataError
from unswayed.run import recordings


def find_files(root: Path, names: Sequence[str]) -> list[Path]:
    """Return the files under a folder that have one of the names, `2` before `10`.

    Raises:
        DataError: there is no such folder, or none of the files in it.
    """
    if not root.is_dir():
        raise DataError(f"expected a folder at {root}, found none; check the path")
    paths = [path for name in names for path in root.rglob(name)]
    if not paths:
        raise DataError(f"expected files named {' or '.join(names)} under {root}, found none")
    return sorted(paths, key=lambda path: _natural(path.relative_to(root)))


def read_objects(
    root: Path, names: Sequence[str]
) -> Iterator[tuple[str, tuple[Path, Any] | DataError]]:
    """Yield (where, (the JSON file's folder under the root, its object) or the error).

    Raises:
        DataError: there is no such folder, or none of the files in it.
    """
    for path in find_files(root, names):
        where = path.relative_to(root)
        try:
            yield str(where), (where.parent, _object(path))
        except DataError as error:
            yield str(where), error


def _object(path: Path) -> dict[str, Any]:
    try:
        value: Any = json.loads(path.read_bytes())  # in UTF-8 or UTF-16
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"expected a JSON object in {path.name}: {error}") from error
    if not isinstance(value, dict):
        raise recordings.no_object(path.name, value)
    return cast(dict[str, Any], value)


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.as_posix())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
