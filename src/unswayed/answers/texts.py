"""An option's text and what repeats it: how two texts are compared."""

from __future__ import annotations

from collections.abc import Mapping

QUOTES = "\"'`*“”‘’ "
"""Characters around a text that are none of it."""


def option_with_text(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter of the one option whose text `text` repeats, None for no or several."""
    wanted = normalise(text)
    hits = [letter for letter, option in options.items() if normalise(option) == wanted]
    return hits[0] if wanted and len(hits) == 1 else None


def normalise(text: str) -> str:
    """Fold case, blanks, quotes and a closing full stop, for comparing option texts."""
    folded = " ".join(text.casefold().split())
    return folded.lstrip(QUOTES).rstrip(QUOTES + ".。")
