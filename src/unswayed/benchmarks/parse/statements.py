"""The sentences of one's own that say each option: true of the picture exactly if it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from unswayed.benchmarks.sources.fields import as_text, is_absent, short
from unswayed.benchmarks.sources.literals import parse_literal
from unswayed.errors import DataError

_WHAT = "a statement for every option, as a list in their order or a dict by letter"


def is_listed(value: Any) -> bool:
    """Say whether statements are distinguished by their places in a list, and not by letters."""
    return isinstance(_parsed(value), list | tuple)


def statements_of(value: Any, options: Mapping[str, str]) -> dict[str, str]:
    """Return letter → statement; none where the cell is empty.

    Args:
        value: a list in the order of the options, a dict by letter, or a text that holds either.
        options: letter → text.

    Raises:
        DataError: an option has no statement, there are others, or two options have the same.
    """
    value = _parsed(value)
    if is_absent(value):
        return {}
    if isinstance(value, dict):
        cells = {str(k).strip().upper(): v for k, v in cast(dict[Any, Any], value).items()}
        cells = {letter: cell for letter, cell in cells.items() if not is_absent(cell)}
    elif isinstance(value, list | tuple):
        entries = [cell for cell in cast(Sequence[Any], value) if not is_absent(cell)]
        cells = dict(zip(options, entries, strict=False)) if len(entries) == len(options) else {}
    else:
        raise DataError(f"expected {_WHAT}, found {short(value)}")
    if not cells and not value:
        return {}
    if set(cells) != set(options):
        raise DataError(f"expected {_WHAT} ({', '.join(options)}), found {short(value)}")
    statements = {letter: as_text(cells[letter]) for letter in options}
    if len(set(statements.values())) < len(statements):
        raise DataError("expected statements that tell the options apart, found one text twice")
    return statements


def _parsed(value: Any) -> Any:
    return parse_literal(value) if isinstance(value, str) else value
