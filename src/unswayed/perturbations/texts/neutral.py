"""Neutral texts of a wanted length: a start and some of the clauses that may follow it.

A neutral text is the control for "any text at all", so it must be as long as the misleading one:
the combination of clauses whose length comes nearest is taken, the same one every time.
"""

from __future__ import annotations

from collections.abc import Sequence

TOLERANCE = 0.1
"""A neutral text may differ so much, in parts, from the characters of the misleading one."""


def fill(length: int, starts: Sequence[str], further: Sequence[str]) -> str:
    """Return a text of about `length` characters: of those within the tolerance, the plainest.

    Args:
        length: wanted characters, at least 1.
        starts: how it may begin.
        further: what may follow, in this order, each at most once before all have been used.
    """
    best: tuple[tuple[bool, int, int], str] | None = None
    for start in starts:
        text, missing = start, length - len(start)
        whole = sum(len(clause) for clause in further)
        while missing > whole:
            text += "".join(further)
            missing -= whole
        for clauses in _reached(missing, further):
            filled = text + "".join(further[at] for at in clauses)
            off = abs(len(filled) - length)
            outside = off > TOLERANCE * length
            rank = (outside, off if outside else len(clauses), off)
            if best is None or rank < best[0]:
                best = (rank, filled)
    return best[1] if best else ""


def _reached(missing: int, further: Sequence[str]) -> list[tuple[int, ...]]:
    """Return for each length up to about `missing` the fewest clauses that reach it, in order."""
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for at, clause in enumerate(further):
        for length, used in list(reached.items()):
            longer = length + len(clause)
            before = reached.get(longer)
            if longer <= missing * (1 + TOLERANCE) + 1 and (
                before is None or len(used) + 1 < len(before)
            ):
                reached[longer] = (*used, at)
    return list(reached.values())
