"""Lines of a terminal folded to its width, between words; colours and wide letters count right."""

from __future__ import annotations

import re
import shutil
import unicodedata

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WORDS = re.compile(r"\S+|\s+")
_FALLBACK = (80, 24)
"""Columns and lines of a terminal that does not say them, and of no terminal."""


def terminal_width() -> int:
    """Return the columns of the terminal: COLUMNS, the terminal's own, or 80."""
    return shutil.get_terminal_size(_FALLBACK).columns


def width_of(text: str) -> int:
    """Return how many columns a text takes: wide letters two, combining ones and colours none."""
    return sum(_columns(letter) for letter in _COLOUR.sub("", text))


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines of at most `width` columns.

    It is broken between words, and within a word that is longer than a line. Colours go on over
    the break, as terminals have it.

    Args:
        text: visible text (see `text.visible`), which may have colours by escape sequences.
        width: columns of a line, more than those of `indent`.
        indent: what later lines of a paragraph begin with.
    """
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, indent)]


def _paragraph(text: str, width: int, indent: str) -> list[str]:
    lines, line, used = list[str](), "", 0
    for word in _WORDS.findall(text):
        taken = width_of(word)
        if used + taken > width and line.strip():
            lines.append(line.rstrip())
            line, used = indent, len(indent)
            if word.isspace():
                continue
        for piece in _pieces(word, width - used, width - len(indent)):
            if used + width_of(piece) > width:
                lines.append(line.rstrip())
                line, used = indent, len(indent)
            line, used = line + piece, used + width_of(piece)
    return [*lines, line.rstrip()]


def _pieces(word: str, first: int, other: int) -> list[str]:
    """Cut a word that is longer than a line; the first piece fits what is left of its line."""
    if width_of(word) <= max(first, other):
        return [word]
    pieces, piece, used, limit = list[str](), "", 0, first
    for part in re.findall(r"\x1b\[[0-9;]*m|.", word, re.DOTALL):
        taken = 0 if _COLOUR.fullmatch(part) else _columns(part)
        if used + taken > limit and piece:
            pieces.append(piece)
            piece, used, limit = "", 0, other
        piece, used = piece + part, used + taken
    return [*pieces, piece]


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
