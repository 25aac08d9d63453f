"""What became of each job: who works at it, when it was done, why it failed.

    DIR/jobs/NAME.lock     held while somebody works at the job; touched every some seconds
    DIR/jobs/NAME.jsonl    one line for each beginning and each end

The lock is the system's: it is free again as soon as its holder is dead, however it died, so that
no lock can be stale. A beginning without an end is an attempt that was killed; the last touch of
the lock says until when it lived. Only who holds the lock writes.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal

from filelock import FileLock, Timeout

from unswayed.errors import RunError, StageError
from unswayed.study.jobs import Job
from unswayed.training.folder import repair

JobState = Literal["open", "running", "done", "failed"]
BEAT_S = 15.0
"""Seconds between two touches of a lock."""
FOLDER = "jobs"


@dataclass(frozen=True)
class JobRecord:
    """What is known of a job.

    Attributes:
        job: the job.
        state: `open` if nobody works at it and it is neither done nor failed, also where it was
            begun and stopped.
        minutes: spent on it in all attempts.
        attempts: how often it was begun.
        reason: why the last attempt failed; empty otherwise.
        worker: who works at it, or worked last: host and process.
        seen: when the last sign of life of it was, in seconds since the epoch; None without one.
    """

    job: Job
    state: JobState
    minutes: float = 0.0
    attempts: int = 0
    reason: str = ""
    worker: str = ""
    seen: float | None = None


class Journal:
    """The records of a study's jobs on disk."""

    def __init__(self, study: Path) -> None:
        """Name the study; nothing is touched."""
        self.folder = study / FOLDER

    def record(self, job: Job) -> JobRecord:
        """Return what is known of a job.

        Raises:
            RunError: its file was damaged.
        """
        lines = list(self._lines(job))
        running = self._held(job)
        last = lines[-1] if lines else {}
        ended = last.get("event")
        state: JobState = "running" if running else "open"
        if not running and ended in ("done", "failed"):
            state = ended
        seen = self._seen(job)
        return JobRecord(
            job,
            state,
            minutes=_minutes(lines, seen, time.time() if running else None),
            attempts=sum(line["event"] == "begin" for line in lines),
            reason=str(last.get("reason", "")) if state == "failed" else "",
            worker=next((str(one["worker"]) for one in reversed(lines) if "worker" in one), ""),
            seen=seen if lines else None,
        )

    @contextmanager
    def claimed(self, job: Job, *, retry: bool = False) -> Generator[bool]:
        """Hold a job while the block runs; give False, and hold nothing, if it is not to be had.

        It is not if somebody works at it, if it is done, or if it failed and is not tried again.
        The end of the block is recorded as done; an exception as failed, and it goes on its way.

        Args:
            job: the job.
            retry: take a job that failed, too.

        Raises:
            RunError: the folder has no locks.
        """
        lock = self._locked(job)
        if lock is None:
            yield False
            return
        try:
            repair(self._path(job))
            state = next((line["event"] for line in reversed(list(self._lines(job)))), "")
            if state == "done" or (state == "failed" and not retry):
                yield False
                return
            self._append(job, {"event": "begin", "worker": f"{socket.gethostname()}:{os.getpid()}"})
            with _beating(self._lock_path(job)):
                yield from self._worked(job)
        finally:
            lock.release()

    def _worked(self, job: Job) -> Iterator[bool]:
        began = time.monotonic()
        try:
            yield True
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            spent = (time.monotonic() - began) / 60
            self._append(job, {"event": "failed", "reason": reason[:2000], "minutes": spent})
            raise
        self._append(job, {"event": "done", "minutes": (time.monotonic() - began) / 60})

    def _locked(self, job: Job) -> FileLock | None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._lock_path(job))
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except (OSError, NotImplementedError) as error:
            raise RunError(
                f"cannot lock a job in {self.folder}: {error}; use a folder that can be written "
                "to, on a file system with locks, or give each machine its part: --index i/n"
            ) from error
        return lock

    def _held(self, job: Job) -> bool:
        """Say whether somebody works at a job; nothing is made where nobody ever did."""
        if not self._lock_path(job).exists():
            return False
        try:
            lock = FileLock(self._lock_path(job))
            lock.acquire(timeout=0)
        except (Timeout, OSError, NotImplementedError) as error:
            return isinstance(error, Timeout)
        lock.release()
        return False

    def _seen(self, job: Job) -> float | None:
        try:
            return self._lock_path(job).stat().st_mtime
        except OSError:
            return None

    def _path(self, job: Job) -> Path:
        return self.folder / f"{job.name}.jsonl"

    def _lock_path(self, job: Job) -> Path:
        return self.folder / f"{job.name}.lock"

    def _append(self, job: Job, line: dict[str, Any]) -> None:
        data = (json.dumps({**line, "time": round(time.time(), 3)}) + "\n").encode()
        try:
            with self._path(job).open("ab", buffering=0) as file:
                file.write(data)
                os.fsync(file.fileno())
        except OSError as error:
            raise StageError(
                f"cannot write {self._path(job)}: {error.strerror}; make room and run again"
            ) from error

    def _lines(self, job: Job) -> Iterator[dict[str, Any]]:
        """Yield the whole lines of a job's file."""
        path = self._path(job)
        if not path.is_file():
            return
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            try:
                entry = json.loads(line)
                _ = entry["event"], entry["time"]
            except (ValueError, TypeError, KeyError) as error:
                raise RunError(
                    f"{path} line {number} is no line of a journal: the file was changed; put it "
                    "back, or remove it to do the job again"
                ) from error
            yield entry


def _minutes(lines: list[dict[str, Any]], seen: float | None, now: float | None) -> float:
    """Return the minutes of all attempts; one that was killed ended when it was seen last."""
    total, begun = 0.0, None
    for line in lines:
        if line["event"] == "begin":
            begun = float(line["time"])
        else:
            total += float(line.get("minutes", 0.0))
            begun = None
    if begun is not None:
        total += max(0.0, (now or seen or begun) - begun) / 60
    return total


@contextmanager
def _beating(path: Path) -> Generator[None]:
    """Touch a file now and then while the block runs, as a sign of life."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            try:
                os.utime(path)
            except OSError:
                return

    os.utime(path)
    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
