"""Paired metrics by hand: drop, flips, McNemar, sway, several foils, missing halves."""

from __future__ import annotations

import pytest
from scipy import stats

from unswayed.metrics import columns_of, measure
from unswayed.metrics.robustness import exact_mcnemar

WRONG = "wrong-think"


def _four(row):
    """Base right, right, wrong, right; variant wrong (foil), right, right, failed."""
    return [
        row("a"),
        row("b"),
        row("c", answer="B"),
        row("d"),
        row("a", WRONG, "B"),
        row("b", WRONG),
        row("c", WRONG),
        row("d", WRONG, status="error"),
    ]


def test_drop_flips_and_sway_are_over_complete_pairs(row, find):
    got = measure(columns_of(_four(row)))
    expected = {
        "drop": 0.0,
        "flips_right_wrong": 1 / 3,
        "flips_wrong_right": 1 / 3,
        "sway": 0.0,  # a moved to the foil, c moved away from it
        "foil_rate": 1 / 3,
    }
    for metric, value in expected.items():
        one = find(got, metric, WRONG)
        assert (one.value, one.n, one.n_failed) == (pytest.approx(value), 3, 1), metric
        assert one.low < one.value < one.high
    assert find(got, "accuracy").n == 4
    assert find(got, "mcnemar_p", WRONG).value == 1


def test_mcnemar_is_the_exact_binomial_test(row, find):
    rows = [row(f"s{i}") for i in range(12)]
    rows += [row(f"s{i}", WRONG, "B" if i < 8 else "A") for i in range(12)]
    got = find(measure(columns_of(rows)), "mcnemar_p", WRONG)
    assert got.value == pytest.approx(2 * 0.5**8)
    assert (got.low, got.high, got.n) == (None, None, 12)
    assert exact_mcnemar(2, 9) == pytest.approx(stats.binomtest(2, 11).pvalue)
    assert exact_mcnemar(0, 0) == 1


def test_mcnemar_warns_of_pairs_that_share_an_image(row, find):
    rows = [row(name, variant, cluster="c") for name in "ab" for variant in ("base", WRONG)]
    assert "not independent" in find(measure(columns_of(rows)), "mcnemar_p", WRONG).reason


def test_each_foil_is_paired_with_the_one_base_row(row, find):
    # Base answers C: the foil of index 1, so its base rate counts against that row alone.
    rows = [row("a", answer="C"), row("b")]
    rows += [row("a", WRONG, "B", foil="B"), row("a", WRONG, "C", foil="C", foil_index=1)]
    rows += [row("b", WRONG, "A", foil="B"), row("b", WRONG, "C", foil="C", foil_index=1)]
    got = measure(columns_of(rows))
    sway = find(got, "sway", WRONG)
    assert (sway.value, sway.n, sway.n_clusters) == (pytest.approx((1 + 0 + 0 + 1) / 4), 4, 2)
    assert find(got, "foil_rate", WRONG).value == pytest.approx(3 / 4)
    assert find(got, "drop", WRONG).value == pytest.approx((0 + 0 + 0 - 1) / 4)


def test_sway_compares_options_not_positions(row, find):
    # Shuffled: the sample's B is shown as A. The model answered B under base and B's text now.
    rows = [row("a", answer="B"), row("b")]
    for name in "ab":
        rows.append(row(name, "shuffle", "A", gold="B", foil="A", shown="BACD"))
    got = measure(columns_of(rows))
    assert find(got, "sway", "shuffle").value == pytest.approx((0 + 1) / 2)


def test_without_base_there_is_a_reason_not_a_zero(row, find):
    got = measure(columns_of([row("a", WRONG), row("b", WRONG)]))
    metrics = ("drop", "flips_right_wrong", "sway", "mcnemar_p", "auroc_p_correct")
    for metric in (*metrics, "aurc_confidence"):
        one = find(got, metric, WRONG)
        assert (one.value, one.n) == (None, 0)
        assert "no base rows" in one.reason
    assert find(got, "steadfastness", "all").reason == "needs the base variant"


def test_samples_without_a_foil_have_no_sway(row, find):
    rows = [row(name, variant, foil=None) for name in "ab" for variant in ("base", "neutral-think")]
    got = find(measure(columns_of(rows)), "sway", "neutral-think")
    assert (got.value, got.n, got.reason) == (None, 0, "no foils")


def test_base_has_no_paired_metrics(row):
    metrics = {one.metric for one in measure(columns_of([row("a"), row("b")]))}
    assert not metrics & {"drop", "sway", "mcnemar_p", "flips_right_wrong", "auroc_p_correct"}


def test_the_first_option_is_a_foil_like_any_other(row, find):
    rows = [row(name, gold="B", foil="A", answer="B") for name in "ab"]
    rows += [row(name, WRONG, answer, gold="B", foil="A") for name, answer in ("aA", "bB")]
    got = measure(columns_of(rows))
    for metric in ("sway", "foil_rate"):
        one = find(got, metric, WRONG)
        assert (one.value, one.n) == (pytest.approx(1 / 2), 2), metric


def test_rows_without_a_foil_do_not_dilute_those_with_one(row, find):
    foils = {"a": "B", "b": "B", "c": None, "d": None}
    rows = [row(name, foil=foil) for name, foil in foils.items()]
    rows += [row(name, WRONG, "B", foil=foil) for name, foil in foils.items()]
    got = measure(columns_of(rows))
    for metric in ("sway", "foil_rate"):
        one = find(got, metric, WRONG)
        assert (one.value, one.n) == (1, 2), metric
    assert find(got, "foil_rate").n == 2
