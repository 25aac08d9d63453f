"""Work a study's job list off: the next job that can be done, until there is none.

Several workers, also on several machines, share a folder: each takes a job by its lock. A job
that fails is recorded with its reason, and the others go on; so does a worker that is started
again after it was killed. While all that is left is being done by others, a worker waits.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from unswayed import progress
from unswayed.errors import StageError, first_line
from unswayed.study.jobs import Job
from unswayed.study.journal import Journal
from unswayed.study.listing import Listing, listing

POLL_S = 10.0
"""Seconds between two looks for a job that can be done."""
Do = Callable[[Job], None]


def work(study: Path, jobs: Sequence[Job], do: Do, *, retry: bool = False) -> Listing:
    """Do the jobs, one after the other, and return how all of them stand in the end.

    Args:
        study: folder of the study.
        jobs: the jobs, in order.
        do: what does one.
        retry: try those that failed before once more.

    Raises:
        UserError: the folder cannot be worked in.
    """
    journal, tried = Journal(study), set[Job]()
    while True:
        known = listing(study, jobs)
        ready = known.ready(retry, tried)
        if any(_done(journal, one, do, retry, tried, known) for one in ready):
            continue
        if not ready and not known.awaited(tried):
            return known
        time.sleep(POLL_S)  # others are at work, or were just looking


def _done(journal: Journal, job: Job, do: Do, retry: bool, tried: set[Job], known: Listing) -> bool:
    """Do a job, if it is still to be had; say whether it was tried."""
    try:
        with journal.claimed(job, retry=retry) as mine:
            if not mine:
                return False
            tried.add(job)
            progress.say(f"{job}: begun ({known.words()})")
            began = time.monotonic()
            do(job)
        progress.say(f"{job}: done in {(time.monotonic() - began) / 60:.1f} minutes")
    except Exception as error:
        if job not in tried:  # the lock or the journal, not the job
            raise
        progress.say(f"{job}: failed: {first_line(error)}; the others go on")
    gc.collect()
    return True


def workers(study: Path, arguments: Sequence[str], count: int, jobs: Sequence[Job]) -> Listing:
    """Run several workers on this machine, each with a log of its own, until all have ended.

    Args:
        study: folder of the study.
        arguments: of the command line that a worker is started with.
        count: how many.
        jobs: the jobs, to say how they stand.

    Raises:
        StageError: a worker ended before the jobs did, by no fault of a job.
    """
    logs = study / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    paths = [logs / f"worker-{stamp}-{number}.log" for number in range(count)]
    running = [_started(arguments, path) for path in paths]
    try:
        _watch(study, jobs, running)
    except BaseException:
        for one in running:
            one.terminate()
        raise
    finally:
        codes = [one.wait() for one in running]
    if broken := [path for path, code in zip(paths, codes, strict=True) if code not in (0, 1)]:
        raise StageError(f"a worker ended early; see {broken[0]}, and run the same command again")
    return listing(study, jobs)


def _started(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "unswayed", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )


def _watch(study: Path, jobs: Sequence[Job], running: Sequence[subprocess.Popen[bytes]]) -> None:
    """Say how the jobs stand whenever that has changed, until no worker runs."""
    before = ""
    while any(one.poll() is None for one in running):
        known = listing(study, jobs)
        if (now := known.standing()) != before:
            progress.say(known.words())
            before = now
        time.sleep(POLL_S / 5)
