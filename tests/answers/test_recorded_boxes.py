"""16,500 recorded answers of Qwen2.5-VL and VLM-R1 to RefCOCO questions, read again.

Each row has the output, the box that VLM-R1's own script took from it, the gold it was compared
with, and whether it counted as correct. docs/open-answers.md tells the figures.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from unswayed.answers import values
from unswayed.answers.values import Box, ParsedValue, Several
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate

FILE = Path(__file__).parents[2].parent / "shared/real/generations" / "vlm_r1_refcoco.jsonl.gz"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the recorded outputs are not here")

UNSCALED = ("refcoco_val", "qwen2.5-vl-3b-baseline")
"""The recording whose gold is in pixels and whose boxes are in thousandths: 0 of 500 correct."""


@cache
def rows() -> list[dict[str, Any]]:
    with gzip.open(FILE, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


@cache
def pixel_golds() -> dict[tuple[str, int], Box]:
    """Gold boxes in pixels: two recordings of the untrained model hold them in thousandths."""
    return {
        (row["benchmark"], row["row"]): four(row["gold_box"])
        for row in rows()
        if "baseline" not in row["model"]
    }


def four(edges: list[float]) -> Box:
    x1, y1, x2, y2 = (float(edge) for edge in edges)
    return (x1, y1, x2, y2)


def read(row: dict[str, Any]) -> ParsedValue:
    """The models without training for it answer without tags: the whole output is the answer."""
    output = row["output"]
    return values.parse_output(output, "box") if "<think>" in output else values.box(output)


def is_correct(row: dict[str, Any]) -> bool:
    said, gold = read(row).value, pixel_golds()[row["benchmark"], row["row"]]
    return said is not None and values.same(said, gold)


def test_there_are_as_many_as_the_source_says() -> None:
    assert len(rows()) == 16_500
    assert len(pixel_golds()) == 2_000
    assert sum(row["correct"] for row in rows()) == 12_945


def test_the_recorded_flags_follow_from_the_recorded_boxes() -> None:
    for row in rows():
        overlap = values.iou(four(row["extracted"]), four(row["gold_box"]))
        assert (overlap > 0.5) == bool(row["correct"])


def test_agreement_with_the_recorded_flags() -> None:
    different = [row for row in rows() if is_correct(row) != bool(row["correct"])]
    assert len(different) == 462
    kinds = Counter(why_different(row) for row in different)
    assert kinds == {
        "recorded in two scales": 447,
        "several boxes": 10,
        "answer block over several lines": 3,
        "overlap near one half": 2,
    }


def why_different(row: dict[str, Any]) -> str:
    recorded = four(row["extracted"])
    if (row["benchmark"], row["model"]) == UNSCALED:
        return "recorded in two scales"
    if read(row).problem == "several-boxes":
        return "several boxes"
    if recorded == (0, 0, 0, 0) and "<answer>\n" in row["output"]:
        return "answer block over several lines"
    if 0.48 < values.iou(recorded, four(row["gold_box"])) < 0.52:
        return "overlap near one half"
    return "?"


def test_what_cannot_be_read() -> None:
    problems = Counter(read(row).problem for row in rows())
    assert problems == {None: 16_466, "several-boxes": 24, "open-answer": 5, "no-box": 5}


def test_the_recorded_boxes_are_the_first_or_the_last() -> None:
    """VLM-R1's rule took the last box of an answer block; the rule for the others, the first."""
    pixels = [row for row in rows() if "gta" in row["benchmark"] or "baseline" not in row["model"]]
    assert len(pixels) == 15_000
    other: Counter[str] = Counter()
    for row in pixels:
        several: Several = "last" if "r1" in row["model"] else "first"
        block = (
            values.parse_output(row["output"], "box").answer
            if "r1" in row["model"]
            else row["output"]
        )
        said = values.box(block or "", several).value or (0.0, 0.0, 0.0, 0.0)
        other[str(said == four(row["extracted"]))] += 1
    assert other == {"True": 14_997, "False": 3}  # the answer blocks over several lines


def test_the_pipeline_measures_a_recording(tmp_path: Path) -> None:
    only = "only=model=qwen2.5-vl-3b-r1_500"
    settings = Settings.model_validate(
        {
            "model": f"replay:{FILE}",
            "benchmarks": (f"replay:{FILE},answer_kind=box,answer=gold_box,{only}",),
            "variants": ("base",),
            "statistics": {"resamples": 100},
        }
    )
    folder = evaluate(settings, tmp_path).folder
    found = json.loads((folder / "metrics.json").read_text("utf-8"))["estimates"]
    base = {one["metric"]: one for one in found}
    recorded = [row["correct"] for row in rows() if row["model"] == "qwen2.5-vl-3b-r1_500"]
    assert base["accuracy"]["n"] == len(recorded) == 2_000
    assert base["accuracy"]["value"] == pytest.approx(sum(recorded) / 2_000)
    assert base["iou_at_50"]["value"] == base["accuracy"]["value"]
    assert 0.7 < base["iou_mean"]["value"] < 0.8
