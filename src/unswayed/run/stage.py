"""One append-only JSONL file of records: a torn last line is cut off, nothing is written twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from unswayed.config.validation import first_fault
from unswayed.errors import RunError, StageError
from unswayed.run.files import writable

R = TypeVar("R", bound=BaseModel)


class Stage(Generic[R]):
    """One append-only JSONL file of records."""

    def __init__(self, path: Path, record: type[R]) -> None:
        """Name the file and the type of its records."""
        self.path, self.record = path, record

    def __iter__(self) -> Iterator[R]:
        """Yield the records in order; a torn last line is left out.

        Raises:
            RunError: a line in the middle of the file is no such record.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                yield self._parse(line, f"line {number}")

    def starts(self) -> Iterator[int]:
        """Yield where each whole line begins, in bytes; nothing is parsed."""
        if not self.path.exists():
            return
        at = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield at
                at += len(line)

    def at(self, start: int) -> R:
        """Return the record of the line that begins at a byte.

        Raises:
            RunError: there is no such record there: the file was changed.
        """
        try:
            with self.path.open("rb") as lines:
                lines.seek(start)
                line = lines.readline()
        except OSError as error:
            raise RunError(f"cannot read {self.path}: {error.strerror or error}") from error
        return self._parse(line, f"byte {start}")

    def repair(self) -> int:
        """Cut a torn last line off and return the number of whole lines."""
        if not self.path.exists():
            return 0
        count, end = 0, 0
        with self.path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    count, end = count + 1, end + len(line)
        if self.path.stat().st_size != end:
            os.truncate(self.path, end)
        return count

    def append(self, records: Iterable[R]) -> None:
        """Write records with one system call and wait until they are on the disk.

        Raises:
            StageError: the disk is full or the file cannot be written.
        """
        data = "".join(_line(record) for record in records).encode("utf-8")
        if not data:
            return
        try:
            with self.path.open("ab", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
        except OSError as error:
            raise StageError(
                f"cannot write {self.path}: {error.strerror or error}; make room and run the same "
                "command again, it goes on where it stopped"
            ) from error

    def _parse(self, line: bytes, where: str) -> R:
        try:
            return self.record.model_validate_json(line)
        except ValidationError as error:
            raise RunError(
                f"{self.path} {where} is no {self.record.__name__} of this version "
                f"({first_fault(error).text('line')}); the file was changed or made by another "
                "version: move it away and run the stage again"
            ) from error


def _line(record: BaseModel) -> str:
    """Return a record as its line; half a surrogate pair, which no UTF-8 file holds, as U+FFFD."""
    try:
        return record.model_dump_json() + "\n"
    except PydanticSerializationError:
        plain = record.model_dump(mode="json")
        return writable(json.dumps(plain, ensure_ascii=False, allow_nan=False)) + "\n"
