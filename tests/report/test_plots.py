"""The plots: what is drawn for a wide page, a phone and a paper; names from data stay names."""

from __future__ import annotations

import re

import pytest

from unswayed.figures.page import PLACEHOLDERS, Drawing
from unswayed.report.drawing import page_drawing
from unswayed.report.media import NARROW, WIDE, Medium
from unswayed.report.plots import Dots, LinePlot, PlotLine, Series, Stacks, span
from unswayed.report.terms import QUADRANT_STACK
from unswayed.types import Estimate


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(
        benchmark="b", variant="v", metric="accuracy", value=value, low=low, high=high, n=7
    )


def drawn(rows: dict[str, Estimate], title: str = "title", medium: Medium = WIDE) -> Drawing:
    plot = Dots(title, "axis", tuple(rows), (Series("", "accent", rows),))
    return page_drawing(plot, "f", medium)


@pytest.mark.parametrize("medium", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["a $x_1$ b", r"$\frac{$", "x</text><script>y", "&amp; 図"])
def test_a_name_is_written_as_it_is(name: str, medium: Medium) -> None:
    drawing = drawn({name: estimate(0.5)}, name, medium)
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
    drawing = page_drawing(Stacks("title", "share, %", QUADRANT_STACK, rows), "q", WIDE)
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


PHONE = 338
"""CSS pixels that a drawing has on a phone of 390: less the page's and the panel's margins."""


@pytest.mark.parametrize(
    "plot",
    [
        Dots("title", "axis", ("wrong-caption-disclaimer", "x"), (), limits=(0, 1)),
        Stacks("title", "axis", QUADRANT_STACK, {"x": {QUADRANT_STACK[0]: estimate(1)}}),
        LinePlot("title", "axis", "side", (PlotLine("a", "s1", (0.0, 50.0), (1.0, 2.0)),)),
    ],
    ids=["dots", "stacks", "lines"],
)
def test_letters_on_a_phone_have_eleven_pixels(plot: Dots | Stacks | LinePlot) -> None:
    svg = page_drawing(plot, "p", NARROW).svg
    width = float(re.findall(r'viewBox="0 0 ([\d.]+)', svg)[0])
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", svg)]
    assert len(sizes) > 3
    assert min(sizes) * PHONE / width >= 11
