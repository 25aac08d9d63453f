"""The fields of a row: absent or not, and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from unswayed.errors import DataError
from unswayed.run.tables import RawRow as RawRow


def is_absent(value: object) -> bool:
    """Say whether a cell is empty: null, NaN, blank, or the word "nan" that pandas writes."""
    if isinstance(value, str):
        text = value.strip()
        return not text or (len(text) == 3 and text.lower() == "nan")
    return value is None or (isinstance(value, float) and math.isnan(value))


def as_text(value: Any) -> str:
    """Return a cell's text, stripped.

    Raises:
        DataError: it is a list or an object.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | dict):
        raise DataError(f"expected a text, found {short(cast(Any, value))}")
    return str(value).strip()


def short(value: Any) -> str:
    """Return a value as it is shown in a message."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


def text(row: Mapping[str, Any], column: str) -> str:
    """Return a field as text, empty where it is absent (null, NaN, or the word "nan")."""
    value: Any = row.get(column)
    if isinstance(value, str):
        value = value.strip()
        return "" if len(value) == 3 and value.lower() == "nan" else value
    return "" if is_absent(value) else str(value).strip()


def field(row: Mapping[str, Any], name: str) -> Any:
    """Return a field of a row.

    Raises:
        DataError: it is not there.
    """
    if name not in row:
        raise DataError(f"expected the field {name!r}, found only: {', '.join(row)}")
    return row[name]


def required(value: Any, what: str) -> str:
    """Return a cell's text.

    Raises:
        DataError: there is none (null, NaN or blank), or it is a list or an object.
    """
    if is_absent(value):
        raise DataError(f"expected {what}, found none")
    return as_text(value)
