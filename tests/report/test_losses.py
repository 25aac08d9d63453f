"""What stands beside an accuracy: lost outputs, and the warnings of them."""

from __future__ import annotations

from typing import Any

import pytest

from unswayed.report import losses
from unswayed.results.measured import Measured
from unswayed.types import Estimate


def estimate(metric: str, value: float | None, n: int = 100, **more: Any) -> Estimate:
    return Estimate(benchmark="b", variant="base", metric=metric, value=value, n=n, **more)


def measured(*others: Estimate, **counts: int) -> Measured:
    return Measured({}, (estimate("accuracy", 0.5, **counts), *others))


def test_nothing_lost_is_not_warned_of() -> None:
    assert losses.warnings(measured()) == []


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("unparsed", measured(n_unparsed=6)),
        ("failed", measured(n_failed=6)),
        ("refused", measured(n_refused=6)),
        ("truncated", measured(estimate("length_rate", 0.06))),
        ("conflicts", measured(estimate("conflict_rate", 0.06))),
    ],
)
def test_a_loss_above_five_percent_is_warned_of_with_what_to_do(kind: str, found: Measured) -> None:
    (line,) = losses.warnings(found)
    assert line.startswith(f"b: {kind}: base ")
    assert "6 of 10" in line
    assert ";" in line or "they are in no figure" in line
    assert losses.losses(found, "b", "base")[kind].count == 6


def test_a_smaller_loss_is_counted_and_not_warned_of() -> None:
    found = measured(n_unparsed=5)
    assert losses.warnings(found) == []
    assert losses.losses(found, "b", "base")["unparsed"].count == 5


def test_letters_of_answers_by_text_are_off_format() -> None:
    found = measured(estimate("option_text_rate", 1.0), estimate("other_mass", 0.92))
    (line,) = losses.warnings(found)
    assert "letters off-format: base (100.0 % of the answers are option text" in line
    assert "other_mass 0.92" in line


def test_texts_of_no_known_form_are_counted() -> None:
    (line,) = losses.warnings(measured(estimate("fallback_rate", 0.12)))
    assert "texts of no recognised form: base 12 of 100" in line
