"""Figures and samples in the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
import pytest

from unswayed.errors import RunError, UnknownName
from unswayed.report.sample_text import show_sample
from unswayed.report.terminal import summary
from unswayed.run.folder import RunFolder


def plain(run: RunFolder, sample: str | None = None) -> list[str]:
    return [click.unstyle(line) for line in show_sample(run, sample)]


def test_summary_has_a_line_for_each_variant_and_aligned_columns(run: RunFolder) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))
    text = click.unstyle(summary(metrics))
    blocks = text.split("\n\n")
    assert [block.splitlines()[0] for block in blocks[:3]] == [
        "all benchmarks",
        "dots",
        "more-dots",
    ]
    base, stop = blocks[1].splitlines()[2:4]
    assert " ".join(base.split()) == "base 60.0 ±4.0 – – 80.0 ±4.0 0.710 ±0.040 0.55 ±0.04 20 3 1"
    assert stop.startswith("stop-think ")
    assert len(base) == len(stop) == len(blocks[1].splitlines()[1])
    assert "steadfastness % 42.0 ±4.0, n = 20" in blocks[1]


def test_summary_tells_a_missing_value(run: RunFolder) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))
    for row in metrics["estimates"]:
        if row["metric"] == "accuracy":
            row.update(value=None, low=None, high=None, reason="no rows")
    assert "n/a" in summary(metrics)
    assert summary({"schema_version": 1, "estimates": []}) == "no figures"
    with pytest.raises(RunError):
        summary({"estimates": "none"})


def test_contrasts_have_a_block_of_their_own_and_are_no_variants(run: RunFolder) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))
    before = click.unstyle(summary(metrics)).split("\n\n")
    template = next(row for row in metrics["estimates"] if row["metric"] == "drop")
    for scope in ("all", "dots"):
        contrast = {"benchmark": scope, "variant": "wrong-think - wrong-caption", "n": 17}
        contrast |= {"metric": "contrast_accuracy", "value": -0.2, "low": -0.3, "high": -0.1}
        metrics["estimates"].append(template | contrast)
        half = {"variant": "wrong-think-but - (wrong-think + base)/2", "reason": "no sample"}
        nothing = {"value": None, "low": None, "high": None, "n": 0}
        metrics["estimates"].append(template | contrast | half | nothing)
    text = click.unstyle(summary(metrics)).split("\n\n")
    assert text[:-2] == before[:-1]
    lines = [" ".join(line.split()) for line in text[-2].splitlines()]
    assert lines == [
        "all benchmarks: contrasts between variants",
        "Accuracy pts n",
        "wrong-think − wrong-caption −20.0 ±10.0 17",
        "wrong-think-but − (wrong-think + base)/2 n/a 0",
    ]


def _with(run: RunFolder, *rows: dict[str, object]) -> list[str]:
    """Return the lines of the last block but one of a summary with more estimates."""
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))
    template = next(row for row in metrics["estimates"] if row["metric"] == "accuracy")
    template |= {"benchmark": "all", "low": None, "high": None}
    metrics["estimates"] += [template | row for row in rows]
    block = click.unstyle(summary(metrics)).split("\n\n")[-2]
    return [" ".join(line.split()) for line in block.splitlines()]


def test_taxonomy_has_a_line_for_each_misleading_variant(run: RunFolder) -> None:
    rows = [
        {"variant": "wrong-think", "metric": f"taxonomy_{kind}", "value": value, "n": 30}
        for kind, value in (("steadfast", 0.5), ("stubborn", 0.1), ("brittle", 0.3))
    ]
    confused = {"variant": "wrong-think", "metric": "taxonomy_confused", "value": 0.1, "n": 30}
    judged = {"variant": "wrong-think", "metric": "taxonomy_judged", "value": 0.75, "n": 40}
    assert _with(run, *rows, confused, judged) == [
        "all benchmarks: what becomes of the answers that are right in base",
        "Steadfast % Stubborn % Confused % Brittle % n",
        "wrong-think 50.0 10.0 10.0 30.0 30",
        "left out, not judged in both: wrong-think 10 of 40",
    ]


def test_selection_names_its_threshold_and_leaves_controls_to_the_report(run: RunFolder) -> None:
    rows = [
        {"variant": variant, "metric": metric, "value": value, "n": n}
        for variant in ("base", "wrong-think", "correct-caption")
        for metric, value, n in (
            ("selective_risk_all", 0.4, 50),
            ("selective_coverage", 0.8, 50),
            ("selective_risk", 0.2, 40),
        )
    ]
    threshold = {"variant": "base", "metric": "selective_threshold", "value": 0.62, "n": 50}
    assert _with(run, *rows, threshold) == [
        "all benchmarks: answering only where base's confidence is at least 0.62, chosen on one "
        "half to halve its error, tried on the other",
        "Error, all answered % Answered % Error of those % n",
        "base 40.0 80.0 20.0 (n 40) 50",
        "wrong-think 40.0 80.0 20.0 (n 40) 50",
    ]


def test_a_block_without_any_value_is_its_reason(run: RunFolder) -> None:
    rows = [
        {"variant": variant, "metric": metric, "value": None, "n": 0, "reason": "too few images"}
        for variant in ("base", "wrong-think")
        for metric in ("selective_risk_all", "selective_coverage", "selective_risk")
    ]
    assert _with(run, *rows) == [
        "all benchmarks: answering only where base is sure",
        "n/a: too few images",
    ]


def test_listing_marks_every_variant(run: RunFolder) -> None:
    lines = plain(run)
    assert lines[1] == (
        "variants, from left to right: base, stop-think, wrong-think, wrong-caption, "
        "correct-caption"
    )
    assert lines[2] == "✓  ✓  F  F  ✓   dots/0"
    assert lines[3] == "✓≠ ✓≠ ✓≠ ✓≠ ✓≠  dots/1"
    assert lines[4] == "✓  ✓  ?  ?  ✓   dots/2"
    assert lines[8] == "✓≠ !  ✓≠ ✓≠ ✓≠  dots/6"
    assert len(lines) == 2 + 20


def test_a_sample_is_shown_with_all_its_variants(run: RunFolder) -> None:
    text = "\n".join(plain(run, "dots/0"))
    assert text.count("── ") == 5
    assert "  B. three  ← right" in text
    assert "  C. four  ← foil" in text
    assert (
        "⟦<think>Let me look. The image shows four dots, so the answer must be C⟧ I agree, it is "
        "four.</think><answer>C</answer>"
    ) in text
    assert "caption: ⟦Clearly, there are four dots⟧" in text
    assert "letters: A 0.100  B 0.600  C 0.250  D 0.050" in text
    assert "── wrong-think  C, the foil" in text
    assert "verdict: consistent, the thought concludes on B" in text


def test_an_unread_answer_and_a_failure_say_why(run: RunFolder) -> None:
    unread = "\n".join(plain(run, "dots/2"))
    assert "no readable answer (open-think)" in unread
    failed = "\n".join(plain(run, "dots/6"))
    assert "generation failed" in failed
    assert "failed: the server closed the connection" in failed


def test_an_unknown_sample_gets_near_names_and_never_all_of_them(
    make_run: Callable[..., RunFolder],
) -> None:
    run = make_run(benchmarks=("dots",), count=15)
    with pytest.raises(UnknownName, match="did you mean dots/1"):
        plain(run, "dot/1")
    with pytest.raises(UnknownName, match="… and 5 more") as caught:
        plain(run, "zzz")
    assert str(caught.value).count("dots/") == 10


def test_output_cannot_steer_the_terminal(make_run: Callable[..., RunFolder]) -> None:
    evil = "<think>\x1b[2J\x1b]0;owned\x07\x9b31m\u202e</think><answer>B</answer>"
    run = make_run(benchmarks=("dots",), count=1, outputs=lambda name, number: evil)
    text = "\n".join(plain(run, "dots/0"))
    assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert "␛[2J␛]0;owned␇⟨U+009B⟩31m⟨U+202E⟩" in text


def test_a_run_that_was_not_measured_can_be_shown(run: RunFolder) -> None:
    (run.folder / "metrics.json").unlink()
    assert len(plain(run)) == 22
