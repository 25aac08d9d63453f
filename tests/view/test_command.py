"""`unswayed view` as a process: it serves on this machine, says where, and ends when it is told."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from unswayed import extras
from unswayed.cli import cli
from unswayed.errors import ConfigError, MissingExtra, RunError
from unswayed.run.folder import RunFolder
from unswayed.view import server


def test_the_command_serves_until_it_is_stopped(mixed: RunFolder, tmp_path: Path) -> None:
    options = ["--port", "0", "--cache", str(tmp_path / "cache"), "--reader", "anna"]
    command = [sys.executable, "-m", "unswayed", "view", str(mixed.folder), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}r/mixed", timeout=60) as answer:
            assert b"mixed" in answer.read()
        second = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert second.returncode == 2
        assert "another explorer writes the labels of 'anna'" in second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in talk


def invoke(*arguments: object) -> BaseException | None:
    return CliRunner().invoke(cli, ["view", *map(str, arguments)]).exception


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    error = invoke(tmp_path / "none", "--cache", tmp_path)
    assert isinstance(error, RunError)
    assert "expected a run folder with a run.json in it" in str(error)


def test_a_port_that_is_taken_is_named(mixed: RunFolder, tmp_path: Path) -> None:
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        error = invoke(mixed.folder, "--cache", tmp_path / "cache", "--port", port)
    assert isinstance(error, ConfigError)
    assert f"cannot listen on 127.0.0.1, port {port}" in str(error)
    assert "--port 0 for a free one" in str(error)


def test_a_host_that_is_not_of_this_machine_is_refused(mixed: RunFolder, tmp_path: Path) -> None:
    error = invoke(mixed.folder, "--cache", tmp_path / "cache", "--host", "192.0.2.1")
    assert isinstance(error, ConfigError)
    assert "use another --host" in str(error)


def test_missing_packages_are_named(
    mixed: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = extras._installed
    monkeypatch.setattr(extras, "_installed", lambda name: name != "starlette" and there(name))
    error = invoke(mixed.folder, "--cache", tmp_path)
    assert isinstance(error, MissingExtra)
    assert "pip install 'unswayed[view]'" in str(error)
