"""Replies kept by what was asked: what was paid for once is not asked for again.

    FOLDER/20261121T101500-node7-4242-1f3a.jsonl    one file for each client that wrote

Every client appends to a file of its own and reads everyone's, so that any number of processes
(the shards of one run, a model and its judges) share a folder without a lock, which network file
systems do not always have. A line is whole or it is not there: a torn line (a kill, a full disk)
is passed over, and as no other client appends to its file, nothing can grow onto it.

The key is the hash of the address, the model, the body and the draw; the value is the reply as the
server sent it, and it is read again as strictly as the first time. Only whole, well-formed answers
are kept: no error, no refusal. No key of an API is in any of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unswayed.errors import RunError, StageError

_HEAD = re.compile(rb'\{"key":"([0-9a-f]{32})","reply":')
_TAIL = b"}\n"


def key_of(base_url: str, model: str, body: Mapping[str, Any], draw: int) -> str:
    """Return 32 hex digits that identify what is asked."""
    text = json.dumps([base_url, model, body, draw], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Cache:
    """One client's view of a cache folder."""

    def __init__(self, folder: Path) -> None:
        """Read which replies the folder holds (not the replies themselves).

        Raises:
            RunError: the folder cannot be made or read.
        """
        self.folder = folder
        self._places: dict[str, tuple[Path, int, int]] = {}
        self._file: int | None = None
        self._path = folder / _name()
        self._end = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.jsonl")):
                self._index(path)
        except OSError as error:
            raise RunError(
                f"cannot use {folder} as a cache of replies: {error.strerror or error}; "
                "name a folder that can be written to"
            ) from error

    def __len__(self) -> int:
        """Return the number of replies."""
        return len(self._places)

    def get(self, key: str) -> bytes | None:
        """Return the body of a reply; None if there is none."""
        place = self._places.get(key)
        if place is None:
            return None
        path, start, size = place
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(size)
        except OSError:
            return None  # taken away meanwhile: it is asked again
        return data if len(data) == size else None

    def put(self, key: str, data: bytes) -> None:
        """Keep the body of a reply. It survives the death of the process.

        Raises:
            StageError: the disk is full or the folder cannot be written to.
        """
        if key in self._places:
            return
        head = b'{"key":"' + key.encode() + b'","reply":'
        # A line break between two members of a JSON text means nothing, in a string there is none.
        body = data.replace(b"\r", b" ").replace(b"\n", b" ")
        path = self._path
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            view = memoryview(head + body + _TAIL)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self._leave_file()  # what is torn is grown onto by nobody
            raise StageError(
                f"cannot write {path}: {error.strerror or error}; make room and run the "
                "same command again, it goes on where it stopped"
            ) from error
        self._places[key] = (self._path, self._end + len(head), len(body))
        self._end += len(head) + len(body) + len(_TAIL)

    def close(self) -> None:
        """Wait until everything is on the disk. A later reply goes into a new file."""
        if self._file is not None:
            try:
                os.fsync(self._file)
            finally:
                self._leave_file()

    def _leave_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._path, self._end = None, self.folder / _name(), 0

    def _index(self, path: Path) -> None:
        start = 0
        with path.open("rb") as lines:
            for line in lines:
                head = _HEAD.match(line)
                if head and line.endswith(_TAIL):
                    size = len(line) - head.end() - len(_TAIL)
                    self._places.setdefault(head[1].decode(), (path, start + head.end(), size))
                start += len(line)


def _name() -> str:
    """Return a name that no other client has and that sorts by time."""
    time = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname())[:32]
    return f"{time}-{host}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
