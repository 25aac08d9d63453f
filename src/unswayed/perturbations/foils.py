"""Foils of open questions: another number near the gold, a box that hardly overlaps it.

A text has no foil: nothing tells which other text would be wrong. All values are written as the
gold is, so that a foil does not stand out by its form.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from unswayed.answers import normalise, values
from unswayed.answers.values import Box
from unswayed.perturbations import seeded
from unswayed.perturbations.texts.statements import apart
from unswayed.types import Sample

APART = 1.1
"""A displaced box lies so many of its own widths or heights away from the gold."""

CORNER = 0.3
"""Sides of a box in a corner of the gold, in parts of the gold's: their IoU is 0.09."""

_STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)


def draw(sample: Sample, seed: int, count: int) -> list[str]:
    """Draw foils by the seed and the sample's id; a larger `count` only adds some.

    Options: wrong ones, in the sample's letters; an option without text, or with the gold's text
    under another letter, cannot be asserted as wrong, and one that says that the picture does not
    show what is asked for is no foil where there are others. Numbers and boxes: at most one.
    """
    generator = seeded(seed, "foil", sample.id)
    if sample.answer_kind == "choice":
        return _letters(sample, generator)[:count]
    gold = values.parse_value(sample.answer, sample.answer_kind).value
    if isinstance(gold, Fraction):
        return [_number(sample.answer, gold, generator)][:count]
    return [values.box_text(_box(gold, generator))][:count] if isinstance(gold, tuple) else []


def _letters(sample: Sample, generator: random.Random) -> list[str]:
    if not sample.options:
        return []
    unfit = {"", normalise(sample.options[sample.answer])}
    wrong = [
        k for k, v in sample.options.items() if k != sample.answer and normalise(v) not in unfit
    ]
    told = [k for k in wrong if not apart.said(sample.options[k])]
    wrong = told or wrong
    generator.shuffle(wrong)
    return wrong


def _number(text: str, gold: Fraction, generator: random.Random) -> str:
    """Return a number up to four steps away; no step leads below zero from a gold that is not.

    A step is a tenth of a whole number, at least 1, and a fifth of any other.
    """
    step = Fraction(max(1, round(abs(gold) / 10))) if gold.denominator == 1 else abs(gold) / 5
    near = [gold + step * steps for steps in _STEPS]
    near = [value for value in near if value >= 0 or gold < 0]
    return _number_text(generator.choice(near), text)


def _number_text(value: Fraction, like: str) -> str:
    """Write a number as a whole one or a decimal where it is one exactly, else as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = f"{float(value):.6f}".rstrip("0")
    return str(value) if "/" in like or Fraction(decimal) != value else decimal


def _box(gold: Box, generator: random.Random) -> Box:
    """Return a box that shares less than a tenth with the gold and lies inside the picture.

    The picture's size is not known here, so the gold is moved towards the origin, as far as there
    is room; where there is none, the foil is a corner of the gold.
    """
    moved = list(_moved(gold))
    return generator.choice(moved or list(_corners(gold)))


def _moved(gold: Box) -> Iterator[Box]:
    x1, y1, x2, y2 = gold
    left, up = APART * (x2 - x1), APART * (y2 - y1)
    if x1 >= left:
        yield (x1 - left, y1, x2 - left, y2)
    if y1 >= up:
        yield (x1, y1 - up, x2, y2 - up)
    if x1 >= left and y1 >= up:
        yield (x1 - left, y1 - up, x2 - left, y2 - up)


def _corners(gold: Box) -> Iterator[Box]:
    x1, y1, x2, y2 = gold
    width, height = CORNER * (x2 - x1), CORNER * (y2 - y1)
    for left in (x1, x2 - width):
        for top in (y1, y2 - height):
            yield (left, top, left + width, top + height)
