"""The script behind `make test-vllm`: the server is stopped whatever happens. With a stand-in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVE = ROOT / "dev" / "vllm-cpu" / "serve.py"
STAND_IN = """#!{python}
import http.server, os, pathlib, subprocess, sys, time
pathlib.Path({folder!r}, "arguments").write_text(" ".join(sys.argv[1:]))
if "--broken" in sys.argv:
    print("ValueError: the cause")
    print("a traceback that goes on " * 3, file=sys.stderr)
    sys.exit(3)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({folder!r}, "pids").write_text(f"{{os.getpid()}} {{child.pid}}")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment whose `vllm` answers /health and has a child process, as vLLM has."""
    script = tmp_path / "venv" / "bin" / "vllm"
    script.parent.mkdir(parents=True)
    script.write_text(STAND_IN.format(python=sys.executable, folder=str(tmp_path)), "utf-8")
    script.chmod(0o755)
    return tmp_path / "venv"


def command(venv: Path, *options: str, run: str) -> list[str]:
    places = ["--venv", str(venv), "--log", str(venv / "server.log")]
    head = [sys.executable, str(SERVE), "checkpoint", *places, *options]
    return [*head, "--", sys.executable, "-c", run]


def pids(venv: Path) -> list[int]:
    return [int(pid) for pid in (venv.parent / "pids").read_text("utf-8").split()]


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def all_end(processes: list[int]) -> bool:
    for _ in range(600):
        if not any(is_alive(pid) for pid in processes):
            return True
        time.sleep(0.1)
    return False


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")


def test_the_command_finds_the_server_and_its_status_is_passed_on(venv: Path) -> None:
    run = (
        "import os, sys, urllib.request as u;"
        "root = os.environ['UNSWAYED_VLLM_URL'].removesuffix('/v1');"
        "sys.exit(u.urlopen(root + '/health').status - 193)"
    )
    done = subprocess.run(command(venv, run=run), capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert all_end(pids(venv))
    told = (venv.parent / "arguments").read_text("utf-8")
    assert "serve checkpoint" in told
    assert "--dtype float32" in told


def test_an_option_that_is_given_is_not_given_twice(venv: Path) -> None:
    asked = command(venv, "--dtype", "bfloat16", run="pass")
    assert subprocess.run(asked, capture_output=True, check=False).returncode == 0
    told = (venv.parent / "arguments").read_text("utf-8")
    assert told.count("--dtype") == 1
    assert "--dtype bfloat16" in told


def test_a_server_that_does_not_start_is_told_with_its_cause(venv: Path) -> None:
    asked = command(venv, "--broken", run="print('never run')")
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ended with status 3" in done.stderr
    assert "ValueError: the cause" in done.stderr
    assert "never run" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server_and_its_children(venv: Path, number: int) -> None:
    process = subprocess.Popen(
        command(venv, run="import time; print('up', flush=True); time.sleep(600)"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    os.kill(process.pid, number)
    process.wait()
    process.stdout.close()
    assert all_end(pids(venv))


def test_a_script_that_is_killed_takes_the_server_with_it(venv: Path) -> None:
    process = subprocess.Popen(
        command(
            venv, run="import os; print(os.getpid(), flush=True); import time; time.sleep(600)"
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    server, servers_child = pids(venv)
    process.kill()
    process.wait()
    process.stdout.close()
    try:
        assert all_end([server])
    finally:  # a real vLLM ends its own children when it is told to end; the stand-in does not
        for left in (child, servers_child):
            os.kill(left, signal.SIGKILL)
