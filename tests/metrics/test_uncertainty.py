"""Letter-distribution metrics: against brute force and hand-made cases."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.metrics import columns_of, measure, risk_coverage
from unswayed.metrics.uncertainty import curve, risk_area

WRONG = "wrong-think"
weighted_rows = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30
)


def _columns(rows):
    scores, labels, weights = zip(*rows, strict=True)
    return np.array(scores) / 6, np.array(labels), np.array(weights, dtype=np.int64)


@given(weighted_rows)
def test_weights_are_copies_of_rows(rows):
    scores, flags, weights = _columns(rows)
    copies = np.repeat(np.arange(len(rows)), weights)
    ones = np.ones(len(copies), dtype=np.int64)
    whole = risk_area(scores, flags)(weights)
    assert whole == pytest.approx(risk_area(scores[copies], flags[copies])(ones), nan_ok=True)


@given(weighted_rows)
def test_risk_area_is_the_mean_over_random_orders_of_ties(rows):
    scores, errors, _ = _columns(rows)
    rng = np.random.default_rng(0)
    areas = []
    for _ in range(200):
        order = np.lexsort((rng.random(len(rows)), -scores))
        areas.append(np.mean(np.cumsum(errors[order]) / np.arange(1, len(rows) + 1)))
    ours = risk_area(scores, errors)(np.ones(len(rows), dtype=np.int64))
    assert ours == pytest.approx(np.mean(areas), abs=0.12)
    if len(set(scores.tolist())) == len(rows):
        assert ours == pytest.approx(areas[0])
    if len(set(scores.tolist())) == 1:
        assert ours == pytest.approx(errors.mean())


def test_risk_area_by_hand():
    errors = np.array([False, True, False])
    area = risk_area(np.array([0.9, 0.8, 0.7]), errors)(np.ones(3, dtype=np.int64))
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_means_of_the_distributions_by_hand(row, find):
    rows = [
        row("a", p=[0.5, 0.5, 0, 0], other_mass=0.2),
        row("b", p=[1, 0, 0, 0], other_mass=None, forced=True, method="samples"),
        row("c", answer=None),
    ]
    got = measure(columns_of(rows))
    expected = {
        "entropy": (math.log(2) / 2, 2),
        "entropy_normalised": (0.25, 2),
        "p_correct": (0.75, 2),
        "p_foil": (0.25, 2),
        "other_mass": (0.2, 1),
        "brier": (0.25, 2),
        "letters_rate": (2 / 3, 3),
        "forced_rate": (0.5, 2),
        "ece": (0, 2),  # 0.5 against half right, 1.0 against right
    }
    for metric, (value, n) in expected.items():
        one = find(got, metric)
        assert (one.value, one.n) == (pytest.approx(value), n), metric


def test_without_distributions_there_is_a_reason_not_a_zero(row, find):
    got = measure(columns_of([row(n, v) for n in "ab" for v in ("base", "wrong-think")]))
    for metric in ("entropy", "entropy_normalised", "p_correct", "p_foil", "brier", "ece"):
        one = find(got, metric)
        assert (one.value, one.n) == (None, 0)
        assert "no letter distributions" in one.reason
    assert "base distribution" in find(got, "auroc_p_correct", "wrong-think").reason
    assert find(got, "aurc_confidence").reason == "no letter distributions"
    assert find(got, "letters_rate").value == 0


def _predictable(row):
    """The surer base is, the steadier the answer; sample d is wrong under base already."""
    sure = {"a": [0.9, 0.1, 0, 0], "b": [0.8, 0.2, 0, 0], "c": [0.6, 0.4, 0, 0]}
    after = {"a": "A", "b": "A", "c": "B"}
    rows = [row(name, p=p) for name, p in sure.items()]
    rows += [row(name, "wrong-think", answer) for name, answer in after.items()]
    d = [row("d", answer="B", p=[0.3, 0.7, 0, 0]), row("d", "wrong-think", "B")]
    return rows + d


def test_auroc_is_among_the_samples_right_under_base(row, find):
    got = measure(columns_of(_predictable(row)))
    for metric in ("auroc_p_correct", "auroc_neg_entropy"):
        one = find(got, metric, "wrong-think")
        assert (one.value, one.n) == (1.0, 3)
    with_one_kind = [r for r in _predictable(row) if r[0].sample.id != "toy/c"]
    one = find(measure(columns_of(with_one_kind)), "auroc_p_correct", "wrong-think")
    assert (one.value, one.n) == (None, 2)
    assert "stays correct" in one.reason


def test_risk_is_the_error_under_the_variant(row, find):
    got = measure(columns_of(_predictable(row)))
    # Confidence order a, b, d (0.7), c (0.6): errors 0, 0, 1, 1; by P(correct): a, b, c, d.
    area = (0 + 0 + 1 / 3 + 2 / 4) / 4
    assert find(got, "aurc_confidence", "wrong-think").value == pytest.approx(area)
    assert find(got, "aurc_p_correct", "wrong-think").value == pytest.approx(area)
    base = find(got, "aurc_confidence", "base")
    assert base.value == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)


def test_the_curve_has_a_point_per_threshold(row):
    outcomes = columns_of(_predictable(row))
    sure, by_gold = risk_coverage(outcomes, variants=["wrong-think"])
    assert sure["threshold"] == [0.9, 0.8, 0.7, 0.6]
    assert sure["coverage"] == [0.25, 0.5, 0.75, 1]
    assert sure["risk"] == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert (sure["n"], sure["predictor"], sure["variant"]) == (4, "confidence", "wrong-think")
    assert by_gold["threshold"] == [0.9, 0.8, 0.6, 0.3]
    assert by_gold["predictor"] == "p_correct"


def test_curves_are_of_base_unless_asked_and_json_ready(row):
    got = risk_coverage(columns_of(_predictable(row)))
    assert [(one["variant"], one["predictor"]) for one in got] == [
        ("base", "confidence"),
        ("base", "p_correct"),
    ]
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    assert risk_coverage(columns_of([row("a")])) == []
    assert risk_coverage(columns_of([row("a", "wrong-think", p=[1, 0, 0, 0])])) == []


def test_the_curve_is_thinned_and_keeps_its_ends():
    confidence = np.linspace(1, 0, 1000)
    threshold, coverage, risk = curve(confidence, np.arange(1000) % 2 == 0, 50)
    assert len(threshold) == len(coverage) == len(risk) == 50
    assert (coverage[0], coverage[-1], risk[-1]) == (0.001, 1, 0.5)
    assert all(len(column) == 0 for column in curve(np.empty(0), np.empty(0, bool), 10))
    tied = curve(np.full(4, 0.5), np.array([True, False, False, False]), 10)
    assert [column.tolist() for column in tied] == [[0.5], [1.0], [0.25]]


def _predicted(row, rng, n=60):
    """Base right everywhere; the surer it was, the likelier it stays so. −H ranks almost alike."""
    rows = []
    for number in range(n):
        p = rng.uniform(0.4, 0.95)
        rest = np.sort(rng.dirichlet([30, 30, 30]))[::-1] * (1 - p)
        stays = rng.random() < (p - 0.4) / 0.55
        rows.append(row(f"s{number}", p=[p, *rest]))
        rows += [
            row(f"s{number}", name, "A" if stays else "B") for name in ("wrong-think", "stop-think")
        ]
    return rows


def test_the_gain_of_auroc_has_the_interval_of_a_difference(row, find):
    got = measure(columns_of(_predicted(row, np.random.default_rng(3))))
    names = ("auroc_p_correct", "auroc_neg_entropy", "auroc_gain")
    by_p, by_entropy, gain = (find(got, name, "wrong-think") for name in names)
    assert gain.value == pytest.approx(by_p.value - by_entropy.value)
    assert (gain.n, gain.n_clusters) == (60, 60)
    width = gain.high - gain.low
    assert 0 < 4 * width < min(one.high - one.low for one in (by_p, by_entropy))
    assert gain.low < gain.value < gain.high
    assert {one.variant for one in got if one.metric == "auroc_gain"} == {"wrong-think"}


def test_the_gain_of_auroc_has_the_reason_of_the_aurocs(row, find):
    rows = [row(name, variant, p=[0.7, 0.3, 0, 0]) for name in "ab" for variant in ("base", WRONG)]
    got = measure(columns_of(rows))
    one = find(got, "auroc_gain", WRONG)
    assert (one.value, one.reason) == (None, find(got, "auroc_p_correct", WRONG).reason)
    assert "AUROC needs both" in one.reason
