"""Properties of a whole run's estimates, whatever the run."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.errors import ConfigError
from unswayed.metrics import columns_of, measure, risk_coverage
from unswayed.types import Failure

WRONG = "wrong-think"
SIGNED = ("drop", "sway", "contrast_", "auroc_gain")

cells = st.fixed_dictionaries(
    {
        "answer": st.sampled_from(["A", "B", "C", "D", None]),
        "verdict": st.sampled_from(
            ["consistent", "inconsistent", "unclear", "failed", "skipped", None]
        ),
        "p": st.one_of(
            st.none(),
            st.lists(st.integers(0, 4), min_size=4, max_size=4)
            .filter(any)
            .map(lambda parts: [part / sum(parts) for part in parts]),
        ),
        "status": st.sampled_from(["stop", "stop", "stop", "length", "error"]),
    }
)
runs = st.lists(
    st.tuples(st.integers(0, 3), cells, st.one_of(st.none(), cells)), min_size=1, max_size=12
)


def _rows(row, run):
    rows = []
    for i, (cluster, base, wrong) in enumerate(run):
        where = {"cluster": f"c{cluster}", "benchmark": "toy" if cluster else "other"}
        rows.append(row(f"s{i}", "base", **where, **base))
        if wrong is not None:
            rows.append(row(f"s{i}", WRONG, **where, **wrong))
    return rows


@settings(max_examples=40, deadline=None)
@given(runs)
def test_no_run_gives_nan_or_a_figure_out_of_range(row, run):
    got = measure(columns_of(_rows(row, run)), resamples=100)
    text = json.dumps([one.model_dump() for one in got], allow_nan=False)
    assert json.loads(text)
    for one in got:
        least = -1 if one.metric.startswith(SIGNED) else 0
        most = {"entropy": math.log(4), "brier": 2}.get(one.metric, 1)
        assert (one.low is None) == (one.high is None)
        if one.value is None:
            assert one.low is None
            assert one.reason
            continue
        assert least - 1e-9 <= one.value <= most + 1e-9, one
        assert one.n > 0
        if one.low is None:
            assert one.reason
        else:
            assert least - 1e-9 <= one.low <= one.value <= one.high <= most + 1e-9, one
            assert one.high > one.low, one


@settings(max_examples=25, deadline=None)
@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(row, run, random):
    rows = _rows(row, run)
    shuffled = random.sample(rows, len(rows))
    first = measure(columns_of(rows), resamples=100)
    second = measure(columns_of(shuffled), resamples=100)
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        ours, theirs = one.model_dump(), other.model_dump()
        for key in ("value", "low", "high"):
            assert ours.pop(key) == pytest.approx(theirs.pop(key), abs=1e-9), one.metric
        assert ours == theirs


@settings(max_examples=40, deadline=None)
@given(runs)
def test_quadrants_and_answers_add_up(row, run):
    got = measure(columns_of(_rows(row, run)), resamples=100)
    for scope in {(one.benchmark, one.variant) for one in got if one.variant != "all"}:
        here = {one.metric: one for one in got if (one.benchmark, one.variant) == scope}
        quadrants = [one.value for name, one in here.items() if name.startswith("quadrant")]
        assert len(quadrants) == 5  # conflicts of letter and text beside the four
        if quadrants[0] is not None:
            assert sum(quadrants) == pytest.approx(1)
            consistent = [one.value for name, one in here.items() if "quadrant_cons" in name]
            assert sum(consistent) == pytest.approx(here["consistency_rate"].value)
        if scope[1] == "base" and here["accuracy"].n:
            shares = [one.value for name, one in here.items() if name.startswith("gold_share")]
            assert sum(shares) == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(runs.filter(lambda run: all(wrong is not None for _, _, wrong in run)))
def test_drop_is_the_difference_of_the_accuracies_on_complete_pairs(row, find, run):
    whole = [
        (cluster + 1, {**base, "status": "stop"}, {**wrong, "status": "stop"})
        for cluster, base, wrong in run
    ]
    got = measure(columns_of(_rows(row, whole)), resamples=100)
    drop = find(got, "drop", WRONG)
    assert drop.n == len(run)
    accuracies = [find(got, "accuracy", name).value for name in (WRONG, "base")]
    assert drop.value == pytest.approx(accuracies[0] - accuracies[1])
    flips = [find(got, f"flips_{way}", WRONG).value for way in ("wrong_right", "right_wrong")]
    assert drop.value == pytest.approx(flips[0] - flips[1])
    rates = find(got, "foil_rate", WRONG).value - find(got, "foil_rate").value
    assert find(got, "sway", WRONG).value == pytest.approx(rates)


def test_all_pools_the_samples_of_several_benchmarks(row, find):
    rows = [row(f"s{i}", benchmark="big") for i in range(6)]
    rows += [row("s0", "base", "B", benchmark="small"), row("s1", "base", None, benchmark="small")]
    failure = Failure(stage="load", id="row 3", benchmark="small", error="E", message="m")
    got = measure(columns_of(rows, [failure]), resamples=100)
    pooled = find(got, "accuracy", benchmark="all")
    assert (pooled.value, pooled.n, pooled.n_clusters) == (0.75, 8, 8)
    assert (pooled.n_unparsed, pooled.n_failed) == (1, 1)
    assert find(got, "accuracy", benchmark="big").value == 1
    assert find(got, "accuracy", benchmark="small").n_failed == 1
    assert {one.benchmark for one in measure(columns_of([row()]))} == {"toy"}


def test_base_comes_first_and_every_metric_once(row):
    rows = [row(n, v) for n in "ab" for v in ("abstain", "base", WRONG)]
    got = measure(columns_of(rows), resamples=100)
    names = [one.variant for one in got]
    assert list(dict.fromkeys(names)) == ["base", "abstain", WRONG, "all", "abstain - base"]
    keys = [(one.benchmark, one.variant, one.metric) for one in got]
    assert len(keys) == len(set(keys))


def test_a_variant_of_which_everything_failed_is_still_there(row, find):
    rows = [row("a"), row("b"), row("a", WRONG, status="error")]
    got = find(measure(columns_of(rows)), "accuracy", WRONG)
    assert (got.value, got.n, got.n_failed) == (None, 0, 1)
    assert got.reason == "no completed rows"


def test_nothing_gives_nothing():
    assert measure(columns_of([])) == []


def test_seed_level_and_resamples_are_heard(row, find):
    rng = np.random.default_rng(0)
    rows = [row(f"s{i}", answer=rng.choice(["A", "B"])) for i in range(60)]
    outcomes = columns_of(rows)
    plain = find(measure(outcomes), "accuracy")
    assert plain == find(measure(outcomes), "accuracy")
    narrow = find(measure(outcomes, level=0.5), "accuracy")
    assert plain.low < narrow.low < narrow.high < plain.high
    assert narrow.level == 0.5
    draws = [find(measure(outcomes, seed=s, resamples=150), "accuracy").low for s in range(5)]
    assert len(set(draws)) > 1


def test_unknown_variants_are_refused(row):
    with pytest.raises(ConfigError, match="'nope'"):
        risk_coverage(columns_of([row()]), variants=["nope"])
