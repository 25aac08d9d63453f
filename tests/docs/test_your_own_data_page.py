"""The examples of docs/your-own-data.md, run as they stand."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed import answers, registry
from unswayed.benchmarks.blink import Blink
from unswayed.benchmarks.file import File
from unswayed.benchmarks.geometry3k import Geometry3K
from unswayed.benchmarks.nlvr import Nlvr
from unswayed.benchmarks.parse import layout
from unswayed.benchmarks.replay import ReplayBenchmark
from unswayed.cli import main
from unswayed.models import Decoding, Request
from unswayed.models.replay import Replay
from unswayed.types import Failure, Sample

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-own-data.md").read_text("utf-8")
REAL = ROOT.parent / "shared" / "real"
FILES = dict(re.findall(r"\*\*`([\w.]+)`\*\*\n\n```\w+\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [
    line.removeprefix("unswayed ")
    for block in re.findall(r"```(?:ba)?sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
README = (ROOT / "README.md").read_text("utf-8")
SPECS = re.findall(r"unswayed evaluate --benchmark (\S+)", PAGE)
BENCHMARKS: dict[str, Callable[..., Any]] = {
    "file": File,
    "replay": ReplayBenchmark,
    "blink": Blink,
    "geometry3k": Geometry3K,
    "nlvr": Nlvr,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "pictures").mkdir()
    for name in ("lamp", "table", "door"):
        Image.new("RGB", (28, 28), "red").save(tmp_path / f"pictures/{name}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(spec: str) -> Any:
    parsed = registry.parse_spec(spec)
    return BENCHMARKS[parsed.name](parsed.argument, **parsed.options)


def test_the_page_has_examples() -> None:
    assert len(FILES) == 9
    assert len(SPECS) == 8


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("spec", SPECS)
def test_every_example_is_read_without_a_failure(spec: str) -> None:
    items = list(make(spec))
    assert items
    assert [item for item in items if isinstance(item, Failure)] == []


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> int:
    monkeypatch.setattr(sys, "argv", ["unswayed", *shlex.split(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_as_written(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    assert run(monkeypatch, command) == 0


def test_the_readme_reads_the_recording_of_the_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = set(re.findall(r"^unswayed (evaluate .*replay:\S+.*?)(?: *#.*)?$", README, re.M))
    out = "" if "--out" in command else f" --out {folder / 'runs/readme'}"
    assert run(monkeypatch, command + out) == 0
    (generations,) = folder.glob("runs/*/generations.jsonl")
    statuses = [json.loads(line)["status"] for line in generations.read_text().splitlines()]
    assert statuses == ["stop", "stop"]


@pytest.mark.usefixtures("folder")
def test_what_the_examples_say() -> None:
    lamp, cups = make("file:questions.jsonl")
    assert (lamp.id, lamp.answer) == ("file/questions/lamp", "B")
    assert (cups.options, cups.answer) == ({"A": "two", "B": "three", "C": "four"}, "B")
    english, german = make(next(spec for spec in SPECS if "survey" in spec))
    assert english.options == {"A": "the left one", "B": "the right one"}
    assert (german.id, german.answer, german.cluster) == ("survey/de-1", "B", "north")
    where, on = make("file:embedded.csv")
    assert (where.question, where.answer) == ("Where is the cup?", "A")
    assert (on.question, on.answer) == ("Is the lamp on?", "B")


@pytest.mark.usefixtures("folder")
def test_the_table_of_refusals() -> None:
    wanted = re.findall(r"\| `(bad.jsonl:\d)` \| (.+?) \|", PAGE)
    found = list(make("file:bad.jsonl"))
    assert len(wanted) == len(found) == 5
    for (row, message), item in zip(wanted, found, strict=True):
        assert isinstance(item, Failure)
        assert item.id == row
        assert message in item.message


@pytest.mark.usefixtures("folder")
def test_the_recordings() -> None:
    questions = list(make("file:questions.jsonl"))
    requests = [(questions[0], "base"), (questions[0], "wrong-think"), (questions[1], "base")]
    texts = [output(Replay("outputs.jsonl"), *pair) for pair in requests]
    assert [answers.parse_output("<think>" * (n == 1) + text, questions[0].options).letter
            for n, text in enumerate(texts)] == ["B", "B", "B"]  # fmt: skip
    model = Replay("elsewhere.jsonl")
    right = [
        answers.parse_output(output(model, s, "base"), s.options).letter == s.answer
        for s in make("replay:elsewhere.jsonl")
    ]
    assert right == [True, False]


def output(model: Replay, sample: Sample, variant: str) -> str:
    request = Request("0", sample.id, variant, "", "", (), "", sample.options)
    (generation,) = model.generate([request], Decoding())
    assert generation.status == "stop", generation.error
    return generation.text


def test_the_table_of_names_is_complete() -> None:
    for field, names in layout.NAMES.items():
        (row,) = re.findall(rf"^\| {field} \| (.*) \|$", PAGE, re.MULTILINE)
        positions = [row.find(f"`{name}`") for name in names]
        assert -1 not in positions, field
        assert positions == sorted(positions), field


@pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")
def test_the_specs_of_published_folders() -> None:
    paths = {
        "blink:FOLDER": f"blink:{REAL}/blink",
        "geometry3k:FOLDER": f"geometry3k:{REAL}/geometry3k",
        "nlvr:FILE.jsonl": f"nlvr:{REAL}/nlvr/dev_120.jsonl",
        "file:questions.jsonl": f"file:{REAL}/mmbench_samples/questions.jsonl",
    }
    specs = re.findall(r"^\| [^|]+ \| `([a-z0-9]+:\S+)` \|", PAGE, re.MULTILINE)
    counts: list[tuple[int, int]] = []
    for spec, (start, real) in zip(specs, paths.items(), strict=True):
        assert spec.startswith(start)
        items = list(make(spec.replace(start, real)))
        failed = sum(isinstance(item, Failure) for item in items)
        counts.append((len(items) - failed, failed))
    assert counts == [(267, 0), (47, 1), (120, 0), (52, 2)]
