"""The style sheet: enough contrast, light and dark, and nothing fetched."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from unswayed.figures.page import PLACEHOLDERS

CSS = resources.files("unswayed.report").joinpath("templates", "report.css").read_text("utf-8")
LIGHT, DARK = re.findall(r":root \{(.*?)\n *\}", CSS, re.DOTALL)
TEXT_ON = [
    ("ink", "page"),
    ("ink", "paper"),
    ("ink", "mark"),
    ("muted", "page"),
    ("muted", "paper"),
    ("accent", "page"),
    ("accent", "paper"),
    ("gold", "gold-soft"),
    ("foil", "foil-soft"),
    ("ink", "gold-soft"),
    ("ink", "foil-soft"),
    *((f"on-q{number}", f"q{number}") for number in (1, 2, 3, 4)),
]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("block", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out(block: str, text: str, ground: str) -> None:
    named = colours(block)
    assert contrast(named[text], named[ground]) >= 4.5


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("block", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_of_the_figures_is_defined(block: str) -> None:
    assert set(PLACEHOLDERS) <= set(colours(block))


def test_nothing_is_fetched() -> None:
    assert "@import" not in CSS
    assert "url(" not in CSS
