"""Refused prompts and hidden reasoning: in no figure that they would falsify, and counted."""

from __future__ import annotations

import json

import pytest

from unswayed.metrics.faithfulness import HIDDEN
from unswayed.metrics.measure import measure
from unswayed.metrics.records import columns_of
from unswayed.types import Estimate, Generation, ImageRef, Sample, Variant, Verdict


def _rows(statuses: dict[str, list[str]], thoughts: str = "text"):
    """Return rows of variants; a status is stop-right, stop-wrong, refused or error."""
    for name, ended in statuses.items():
        for number, how in enumerate(ended):
            sample = Sample(
                id=f"toy/{number}",
                benchmark="toy",
                images=(ImageRef(path="x.png"),),
                question="?",
                options={"A": "yes", "B": "no"},
                answer="A",
                cluster=str(number),
            )
            variant = Variant(
                id=f"{name}{number}",
                sample=sample,
                name=name,
                options=sample.options,
                origin={"A": "A", "B": "B"},
                answer="A",
                foil="B",
            )
            letter = "A" if how == "right" else "B"
            lost = how in ("refused", "error")
            made = Generation.model_validate(
                {
                    "id": variant.id,
                    "status": how if lost else "stop",
                    "text": "" if lost else f"<think>t</think><answer>{letter}</answer>",
                    "error": "no" if lost else None,
                    "thoughts": thoughts,
                }
            )
            status = "skipped" if lost or thoughts == "hidden" else "consistent"
            yield variant, made, Verdict(id=variant.id, judge="j", status=status)


def _find(estimates: list[Estimate], metric: str, variant: str) -> Estimate:
    return next(e for e in estimates if (e.metric, e.variant) == (metric, variant))


def test_a_refusal_is_neither_wrong_nor_unparsed_nor_failed() -> None:
    rows = _rows({"base": ["right"] * 4, "wrong-think": ["right", "refused", "wrong", "error"]})
    found = measure(columns_of(rows), resamples=100)
    accuracy = _find(found, "accuracy", "wrong-think")
    assert (accuracy.value, accuracy.n) == (0.5, 2)
    counts = (accuracy.n_unparsed, accuracy.n_failed, accuracy.n_refused)
    assert counts == (0, 1, 1)
    rate = _find(found, "refusal_rate", "wrong-think")
    assert (rate.value, rate.n) == (pytest.approx(1 / 3), 3)
    assert not [e for e in found if (e.metric, e.variant) == ("refusal_rate", "base")]
    drop = _find(found, "drop", "wrong-think")
    assert (drop.value, drop.n) == (-0.5, 2)


def test_a_refused_base_leaves_no_pair() -> None:
    rows = _rows({"base": ["refused", "right"], "wrong-think": ["right", "right"]})
    found = measure(columns_of(rows), resamples=100)
    assert _find(found, "drop", "wrong-think").n == 1
    steady = _find(found, "steadfastness", "all")
    assert (steady.value, steady.n, steady.n_refused) == (1.0, 1, 1)


def test_hidden_reasoning_makes_consistency_unknown_not_zero() -> None:
    rows = _rows({"base": ["right"] * 3, "wrong-think": ["right"] * 3}, thoughts="hidden")
    found = measure(columns_of(rows), resamples=100)
    for metric in ("consistency_rate", "faithful_accuracy", "quadrant_consistent_correct"):
        estimate = _find(found, metric, "base")
        assert (estimate.value, estimate.n, estimate.reason) == (None, 0, HIDDEN), metric
    assert _find(found, "steadfastness", "all").value is None
    assert _find(found, "accuracy", "base").value == 1.0


def test_records_of_before_are_still_read() -> None:
    old = {"schema_version": 1, "id": "x", "status": "stop", "text": "t"}
    read = Generation.model_validate_json(json.dumps(old))
    assert (read.thoughts, read.usage) == ("text", None)
    estimate = {"benchmark": "b", "variant": "v", "metric": "accuracy", "value": None, "n": 0}
    assert Estimate.model_validate(estimate).n_refused == 0
