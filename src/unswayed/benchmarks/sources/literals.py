"""Lists and objects that data sets keep as text, in JSON or as Python writes them."""

from __future__ import annotations

import ast
import json
import warnings
from typing import Any

_LONGEST = 100_000
_ERRORS = (ValueError, SyntaxError, TypeError, RecursionError, MemoryError)


def parse_literal(text: str) -> Any:
    """Return the list, tuple or dict that a text spells, or the text itself, stripped."""
    text = text.strip()
    if not text.startswith(("[", "{", "(")):
        return text
    for parse in (json.loads, _python):
        try:
            value: Any = parse(text)
        except _ERRORS:
            continue
        if isinstance(value, list | tuple | dict):
            return value  # pyright: ignore[reportUnknownVariableType]
    return text


def _python(text: str) -> Any:
    if len(text) > _LONGEST:  # the parser's memory grows far faster than the text
        raise ValueError
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a text is no concern of ours
        return ast.literal_eval(text)
