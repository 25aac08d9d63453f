"""verl's process: told why it ended, and ended with whatever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from unswayed.training.verl.process import cause, started

WAIT = "print('up', flush=True); import time; time.sleep(600)"


def alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_last_error_is_the_cause(tmp_path: Path) -> None:
    console = tmp_path / "attempts" / "console.log"
    code = "print('ValueError: early'); import json; json.loads('{')"
    with started([sys.executable, "-c", code], console) as process:
        assert process.wait() == 1
    assert cause(console).startswith("json.decoder.JSONDecodeError: Expecting property name")


@pytest.mark.parametrize(("text", "said"), [("", "it said nothing"), ("a\nKilled\n", "Killed")])
def test_without_an_error_the_last_line_is(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text(text)
    assert cause(tmp_path / "console.log") == said


def test_an_exception_here_ends_it(tmp_path: Path) -> None:
    console, seen = tmp_path / "console.log", []

    def interrupted() -> None:
        with started([sys.executable, "-c", WAIT], console) as process:
            seen.append(process)
            while "up" not in console.read_text():
                assert process.poll() is None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen[0].returncode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends it with its parent")
def test_killing_its_parent_ends_it(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from unswayed.training.verl.process import started
with started([{sys.executable!r}, "-c", {WAIT!r}], Path("console.log")) as process:
    print(process.pid, flush=True)
    process.wait()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    while alive(pid):  # it takes a moment; a test that hangs here has failed
        pass
