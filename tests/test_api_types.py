"""The API is typed: a checker knows every name, and refuses what is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
# pyright: strict, reportMissingTypeStubs=false
import unswayed as us

run = us.evaluate(model="organism", benchmarks="scenes,n=2", decoding={"max_new_tokens": 8})
reveal_type(run)
reveal_type(run.metric("accuracy").value)
reveal_type(run.folder)
reveal_type(us.load_run("x").records())
reveal_type(us.train("accuracy").checkpoints)
us.evaluate(model=3)
us.evalute
us.evaluate(seeds=3)
"""


def test_a_checker_knows_the_names(tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, str(tmp_path / "script.py")], capture_output=True, text=True, cwd=tmp_path
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    types = [one["message"].split(" is ", 1)[1] for one in found if one["severity"] != "error"]
    assert types == [
        '"Run"',
        '"float | None"',
        '"Path"',
        '"Iterator[tuple[Variant, Generation, Verdict | None]]"',
        '"dict[int, list[Checkpoint]]"',
    ]
    errors = {one["range"]["start"]["line"] for one in found if one["severity"] == "error"}
    lines = SCRIPT.splitlines()
    assert [lines[line] for line in sorted(errors)] == lines[-3:]
