"""Logs of Inspect: their shape, and with inspect-ai installed (`make test-exports`) its reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from tests.export.conftest import HOSTILE
from tests.export.test_figures import accuracies

from unswayed.export.exporting import export
from unswayed.run.folder import RunFolder


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return header, samples and summaries of a log, by the standard library alone."""
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        samples = [json.loads(archive.read(one)) for one in names if one.startswith("samples/")]
        header, summaries = (
            json.loads(archive.read(one)) for one in ("header.json", "summaries.json")
        )
    return header, samples, summaries


def test_a_log_for_each_variant_with_its_accuracy(run: RunFolder) -> None:
    logs = {}
    for path in export(run, "inspect").glob("*.eval"):
        header, samples, summaries = read(path)
        marks = [one["scores"]["correct"]["value"] for one in samples if "correct" in one["scores"]]
        (score,) = (one for one in header["results"]["scores"] if one["name"] == "correct")
        assert score["metrics"]["accuracy"]["value"] == pytest.approx(
            marks.count("C") / len(marks), abs=1e-12
        )
        assert score["scored_samples"] == len(marks)
        assert header["results"]["total_samples"] == len(samples) == len(summaries)
        assert header["status"] == "success"
        logs[header["eval"]["task"]] = score["metrics"]["accuracy"]["value"]
    assert logs == accuracies(run)


def test_a_sample_is_what_was_asked_and_written(run: RunFolder) -> None:
    (path,) = export(run, "inspect").glob("*_scenes-wrong-think_*.eval")
    _, samples, _ = read(path)
    written = [
        (variant, generation)
        for variant, generation in run.outputs()
        if (variant.sample.benchmark, variant.name) == ("scenes", "wrong-think")
    ]
    for sample, (variant, generation) in zip(samples, written, strict=True):
        assert (sample["id"], sample["epoch"]) == (variant.sample.id, 1)
        assert sample["target"] == variant.answer
        user, prefill, assistant = sample["messages"][-3:]
        assert variant.sample.question in user["content"]
        assert (prefill["role"], prefill["content"]) == ("assistant", variant.prefill)
        assert assistant["content"] == generation.text
        assert ("error" in sample) == (generation.status == "error")
        assert sample["metadata"]["pictures"] == [one.path for one in variant.sample.images]


def test_inspect_reads_them(run: RunFolder) -> None:
    log = pytest.importorskip("inspect_ai.log")
    folder = export(run, "inspect")
    found = {}
    for info in log.list_eval_logs(str(folder)):
        one = log.read_eval_log(info)
        assert one.status == "success"
        assert len(one.samples) == one.results.total_samples
        assert len(log.read_eval_log_sample_summaries(info.name)) == len(one.samples)
        first = log.read_eval_log_sample(info.name, one.samples[0].id, 1)
        assert first.input == one.samples[0].input
        found[one.eval.task] = one.results.scores[0].metrics["accuracy"].value
    assert found == accuracies(run)


def test_inspect_reads_hostile_texts(hostile: RunFolder) -> None:
    log = pytest.importorskip("inspect_ai.log")
    (info,) = log.list_eval_logs(str(export(hostile, "inspect")))
    samples = log.read_eval_log(info).samples
    texts = {one.output.completion for one in samples}
    assert texts == {f"{one}<answer>{'AB'[n % 2]}</answer>" for n, one in enumerate(HOSTILE)}


def test_inspect_reads_open_answers(open_answers: RunFolder) -> None:
    log = pytest.importorskip("inspect_ai.log")
    (info,) = log.list_eval_logs(str(export(open_answers, "inspect")))
    one = log.read_eval_log(info)
    assert [sample.choices for sample in one.samples] == [None] * 6
    assert one.results.scores[0].metrics["accuracy"].value == 1 / 6
