"""A run whose outputs the answer style does not fit says so, and which style would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate

OPTIONS = ["a red cube", "a blue ball", "a dog", "a cat"]


def recorded(folder: Path, outputs: list[str], **columns: str) -> Path:
    rows = [
        {"id": str(i), "question": "What is shown?", "options": OPTIONS, "answer": "B"}
        | {"output": output, **columns}
        for i, output in enumerate(outputs)
    ]
    path = folder / "recorded.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def run(path: Path, out: Path, model: str = "", **changed: str) -> dict[str, float | None]:
    values = {
        "model": f"replay:{path}{model}",
        "benchmarks": (f"replay:{path}",),
        "variants": ("base",),
        "statistics": {"resamples": 100},
    }
    made = evaluate(Settings.model_validate(values | changed), out)
    figures = json.loads((made.folder / "metrics.json").read_text())["estimates"]
    return {one["metric"]: one["value"] for one in figures if one["variant"] == "base"}


def test_the_likely_style_and_three_outputs_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [f"I see it {i} times.\n\nThe answer is (B)" for i in range(9)] + ["\x1b[31mwhat"]
    path = recorded(tmp_path, outputs)
    assert run(path, tmp_path / "tags")["accuracy"] == 0
    (told,) = [line for line in capsys.readouterr().err.splitlines() if "in the style" in line]
    assert "100% of the outputs have no answer in the style tags" in told
    assert "--answer-style plain reads 9 of the first 10 of them" in told
    assert told.count("I see it") == 3
    assert "\x1b" not in told
    figures = run(path, tmp_path / "plain", answer_style="plain")
    assert figures["accuracy"] == 0.9
    assert figures["read_by_stated"] == 1
    assert figures["read_in_tags"] == 0
    assert "in the style" not in capsys.readouterr().err


def test_no_style_is_named_where_none_reads_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(recorded(tmp_path, ["Well, who knows?"] * 3), tmp_path / "run")
    assert "no answer style reads any" in capsys.readouterr().err


def test_a_recorded_answer_stands_for_its_output(tmp_path: Path) -> None:
    outputs = ["It has four legs."] * 4 + ["<think>a ball</think><answer>A</answer>"]
    path = recorded(tmp_path, outputs, letter="B")
    figures = run(path, tmp_path / "run", ",answer=letter")
    assert (figures["accuracy"], figures["read_by_recorded"]) == (1, 1)
    assert json.loads((tmp_path / "run/run.json").read_text())["model"]["answer"] == "letter"
