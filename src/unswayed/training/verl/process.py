"""verl as a process of its own: started, followed by its output, and never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

STOPPED_WITHIN_S = 60.0
"""Seconds that a process is given to end by itself."""
_CAUSE = re.compile(r"[A-Za-z_.]*(Error|Exception): .*")
_SET_PARENT_DEATH_SIGNAL = 1


@contextlib.contextmanager
def started(
    command: Sequence[str],
    console: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Generator[subprocess.Popen[bytes]]:
    """Start a command, and end it with all that it started, whatever happens here.

    Args:
        command: its parts.
        console: file for what it prints.
        cwd: folder that it runs in; None takes the console's.
        env: its environment; None takes this process's.
    """
    console.parent.mkdir(parents=True, exist_ok=True)
    with console.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd or console.parent,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        yield process
    finally:
        _stop(process)


def cause(console: Path) -> str:
    """Return the last error in the output, which is mostly the cause, or its last line."""
    lines = console.read_text("utf-8", "replace").splitlines()
    named = [match[0] for line in lines if (match := _CAUSE.search(line))]
    return (named or lines or ["it said nothing"])[-1].strip()[:500]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its group: gently, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOPPED_WITHIN_S)


def _die_with_parent() -> None:
    """Have Linux end verl when this process is killed: two of them would write one folder."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
