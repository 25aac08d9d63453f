"""English words and endings: articles, numbers, plurals, and the case of a first letter."""

from __future__ import annotations

NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def sentence(text: str) -> str:
    """Return a text as a sentence: on one line, with a capital, without a full stop."""
    line = " ".join(text.split()).rstrip(".?! ")
    return line[:1].upper() + line[1:]
