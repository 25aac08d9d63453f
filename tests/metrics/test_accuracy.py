"""Accuracy, reading rates, abstention, letters and groups, each counted by hand."""

from __future__ import annotations

import pytest

from unswayed.metrics import columns_of, measure


def test_accuracy_and_what_went_wrong_while_reading(row, find):
    rows = [
        row("a"),
        row("b", "base", "B"),
        row("c", "base", None),
        row("d", answer="text A"),
        row("e", answer="A. text B", status="length"),
        row("f", status="error"),
    ]
    got = measure(columns_of(rows), resamples=200)
    values = {
        "accuracy": 3 / 5,
        "unparsed_rate": 1 / 5,
        "length_rate": 1 / 5,
        "conflict_rate": 1 / 5,
        "option_text_rate": 1 / 5,
        "foil_rate": 1 / 5,
    }
    for metric, value in values.items():
        one = find(got, metric)
        assert one.value == pytest.approx(value), metric
        assert (one.n, one.n_clusters, one.n_unparsed, one.n_failed) == (5, 5, 1, 1)


def test_abstention_is_no_answer_and_unparsed_is_no_abstention(row, find):
    rows = [
        row("a", "abstain", "A", abstain=True),
        row("b", "abstain", "B", abstain=True),
        row("c", "abstain", "E", abstain=True),
        row("d", "abstain", None, abstain=True),
    ]
    got = measure(columns_of(rows), resamples=200)
    assert find(got, "accuracy", "abstain").value == pytest.approx(1 / 4)
    assert find(got, "abstention_rate", "abstain").value == pytest.approx(1 / 4)
    answered = find(got, "accuracy_answered", "abstain")
    assert (answered.value, answered.n) == (pytest.approx(1 / 3), 3)
    assert "abstention_rate" not in {one.metric for one in measure(columns_of([row()]))}


def test_a_model_that_always_abstains_has_no_accuracy_among_answers(row, find):
    rows = [row(name, "abstain", "E", abstain=True) for name in "abc"]
    got = find(measure(columns_of(rows)), "accuracy_answered", "abstain")
    assert (got.value, got.n, got.reason) == (None, 0, "every row abstains")


def test_letter_shares_are_of_the_answers_that_were_read(row, find):
    rows = [row("a"), row("b"), row("c", answer="B", gold="B", foil="A"), row("d", answer=None)]
    got = measure(columns_of(rows))
    assert find(got, "answer_share_A").value == pytest.approx(2 / 3)
    assert find(got, "answer_share_B").value == pytest.approx(1 / 3)
    assert find(got, "gold_share_A").value == pytest.approx(3 / 4)
    shares = [one.value for one in got if one.metric.startswith("gold_share")]
    assert sum(shares) == pytest.approx(1)


def test_a_group_counts_if_all_its_copies_are_right(row, find):
    rows = [
        row("a1", group="a", cluster="a"),
        row("a2", group="a", cluster="a"),
        row("b1", group="b", cluster="b"),
        row("b2", group="b", cluster="b", answer="C"),
        row("c1", group="c", cluster="c"),
        row("c2", group="c", cluster="c", status="error"),  # incomplete: left out
        row("d"),  # in no group
    ]
    got = find(measure(columns_of(rows)), "group_accuracy")
    assert (got.value, got.n, got.n_clusters) == (0.5, 2, 2)
    plain = measure(columns_of([row("d")]))
    assert "group_accuracy" not in {one.metric for one in plain}
