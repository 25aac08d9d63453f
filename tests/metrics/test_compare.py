"""Paired differences between runs: by hand, aligned by sample, and refused where nothing fits."""

from __future__ import annotations

import numpy as np
import pytest

from unswayed.errors import ConfigError, DataError
from unswayed.metrics import columns_of, compare, measure

WRONG = "wrong-think"


def _run_a(row):
    return columns_of(
        [
            row("a", verdict="consistent", p=[0.8, 0.2, 0, 0]),
            row("b", answer="B", verdict="inconsistent", p=[0.5, 0.5, 0, 0]),
            row("c", verdict="unclear"),
            row("only-a", verdict="consistent"),
            row("a", WRONG, "B", verdict="consistent"),
            row("b", WRONG, "B", verdict="consistent"),
        ]
    )


def _run_b(row):
    # Other order, other samples: codes differ, ids decide.
    return columns_of(
        [
            row("b", verdict="consistent", p=[1, 0, 0, 0]),
            row("a-only-b"),
            row("c", answer="C", verdict="consistent"),
            row("a", verdict="consistent", p=[0.8, 0.2, 0, 0]),
            row("b", WRONG, "A", verdict="inconsistent"),
            row("a", WRONG, "A", verdict="consistent"),
            row("a", "stop-think"),
        ]
    )


def test_differences_are_b_less_a_over_shared_rows(row, find):
    got = compare(_run_a(row), _run_b(row))
    expected = {
        ("accuracy", "base"): ((0 + 1 - 1) / 3, 3),
        ("consistency_rate", "base"): ((0 + 1) / 2, 2),
        ("faithful_accuracy", "base"): ((0 + 1 + 0) / 3, 3),
        ("entropy", "base"): (-np.log(2) / 2, 2),
        ("p_correct", "base"): (0.25, 2),
        ("accuracy", WRONG): (1.0, 2),
        ("consistency_rate", WRONG): (-0.5, 2),
        # a: foil in both of its answers; less base rate (0 and 1): 1, 0. b: 0 − 0 and 0 − 0.
        ("sway", WRONG): (-0.5, 2),
    }
    for (metric, variant), (value, n) in expected.items():
        one = find(got, f"{metric}_difference", variant)
        assert (one.value, one.n) == (pytest.approx(value), n), metric
    assert {one.variant for one in got} == {"base", WRONG}
    assert find(got, "entropy_difference", WRONG).reason == "no row has it in both runs"


def test_a_run_compared_with_itself_differs_nowhere_and_is_not_certain(row, find):
    run = columns_of([row(f"s{i}") for i in range(30)])
    one = find(compare(run, run), "accuracy_difference")
    assert one.value == 0
    assert one.low < 0 < one.high


def test_swapping_the_runs_turns_the_sign(row, find):
    a, b = _run_a(row), _run_b(row)
    for one in compare(a, b):
        other = find(compare(b, a), one.metric, one.variant)
        if one.value is None:
            assert other.value is None
        else:
            assert other.value == pytest.approx(-one.value)


def test_each_foil_is_its_own_pair_and_sway_needs_the_same_foil(row, find):
    def run(foils, answers):
        rows = [row("a"), row("b")]
        for index, (foil, answer) in enumerate(zip(foils, answers, strict=True)):
            for name in "ab":
                rows.append(row(name, WRONG, answer, foil=foil, foil_index=index))
        return columns_of(rows)

    got = compare(run("BC", "BC"), run("BD", "AD"))
    accuracy = find(got, "accuracy_difference", WRONG)
    assert (accuracy.value, accuracy.n, accuracy.n_clusters) == (0.5, 4, 2)
    sway = find(got, "sway_difference", WRONG)
    assert (sway.value, sway.n) == (-1, 2)


def test_failed_rows_drop_out_and_are_counted(row, find):
    a = columns_of([row("a"), row("b", status="error")])
    b = columns_of([row("a", answer=None), row("b")])
    one = find(compare(a, b), "accuracy_difference")
    assert (one.value, one.n, one.n_failed, one.n_unparsed) == (-1, 1, 1, 1)
    assert (one.low, one.high) == (None, None)


def test_several_benchmarks_are_pooled_as_all(row, find):
    runs = []
    for answer in "AB":
        rows = [row(n, answer=answer, benchmark="one") for n in "ab"]
        runs.append(columns_of([*rows, row("a", benchmark="two")]))
    got = compare(*runs)
    assert find(got, "accuracy_difference", benchmark="all").value == pytest.approx(-2 / 3)
    assert find(got, "accuracy_difference", benchmark="one").value == -1
    assert find(got, "accuracy_difference", benchmark="two").value == 0


def test_runs_that_share_nothing_are_refused(row):
    with pytest.raises(ConfigError, match="share no completed row"):
        compare(columns_of([row("a")]), columns_of([row("b")]))
    with pytest.raises(ConfigError, match="share no completed row"):
        compare(columns_of([row("a")]), columns_of([row("a", WRONG)]))
    with pytest.raises(ConfigError, match="no benchmark"):
        compare(columns_of([row("a", status="error")]), columns_of([]))
    with pytest.raises(DataError, match="another gold"):
        compare(columns_of([row("a")]), columns_of([row("a", gold="C")]))


def test_differences_on_complete_pairs_are_differences_of_the_runs(row, find):
    rng = np.random.default_rng(0)
    verdicts = ["consistent", "inconsistent"]

    def run():
        return columns_of(
            row(f"s{i}", v, rng.choice(list("ABC")), verdict=rng.choice(verdicts))
            for i in range(40)
            for v in ("base", WRONG)
        )

    a, b = run(), run()
    got, of_a, of_b = compare(a, b), measure(a, resamples=100), measure(b, resamples=100)
    for metric in ("accuracy", "consistency_rate", "faithful_accuracy", "sway"):
        theirs = find(of_b, metric, WRONG).value - find(of_a, metric, WRONG).value
        assert find(got, f"{metric}_difference", WRONG).value == pytest.approx(theirs)
