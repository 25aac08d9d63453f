"""The annotation file that is written, and beside it the texts that were rejected.

Both only grow. A line that a killed process left half written is cut off, a whole one whose line
break is missing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from unswayed.errors import DataError, RunError
from unswayed.perturbations import Part
from unswayed.perturbations.texts.annotations import Annotation, Annotations, WriterNote
from unswayed.run.stage import Stage
from unswayed.writing.wanted import TextKey

_START = b'{"sample":"'
"""How every line that is written here begins."""


class Rejected(BaseModel):
    """A text that was asked for and could not be had: every attempt, and what was wrong with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample: str
    part: Part
    asserts: str | None
    option: str | None
    kinds: tuple[str, ...]
    problems: tuple[str, ...]
    texts: tuple[str, ...]
    writer: WriterNote


class TextFiles:
    """The two files of `--out`; `opened` is the way to them."""

    def __init__(self, out: Path) -> None:
        """Name them; nothing is touched."""
        self.out, self.side = out, rejects_of(out)
        self._accepted = Stage(out, Annotation)
        self._rejected = Stage(self.side, Rejected)
        self.words: dict[TextKey, int] = {}
        self.refused: set[TextKey] = set()

    def keep(self, note: Annotation) -> None:
        """Append an accepted text."""
        self._accepted.append([note])
        self._remember(note)

    def reject(self, row: Rejected) -> None:
        """Append a rejected one."""
        self._rejected.append([row])
        self.refused.add((row.sample, row.part, row.asserts))

    def settled(self, key: TextKey) -> bool:
        """Say whether a text is there, or was given up."""
        return key in self.words or key in self.refused

    def read(self) -> None:
        """Mend both files and read what they hold.

        Raises:
            DataError: one of them holds something else.
        """
        for path in (self.out, self.side):
            _mend(path, Annotation if path == self.out else Rejected)
        if self.out.exists():
            Annotations(self.out)  # refuses what an evaluation would refuse
            for note in _notes(self.out):
                self._remember(note)
        for row in self._rejected:
            self.refused.add((row.sample, row.part, row.asserts))

    def _remember(self, note: Annotation) -> None:
        self.words[note.sample, note.part, note.asserts] = len(note.text.split())


@contextmanager
def opened(out: Path) -> Generator[TextFiles]:
    """Hold the files' lock and yield them, read: one writer at a time.

    Raises:
        RunError: another process is writing, or the folder cannot be written to.
        DataError: a file holds something else.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out.with_name(f".{out.name}.lock"))
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(f"{out} is being written by another process; wait for it") from error
    except (OSError, NotImplementedError) as error:
        raise RunError(f"cannot write {out}: {error}; use another --out") from error
    try:
        files = TextFiles(out)
        files.read()
        yield files
    finally:
        lock.release()


def rejects_of(out: Path) -> Path:
    """Return the name of the file of rejected texts: `texts.rejected.jsonl` for `texts.jsonl`."""
    return out.with_name(f"{out.stem}.rejected{out.suffix or '.jsonl'}")


def _notes(path: Path) -> Iterator[Annotation]:
    for line in path.read_text("utf-8-sig").split("\n"):
        if line.strip():
            yield Annotation.model_validate_json(line)


def _mend(path: Path, record: type[BaseModel]) -> None:
    """Close a file's last line: cut it off if it is torn, end it if only its line break is missing.

    A line that we cannot have begun stays: reading the file will refuse it.

    Raises:
        DataError: the file cannot be read or written.
    """
    try:
        if not path.exists():
            return
        data = path.read_bytes()
        if not data or data.endswith(b"\n"):
            return
        tail = data[data.rfind(b"\n") + 1 :]
        if _is(tail, record):
            with path.open("ab") as file:
                file.write(b"\n")
        elif tail.startswith(_START[: len(tail)]):
            os.truncate(path, len(data) - len(tail))
    except OSError as error:
        raise DataError(f"cannot use {path}: {error.strerror}; use another --out") from error


def _is(line: bytes, record: type[BaseModel]) -> bool:
    try:
        record.model_validate_json(line.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError:
        return False
    return True
