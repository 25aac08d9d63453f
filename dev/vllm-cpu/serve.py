"""Run a command beside a vLLM server on this machine's CPU, and stop the server whatever happens.

    python dev/vllm-cpu/serve.py CHECKPOINT [vllm serve options] -- COMMAND [arguments]

The server listens on a free port of 127.0.0.1, behind a key made up for this run. The command finds
it through the environment: UNSWAYED_VLLM_URL (ending in /v1), UNSWAYED_VLLM_MODEL (its name there),
UNSWAYED_VLLM_KEY, UNSWAYED_VLLM_PID (the process whose children do the work). Its exit status is
passed on. Needs nothing but Python; vLLM lives in the environment that `install.sh` makes.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
MODEL = "organism"
READY_WITHIN_S = 600
"""A server that takes longer is stuck; on two busy cores it took up to two minutes."""
STOPPED_WITHIN_S = 20
OPTIONS = {
    "--dtype": "float32",  # what the same checkpoint in process is compared with
    "--max-model-len": "4096",
    "--max-num-seqs": "64",
    "--limit-mm-per-prompt": json.dumps({"image": 1, "video": 0}),
}
"""Options unless the caller gives the same ones."""
_SET_PARENT_DEATH_SIGNAL = 1


def main() -> None:
    """Serve, run the command, stop."""
    options, served, command = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)  # so that `finally` is reached, also in a background job
    try:
        with serving(options.checkpoint, served, options.venv, options.log) as found:
            status = subprocess.run(command, env={**os.environ, **found}, check=False).returncode
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    sys.exit(status)


class ServerError(Exception):
    """The server did not come up."""


@contextmanager
def serving(checkpoint: Path, served: list[str], venv: Path, log: Path) -> Iterator[dict[str, str]]:
    """Start a server, wait until it answers, yield how to reach it, and stop it.

    Raises:
        ServerError: it ended or stayed silent; the message shows the end of its log.
    """
    port, key = _free_port(), secrets.token_hex(16)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        server = subprocess.Popen(
            _command(checkpoint, served, venv, port),
            env=_environment(key),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        _wait(server, port, log)
        yield {
            "UNSWAYED_VLLM_URL": f"http://127.0.0.1:{port}/v1",
            "UNSWAYED_VLLM_MODEL": MODEL,
            "UNSWAYED_VLLM_KEY": key,
            "UNSWAYED_VLLM_PID": str(server.pid),
        }
    finally:
        _stop(server)


def _command(checkpoint: Path, served: list[str], venv: Path, port: int) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", MODEL]
    given = {option.partition("=")[0] for option in served}
    usual = [part for name, value in OPTIONS.items() if name not in given for part in (name, value)]
    vllm = [str(venv / "bin" / "vllm"), "serve", str(checkpoint)]
    return [*vllm, *where, *usual, "--enforce-eager", *served]


def _environment(key: str) -> dict[str, str]:
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "false"}
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    usual = {"VLLM_CPU_KVCACHE_SPACE": "1"}  # GiB
    return {**usual, **os.environ, **quiet, **offline, "VLLM_API_KEY": key}


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    start = time.monotonic()
    print(f"vLLM is starting on port {port}; log: {log}", file=sys.stderr, flush=True)
    while not _healthy(port):
        waited = time.monotonic() - start
        if server.poll() is not None:
            raise ServerError(f"vLLM ended with status {server.returncode}:\n{_end_of(log)}")
        if waited > READY_WITHIN_S:
            raise ServerError(f"vLLM was silent for {waited:.0f} s:\n{_end_of(log)}")
        time.sleep(0.5)
    print(f"vLLM is ready after {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server with all its processes: gently, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOPPED_WITHIN_S
        while _group_lives(server) and time.monotonic() < deadline:
            time.sleep(0.1)


def _group_lives(server: subprocess.Popen[bytes]) -> bool:
    server.poll()  # a process that nobody waited for still counts as one of its group
    try:
        os.killpg(server.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _die_with_parent() -> None:
    """Have Linux end the server when this process is killed and can no longer do it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_of(log: Path, lines: int = 10) -> str:
    """Return the first error in the log, which is mostly the cause, and the last lines."""
    text = log.read_text("utf-8", "replace").splitlines()
    cause = [line for line in text if re.search(r"\w+Error: ", line)][:1]
    return "\n".join([*cause, "…", *text[-lines:], f"the whole log: {log}"])


def _arguments() -> tuple[argparse.Namespace, list[str], list[str]]:
    parser = argparse.ArgumentParser(usage="%(prog)s CHECKPOINT [vllm options] -- COMMAND …")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv-vllm")
    parser.add_argument("--log", type=Path, default=ROOT / ".venv-vllm" / "server.log")
    given = sys.argv[1:]
    if "--" not in given or given[-1] == "--":
        parser.error("expected -- and a command to run beside the server")
    at = given.index("--")
    options, served = parser.parse_known_args(given[:at])
    return options, served, given[at + 1 :]


if __name__ == "__main__":
    main()
