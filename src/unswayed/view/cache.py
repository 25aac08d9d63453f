"""Where indexes lie: in a folder of the user's cache on this machine, one file a run folder.

A run folder is never written to for them: it may be another's, read-only, or on a network file
system. An index that was made from other records, or by another version, is made again.
"""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from unswayed.errors import StageError
from unswayed.run.files import content_hash
from unswayed.run.folder import RunFolder
from unswayed.view import index

_LONGEST_NAME = 60
_ABANDONED_S = 24 * 3600.0


def default_folder() -> Path:
    """Return the folder of indexes in the user's own cache, as this system has it."""
    from platformdirs import user_cache_path

    return user_cache_path("unswayed", appauthor=False) / "view"


def current_index(run: RunFolder, folder: Path) -> Path:
    """Return the index of a run as it is now; it is built if there is none.

    Args:
        run: the run.
        folder: where indexes lie.

    Raises:
        RunError: the run's files are damaged, or it holds no generation yet.
        DataError: a record does not fit its variant.
        StageError: the index cannot be written.
    """
    source = index.source_of(run)
    path = folder / f"{_name(run)}.sqlite"
    if _made_from(path) != source:
        _make_folder(folder)
        index.build(run, path, source)
    return path


def read_only(path: Path) -> sqlite3.Connection:
    """Open an index for reading, without locks: it is replaced and never changed.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    database = sqlite3.connect(address, uri=True, check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database


def _name(run: RunFolder) -> str:
    folder = run.folder.resolve()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name)[:_LONGEST_NAME]
    return f"{plain}-{content_hash(str(folder))}"


def _made_from(path: Path) -> str | None:
    """Return what an index was made from; None if there is none, or it is damaged."""
    try:
        with closing(read_only(path)) as database:
            row = database.execute("SELECT value FROM meta WHERE key = 'source'").fetchone()
            return None if row is None else str(row["value"])
    except sqlite3.Error:
        return None


def _make_folder(folder: Path) -> None:
    """Make the folder, for this user alone: an index holds the words of a run."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob(".new-*"):  # by a process that was killed; not by one that builds
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink(missing_ok=True)
    except OSError as error:
        raise StageError(
            f"cannot write in {folder}: {error.strerror or error}; use another --cache"
        ) from error
