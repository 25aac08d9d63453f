"""Numbers as people read them."""

from __future__ import annotations

import pytest

from unswayed.metrics.faithfulness import QUADRANTS
from unswayed.report.numbers import interval_text, spread_text, value_text
from unswayed.report.terms import MAIN, QUADRANT_STACK, TERMS, Unit, term
from unswayed.types import Estimate


def estimate(value: float | None, low: float | None, high: float | None) -> Estimate:
    return Estimate(
        benchmark="b", variant="v", metric="accuracy", value=value, low=low, high=high, n=5
    )


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.612, "share", "61.2 %"),
        (-0.1234, "points", "−12.3"),
        (0.05, "points", "+5.0"),
        (-0.00001, "points", "0.0"),
        (0.0, "share", "0.0 %"),
        (0.8444, "number", "0.844"),
        (0.0002, "p-value", "< 0.001"),
        (0.25, "p-value", "0.250"),
        (None, "share", "n/a"),
        (None, "number", "n/a"),
    ],
)
def test_value(value: float | None, unit: Unit, shown: str) -> None:
    assert value_text(value, unit) == shown


def test_interval_needs_a_value_and_both_ends() -> None:
    assert interval_text(estimate(0.5, 0.4, 0.6), "share") == "[40.0, 60.0]"
    assert interval_text(estimate(-0.5, -0.6, 0.1), "number") == "[−0.600, 0.100]"
    assert interval_text(estimate(0.5, None, 0.6), "share") == ""
    assert interval_text(estimate(None, 0.4, 0.6), "share") == ""


def test_spread_gives_both_ends_where_the_value_is_not_in_the_middle() -> None:
    assert spread_text(estimate(0.5, 0.4, 0.6), "share") == "50.0 ±10.0"
    assert spread_text(estimate(0.01, 0.0, 0.08), "share") == "1.0 [0.0, 8.0]"
    assert spread_text(estimate(0.5, None, None), "points") == "+50.0"
    assert spread_text(estimate(None, None, None), "share") == "n/a"


def test_a_metric_without_entry_is_shown_under_its_own_name() -> None:
    assert term("answer_share_B").unit == "share"
    assert term("some_rate").unit == "share"
    assert (term("new_metric").title, term("new_metric").unit) == ("new metric", "number")
    part = term("accuracy[2D/Count/" + "x" * 500 + "\n]")
    assert (part.unit, part.title[:25]) == ("share", "Accuracy, 2D/Count/xxxxxx")
    assert len(part.title) < 80
    assert "\n" not in part.title
    assert {*MAIN, *QUADRANT_STACK} <= set(TERMS)


def test_the_stack_of_quadrants_is_the_quadrants() -> None:
    assert set(QUADRANT_STACK) == {f"quadrant_{name}" for name in QUADRANTS}


@pytest.mark.parametrize("metric", TERMS)
def test_every_metric_is_one_short_sentence_or_two(metric: str) -> None:
    entry = TERMS[metric]
    assert 0 < len(entry.title) <= 25
    assert entry.meaning.endswith(".")
    assert "\n" not in entry.meaning
    assert len(entry.meaning) < 220
