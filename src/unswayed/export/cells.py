"""A row's cells as each format holds them; hostile text made harmless.

What a model writes may hold anything. Half a surrogate pair, which no UTF-8 file holds, becomes
U+FFFD in every format. Parquet and JSON hold all else as it is. A spreadsheet takes a cell that
begins with = + - @ for a formula, so that in CSV such a text gets an apostrophe in front, as OWASP
advises; so does one that begins with an apostrophe, so that taking one away gives the text back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from unswayed.results.frames import Column
from unswayed.run.files import writable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
"""What a text of a CSV file gets an apostrophe before: what a spreadsheet may take for the start of
a formula (OWASP, CSV Injection), and the apostrophe itself.
"""
_NUL = "\N{SYMBOL FOR NULL}"


def as_json(value: Any) -> Any:
    """Return a cell as JSON holds it: tuples as lists, no half of a surrogate pair."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, Mapping):
        return {writable(key): as_json(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def as_text(value: Any) -> str:
    """Return a dict or a list as JSON text."""
    return json.dumps(as_json(value), ensure_ascii=False)


def in_parquet(column: Column, cells: Sequence[Any]) -> list[Any]:
    """Return a column's cells as Parquet holds them: a dict as JSON text, a tuple as a list."""
    if column.kind == "object":
        return [None if cell is None else as_text(cell) for cell in cells]
    return [as_json(cell) for cell in cells]


def in_csv(cell: Any) -> str:
    """Return a cell as the text of a CSV file; empty where it is missing.

    Flags are `true` and `false`, dicts and lists JSON text, and numbers as Python writes them.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return repr(cell)
    text = writable(cell) if isinstance(cell, str) else as_text(cell)
    text = text.replace("\0", _NUL)  # which many readers of CSV take for the end
    return f"'{text}" if text.startswith(FORMULA) else text
