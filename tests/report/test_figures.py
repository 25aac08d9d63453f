"""The figures: what they draw, and that names from data stay names."""

from __future__ import annotations

import re

import pytest

from unswayed.figures.page import PLACEHOLDERS, Drawing
from unswayed.report.figures import Series, dots, span, stacks
from unswayed.report.terms import QUADRANT_STACK
from unswayed.types import Estimate


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(
        benchmark="b", variant="v", metric="accuracy", value=value, low=low, high=high, n=7
    )


def drawn(rows: dict[str, Estimate], title: str = "title") -> Drawing:
    return dots(title, "axis", list(rows), [Series("", "accent", rows)], name="f")


@pytest.mark.parametrize("name", ["a $x_1$ b", r"$\frac{$", "x</text><script>y", "&amp; 図"])
def test_a_name_is_written_as_it_is(name: str) -> None:
    drawing = drawn({name: estimate(0.5)}, title=name)
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert len(re.findall(rf">{re.escape(escaped)}</text>", drawing.svg)) == 2
    assert "<script" not in drawing.svg


def test_a_missing_value_is_written_out_and_draws_no_dot() -> None:
    there, missing = drawn({"x": estimate(0.5)}), drawn({"x": estimate(None)})
    assert there.svg.count("<use ") == missing.svg.count("<use ") + 1
    assert "n/a" in missing.svg
    assert "n/a" not in there.svg
    assert "x: n/a" in missing.label
    assert "x: 50" in there.label


def test_missing_quadrants_are_no_bar() -> None:
    shares = dict(zip(QUADRANT_STACK, (0.4, 0.3, 0.2, 0.1), strict=True))
    rows = {
        "known": {key: estimate(value) for key, value in shares.items()},
        "unknown": {key: estimate(None) for key in QUADRANT_STACK},
    }
    drawing = stacks("title", "share, %", QUADRANT_STACK, rows, name="q")
    assert [drawing.svg.count(f"var(--q{number})") for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert drawing.svg.count("n/a") == 1
    assert "consistent, correct 40 %" in drawing.label
    assert "unknown: n/a" in drawing.label


def test_limits_hold_zero_and_every_interval() -> None:
    low, high = span([{"a": estimate(0.2, 0.1, 0.4)}, {"b": estimate(None)}], 100)
    assert low < 0 < 40 < high
    low, high = span([], 100)
    assert low < 0 < high


def test_placeholders_cannot_be_confused() -> None:
    assert len(set(PLACEHOLDERS.values())) == len(PLACEHOLDERS)
