"""What a real server refuses becomes one line that says what to do; one bad row stays alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unswayed.models import Request
from unswayed.run.folder import RunFolder


@dataclass(frozen=True)
class Ended:
    status: int
    err: str

    @property
    def last(self) -> str:
        return self.err.strip().splitlines()[-1]


def unswayed(*arguments: object, **variables: str) -> Ended:
    command = [sys.executable, "-m", "unswayed", *map(str, arguments)]
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stderr)


def evaluate(model: str, out: Path, *more: object, **variables: str) -> Ended:
    usual = ("--profile", "organism", "--variants", "base,wrong-think", "--out", out)
    return unswayed("evaluate", "--model", model, *usual, *more, **variables)


@pytest.fixture
def questions(shown: list[Request], tmp_path: Path) -> Path:
    """A file of good questions; the second one is made bad by a test."""
    picture = shown[0].images[0]
    shutil.copy(picture, tmp_path / "scene.png")
    options = {"A": "one", "B": "two", "C": "three", "D": "four"}
    row = {"question": "How many circles are there?", "options": options, "answer": "A"}
    rows = [{"id": index, "image": "scene.png", **row} for index in range(3)]
    return _written(tmp_path / "mine.jsonl", rows)


def _written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def _changed(path: Path, index: int, **values: Any) -> None:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[index].update(values)
    _written(path, rows)


def statuses(out: Path) -> list[tuple[str, str, str]]:
    """Return sample, status and error of every generation of a run."""
    return [
        (variant.sample.id, generation.status, generation.error or "")
        for variant, generation, _ in RunFolder.open(out).joined()
    ]


def test_a_wrong_model_name_is_one_line(server: Any, tmp_path: Path) -> None:
    model = server.spec().replace(f"vllm:{server.model}", "vllm:organsim")
    ended = evaluate(model, tmp_path / "run", "--benchmark", "scenes,n=2")
    assert ended.status == 2
    assert "organsim" in ended.last
    assert server.model in ended.last  # what it does serve
    assert not (tmp_path / "run" / "generations.jsonl").exists()


def test_a_wrong_key_is_one_line_that_does_not_hold_it(server: Any, tmp_path: Path) -> None:
    model = server.spec(key="ANOTHER_KEY")
    ended = evaluate(
        model, tmp_path / "run", "--benchmark", "scenes,n=2", ANOTHER_KEY="sk-very-wrong-1"
    )
    assert ended.status == 2
    assert "ANOTHER_KEY" in ended.last
    assert "sk-very-wrong-1" not in ended.err


def test_a_missing_key_is_one_line(server: Any, tmp_path: Path) -> None:
    ended = evaluate(server.spec(key="NO_SUCH_KEY"), tmp_path / "run", "--benchmark", "scenes,n=2")
    assert ended.status == 2
    assert "NO_SUCH_KEY" in ended.last


def test_no_server_is_one_line(server: Any, tmp_path: Path) -> None:
    model = "vllm:organism,base_url=http://127.0.0.1:9/v1"
    ended = evaluate(model, tmp_path / "run", "--benchmark", "scenes,n=2")
    assert ended.status == 2
    assert "http://127.0.0.1:9/v1" in ended.last
    assert "Traceback" not in ended.err


def test_a_context_that_is_too_long_fails_alone(
    server: Any, questions: Path, tmp_path: Path
) -> None:
    _changed(questions, 1, question="How many circles " + "are there " * 3000 + "?")
    out = tmp_path / "run"
    ended = evaluate(server.spec(), out, "--benchmark", f"file:{questions}")
    assert ended.status == 0, ended.err
    rows = statuses(out)
    bad = [(sample, error) for sample, status, error in rows if status == "error"]
    assert {sample for sample, _ in bad} == {"file/mine/1"}
    assert all("too long" in error and "4096" in error for _, error in bad)
    assert [s for s, status, _ in rows if status == "stop"] == ["file/mine/0"] * 2 + [
        "file/mine/2"
    ] * 2


def test_more_pictures_than_the_server_takes_fail_alone(
    server: Any, questions: Path, tmp_path: Path
) -> None:
    _changed(questions, 1, image=["scene.png", "scene.png"])
    out = tmp_path / "run"
    ended = evaluate(server.spec(), out, "--benchmark", f"file:{questions}")
    assert ended.status == 0, ended.err
    bad = [(sample, error) for sample, status, error in statuses(out) if status == "error"]
    assert {sample for sample, _ in bad} == {"file/mine/1"}
    assert all("At most 1 image" in error for _, error in bad)


def test_nothing_but_bad_rows_stops_the_run(server: Any, questions: Path, tmp_path: Path) -> None:
    for index in range(3):
        _changed(questions, index, question="How many circles " + "are there " * 3000 + "?")
    ended = evaluate(server.spec(), tmp_path / "run", "--benchmark", f"file:{questions}")
    assert ended.status == 1
    assert "all failed" in ended.last
    assert "too long" in ended.last
