"""`unswayed data check`: what it prints and how it ends."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from unswayed.cli import main
from unswayed.cli.data import _source


class Result(NamedTuple):
    status: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: object) -> Result:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["unswayed", "data", "check", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 0, captured.out, captured.err)

    return called


def rows(folder: Path, *changed: dict[str, str]) -> Path:
    path = folder / "q.jsonl"
    row = {"question": "Colour?", "A": "red", "B": "tan", "answer": "A"}
    made = [{**row, "question": f"Colour {i}?", **change} for i, change in enumerate(changed)]
    path.write_text("".join(json.dumps(one) + "\n" for one in made), "utf-8")
    return path


def test_whole_rows(call: Call, tmp_path: Path) -> None:
    path = rows(tmp_path, {"category": ""}, {"answer": "B", "category": "x\x1b[2J\nsuspicious: no"})
    result = call("file,image=none,category=category", "--data", path)
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "file/q: 2 rows"
    assert "  golds       A: 1, B: 1" in lines
    assert "\x1b" not in result.out
    assert "           1  x␛[2J suspicious: no" in lines


def test_broken_rows_end_with_2_unless_they_are_accepted(call: Call, tmp_path: Path) -> None:
    path = rows(tmp_path, {}, {"answer": "E"})
    spec = f"file:{path},image=none"
    result = call(spec)
    assert result.status == 2
    assert "  broken: q.jsonl:2: the gold 'E' is not one of the options" in result.out
    assert result.err.startswith("unswayed: error: 1 of the 2 rows of file/q are broken")
    assert len(result.err.splitlines()) == 1
    accepted = call(spec, "--skip-broken")
    assert (accepted.status, accepted.out, accepted.err) == (0, result.out, "")


def test_what_was_read_is_named(call: Call, tmp_path: Path) -> None:
    path = rows(tmp_path, {}, {"answer": "B"})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    result = call(f"file:{path},image=none")
    assert f"  source      q.jsonl, SHA-256 {digest[:12]}…" in result.out.splitlines()
    assert "  broken      0 (no pictures were read)" in result.out.splitlines()
    found = json.loads(call(f"file:{path},image=none", "--json").out)
    assert found["provenance"]["files"][0]["sha256"] == digest
    assert json.loads(call("scenes,n=2", "--json").out)["provenance"] == {}


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        (
            {"hub_id": "o/n", "split": "test", "revision": "main", "commit": "ab12", "note": ""},
            "o/n, test, at ab12",
        ),
        (
            {"hub_id": "o/n", "split": "x", "revision": "main", "commit": None, "note": "no net"},
            "o/n, x, at main (commit not known) (no net)",
        ),
        ({"files": 48, "bytes": 9, "sha256": "ab" * 32}, "48 files, SHA-256 abababababab…"),
        ({"files": [{"path": "a"}, {"path": "b"}]}, "2 files"),
        ({"x": {"files": [{"path": "a"}]}, "y": {"files": [{"path": "b"}]}}, "1 files; 1 files"),
    ],
)
def test_sources_in_words(provenance: dict[str, Any], said: str) -> None:
    assert _source(provenance) == said


def test_nothing_usable_ends_with_2(call: Call, tmp_path: Path) -> None:
    path = rows(tmp_path, {"answer": "E"})
    result = call(f"file:{path},image=none", "--skip-broken")
    assert result.status == 2
    assert "not one of the 1 rows" in result.err


def test_json_goes_out_whatever_the_status(call: Call, tmp_path: Path) -> None:
    result = call(f"file:{rows(tmp_path, {}, {'answer': 'E'})},image=none", "--json")
    found = json.loads(result.out)
    assert (result.status, found["broken"], found["usable"]) == (2, 1, 1)
    assert (found["golds"], found["undecodable"]) == ({"A": 1}, None)


def test_pictures_and_limit(call: Call) -> None:
    result = call("scenes,n=20", "--pictures", "--limit", "5", "--json")
    found = json.loads(result.out)
    assert (result.status, found["samples"], found["undecodable"]) == (0, 5, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nope",), "unknown benchmark 'nope'"),
        (("file", "--data", "nowhere.jsonl"), "nowhere.jsonl"),
        (("file:a.jsonl", "--data", "b.jsonl"), "names its files already"),
        (("scenes,n=3", "--limit", "0"), "at least 1"),
    ],
)
def test_slips_are_one_line(call: Call, arguments: tuple[str, ...], words: str) -> None:
    result = call(*arguments)
    assert (result.status, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert words in result.err
