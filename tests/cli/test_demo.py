"""`unswayed demo`: from a package alone to a report, and what is said where packages lack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from unswayed.extras import packages

BLOCKER = """
import sys

missing = set(sys.argv.pop(1).split(","))

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from unswayed.cli import main
main()
"""


def without(modules: tuple[str, ...], *arguments: str, cwd: Path) -> tuple[int, str, str]:
    """Run a command in an interpreter that lacks packages."""
    command = [sys.executable, "-c", BLOCKER, ",".join(modules) or "-", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_the_demo_ends_in_a_report_and_goes_on(tmp_path: Path) -> None:
    status, out, err = without((), "demo", "--limit", "2", cwd=tmp_path)
    assert status == 0, err
    assert "steadfastness" in out
    assert "report: runs/demo/report.html" in err
    assert (tmp_path / "runs/demo/report.html").is_file()
    made = (tmp_path / "runs/demo/generations.jsonl").stat().st_mtime_ns
    status, again, err = without((), "demo", "--limit", "2", cwd=tmp_path)
    assert (status, again) == (0, out), err
    assert (tmp_path / "runs/demo/generations.jsonl").stat().st_mtime_ns == made


def test_all_that_the_demo_needs_is_named_at_once(tmp_path: Path) -> None:
    needed = packages()["demo"]
    status, out, err = without(needed, "demo", cwd=tmp_path)
    (line,) = err.splitlines()
    assert (status, out) == (2, "")
    assert all(repr(name) in line for name in needed)
    assert line.endswith("run: pip install 'unswayed[transformers,report]'")
    assert [*tmp_path.iterdir()] == []


def test_all_that_a_training_needs_is_named_at_once(tmp_path: Path) -> None:
    needed = ("trl", "matplotlib", "accelerate")
    status, out, err = without(needed, "train", "demo", "--track", "--out", "run", cwd=tmp_path)
    (line,) = err.splitlines()
    assert (status, out) == (2, "")
    assert all(repr(name) in line for name in needed)
    assert line.endswith("run: pip install 'unswayed[train,report]'")
    assert [*tmp_path.iterdir()] == []


def test_training_an_organism_without_torch_is_one_line(tmp_path: Path) -> None:
    status, _, err = without(("torch",), "organism", "train", "--out", "organism", cwd=tmp_path)
    assert (status, len(err.splitlines())) == (2, 1)
    assert "'torch'" in err
    assert "pip install 'unswayed[transformers]'" in err


def test_a_package_that_no_command_looked_for_is_one_line_too(tmp_path: Path) -> None:
    status, _, err = without(("jinja2",), "report", "missing", cwd=tmp_path)
    assert (status, len(err.splitlines())) == (2, 1)
