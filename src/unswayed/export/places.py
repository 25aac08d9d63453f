"""Where an export goes: nothing of anyone else's is replaced, and all of it is written or nothing.

A file or folder that is there is replaced only if it shows by itself that an export wrote it: a
Parquet file by its metadata, a table by its header, a folder by the file `.unswayed` in it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from unswayed import __version__
from unswayed.errors import ConfigError, RunError, StageError
from unswayed.run.files import read_object
from unswayed.run.folder import RunFolder

FOLDER = "exports"
"""Below a run folder: where exports go unless another place is named."""
MARK = ".unswayed"
"""File of an exported folder that shows whose it is."""


def require_free(path: Path, is_ours: Callable[[Path], bool]) -> None:
    """Refuse a place where something lies that no export wrote.

    Args:
        path: file or folder that is about to be written.
        is_ours: says of what is there whether an export of the same format wrote it.

    Raises:
        ConfigError: something else is there.
    """
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() and not is_ours(path):
        what = "a folder" if path.is_dir() else "a file"
        raise ConfigError(
            f"{path} is {what} that no export of this format wrote, and stays as it is; move it "
            "away, or name another place with --out"
        )


@contextmanager
def written_whole(path: Path) -> Generator[Path]:
    """Give a place to write a file or a folder to, and move it to `path` once it is whole.

    It lies beside `path`, so that moving it is one step; after an error it is gone.

    Args:
        path: where it goes; what is there is replaced (see `require_free`).

    Raises:
        StageError: something cannot be written.
    """
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        new = beside / path.name
        yield new
        _flushed(new)
        if path.is_dir():
            path.rename(beside / ".replaced")
        new.replace(path)
    except OSError as error:
        raise StageError(
            f"cannot write {path}: {error.strerror or error}; make room or name another place with "
            "--out, and run again"
        ) from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def mark(folder: Path, what: str) -> None:
    """Write into a folder that an export wrote it."""
    (folder / MARK).write_text(json.dumps({"unswayed": __version__, "export": what}) + "\n")


def is_marked(folder: Path, what: str) -> bool:
    """Say whether an export of a format wrote a folder."""
    try:
        return read_object(folder / MARK).get("export") == what
    except RunError:
        return False


def default_place(run: RunFolder, name: str) -> Path:
    """Return where an export of a run goes unless another place is named."""
    return run.folder / FOLDER / name


def _flushed(new: Path) -> None:
    """Have the system write a new file to disk, so that a crash leaves the old one or this."""
    if new.is_file():
        with new.open("rb") as stream:
            os.fsync(stream.fileno())
