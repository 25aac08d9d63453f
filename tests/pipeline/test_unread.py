"""A run whose outputs the answer style does not fit says so, and which style would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.report.terminal import summary

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


def run(path: Path, out: Path, **changed: Any) -> dict[str, float | None]:
    values = {
        "model": f"replay:{path}",
        "benchmarks": (f"replay:{path}",),
        "variants": ("base",),
        "statistics": {"resamples": 100},
    }
    made = evaluate(Settings.model_validate(values | changed), out)
    figures = json.loads((made.folder / "metrics.json").read_text())["estimates"]
    return {one["metric"]: one["value"] for one in figures if one["variant"] == "base"}


def told(out: Path) -> list[str]:
    """Return what the run's summary warns of, style and all; the file has the same lines."""
    metrics = json.loads((out / "metrics.json").read_text())
    shown = [line for line in summary(metrics).splitlines() if "in the style" in line]
    assert len(shown) == len(metrics["unread"])
    return shown


def test_the_likely_style_and_three_outputs_are_named(tmp_path: Path) -> None:
    outputs = [f"I see it {i} times.\n\nThe answer is (B)" for i in range(9)] + ["\x1b[31mwhat"]
    path = recorded(tmp_path, outputs)
    assert run(path, tmp_path / "tags")["accuracy"] == 0
    (line,) = told(tmp_path / "tags")
    assert "replay/recorded: no answer in the style tags in 100% of base: " in line
    assert "--answer-style plain reads 9 of the first 10 of them" in line
    assert line.count("I see it") == 3
    assert "\x1b[31m" not in line
    figures = run(path, tmp_path / "plain", answer_style="plain")
    assert figures["accuracy"] == 0.9
    assert figures["read_by_stated"] == 1
    assert figures["read_in_tags"] == 0
    assert told(tmp_path / "plain") == []


def test_no_style_is_named_where_none_reads_anything(tmp_path: Path) -> None:
    run(recorded(tmp_path, ["Well, who knows?"] * 3), tmp_path / "run")
    assert "no answer style reads any" in told(tmp_path / "run")[0]


def test_one_variant_among_many_is_named(tmp_path: Path) -> None:
    others = ["stop-think", "correct-caption", "wrong-caption", "neutral-caption", "wrong-think"]
    asked = recorded(tmp_path, ["<answer>B</answer>"] * 6)
    rows = [json.loads(line) for line in asked.read_text().splitlines()]
    swayed = [row | {"variant": "wrong-think", "output": "So it is."} for row in rows]
    more = [row | {"variant": name} for row in rows for name in others[:-1]]
    path = tmp_path / "answers" / asked.name
    path.parent.mkdir()
    path.write_text("\n".join(map(json.dumps, [*rows, *swayed, *more])))
    run(asked, tmp_path / "run", model=f"replay:{path}", variants=("base", *others))
    (line,) = told(tmp_path / "run")
    assert "in 100% of wrong-think: no answer style" in line
    assert "; 'So it is.', 'So it is.', 'So it is.'" in line


def test_a_benchmark_that_is_read_is_not_named(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = []
    for name, output in (("one", "<answer>B</answer>"), ("two", "Just (B), I say")):
        made = recorded(tmp_path, [output] * 4).rename(tmp_path / f"{name}.jsonl")
        lines = map(json.loads, made.read_text().splitlines())
        rows += [{"id": f"replay/{name}/{row['id']}", "output": output} for row in lines]
    path = tmp_path / "outputs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    both = (f"replay:{tmp_path / 'one.jsonl'}", f"replay:{tmp_path / 'two.jsonl'}")
    run(path, tmp_path / "run", model=f"replay:{path}", benchmarks=both)
    (line,) = told(tmp_path / "run")
    assert "replay/two: no answer in the style tags in 100% of base" in line


def test_a_recorded_answer_stands_for_its_output(tmp_path: Path) -> None:
    outputs = ["It has four legs."] * 4 + ["<think>a ball</think><answer>A</answer>"]
    path = recorded(tmp_path, outputs, letter="B")
    figures = run(path, tmp_path / "run", model=f"replay:{path},answer=letter")
    assert (figures["accuracy"], figures["read_by_recorded"]) == (1, 1)
    assert json.loads((tmp_path / "run/run.json").read_text())["model"]["answer"] == "letter"
