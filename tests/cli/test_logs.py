"""A log holds our own lines, and no bars of the libraries below."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_log_has_no_carriage_returns(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the bars are those of a model being loaded")
    command = ["evaluate", "--model", "organism", "--benchmark", "scenes,n=1"]
    environment = {k: v for k, v in os.environ.items() if "PROGRESS_BARS" not in k}
    run = subprocess.run(
        [sys.executable, "-m", "unswayed", *command, "--variants", "base", "--no-report"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert b"\r" not in run.stderr
    assert b"%|" not in run.stderr
