"""A filter as SQL over the tables of an index: its condition, its order, and nothing of its text.

Every value of a filter is a parameter of the statement, never a part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unswayed.view import words
from unswayed.view.filters import Filter, Sorting

_SAME = ("benchmark", "variant", "category", "outcome", "verdict", "quadrant")
_SPREAD = 2654435761
"""Knuth's multiplier (TAOCP 3, 6.4): consecutive rows lie far apart modulo 2³²."""
_KEYS: dict[Sorting, str] = {
    "run": "row",
    "p_correct": "p_correct",
    "entropy": "entropy",
    "shuffled": f"(row * {_SPREAD}) % 4294967296",
}
_IN_QUESTION = "sample IN (SELECT rowid FROM questions WHERE questions MATCH ?)"
_IN_OUTPUT = "row IN (SELECT rowid FROM outputs WHERE outputs MATCH ?)"


@dataclass
class Selection:
    """The rows that a filter lists.

    Attributes:
        condition: an SQL condition on `rows`.
        parameters: the values of its question marks.
        order: what it is sorted by; no two rows are equal.
    """

    condition: str
    parameters: list[object] = field(default_factory=list[object])
    order: str = "row"


def of(chosen: Filter, judgeable: bool = False) -> Selection:
    """Return a filter as SQL.

    Args:
        chosen: the filter.
        judgeable: only outputs whose thought and answer can be compared.
    """
    parts: list[tuple[str, list[object]]] = [
        (f"{name} = ?", [value]) for name in _SAME if (value := getattr(chosen, name)) is not None
    ]
    for name in ("swayed", "conflict"):
        if value := getattr(chosen, name):
            parts.append((f"{name} = ?", [int(value == "yes")]))
    if chosen.flip == "any":
        parts.append(("flip IN ('right_wrong', 'wrong_right')", []))
    elif chosen.flip is not None:
        parts.append(("flip = ?", [chosen.flip]))
    if judgeable:
        parts.append(("judgeable", []))
    parts += _search(chosen)
    condition = " AND ".join(sql for sql, _ in parts) or "1"
    return Selection(condition, [one for _, values in parts for one in values], _order(chosen))


def _order(chosen: Filter) -> str:
    """Return the order; rows without the key come last, whichever way it goes."""
    key, way = _KEYS[chosen.sort], "DESC" if chosen.descending else "ASC"
    return f"{key} {way}" if key == "row" else f"{key} {way} NULLS LAST, row {way}"


def _search(chosen: Filter) -> list[tuple[str, list[object]]]:
    if not chosen.text.strip():
        return []
    expressions = words.expressions(chosen.text)
    if not expressions:  # nothing but punctuation, which no text is indexed by
        return [("0", [])]
    return [_matching(expression, chosen) for expression in expressions]


def _matching(expression: str, chosen: Filter) -> tuple[str, list[object]]:
    if chosen.place == "question":
        return _IN_QUESTION, [expression]
    if chosen.place == "anywhere":
        return f"({_IN_QUESTION} OR {_IN_OUTPUT})", [expression, expression]
    return _IN_OUTPUT, [f"{{{chosen.place}}} : {expression}"]
