"""One output as a line: which it is, what lists show of it, and where its records lie."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OutputKey:
    """Which output it is, in words that stay true when a run is indexed again or grows.

    Attributes:
        sample: id of the sample.
        variant: name of the variant.
        foil: which of the sample's foils, from 0.
        draw: which of the prompt's outputs, from 0.
    """

    sample: str
    variant: str
    foil: int = 0
    draw: int = 0

    def query(self) -> dict[str, object]:
        """Return it as keys and values of a URL; what is 0 is left out."""
        numbers = {"foil": self.foil, "draw": self.draw}
        named: dict[str, object] = {"sample": self.sample, "under": self.variant}
        return named | {name: value for name, value in numbers.items() if value}


@dataclass(frozen=True)
class OutputLine:
    """One output as the list and the tables show it; fields as in `tables`, None where unknown."""

    row: int
    key: OutputKey
    benchmark: str
    question: str
    category: str | None
    outcome: str
    answered: str
    excerpt: str
    verdict: str | None
    quadrant: str | None
    sway: float | None
    swayed: bool | None
    flip: str | None
    conflict: bool | None
    judgeable: bool
    entropy: float | None
    p_correct: float | None
    shown: int
    at: tuple[int, int, int | None]
    """Where its variant, generation and verdict begin in their files."""


_COLUMNS = (
    "rows.row, samples.name, rows.variant, rows.foil_index, rows.draw, rows.benchmark, "
    "samples.question, rows.category, rows.outcome, lines.answered, lines.excerpt, "
    "rows.verdict, rows.quadrant, rows.sway, rows.swayed, rows.flip, rows.conflict, "
    "rows.judgeable, rows.entropy, rows.p_correct, rows.shown, "
    "lines.variant_at, lines.generation_at, lines.verdict_at"
)
LINES = f"SELECT {_COLUMNS} FROM rows JOIN lines USING (row) JOIN samples USING (sample)"
"""Every output with what its line shows."""


def line_of(row: sqlite3.Row) -> OutputLine:
    """Return a row of `LINES` as a line."""
    cells: dict[str, Any] = dict(row)

    def flag(name: str) -> bool | None:
        return None if cells[name] is None else bool(cells[name])

    return OutputLine(
        row=cells["row"],
        key=OutputKey(cells["name"], cells["variant"], cells["foil_index"], cells["draw"]),
        benchmark=cells["benchmark"],
        question=cells["question"],
        category=cells["category"],
        outcome=cells["outcome"],
        answered=cells["answered"],
        excerpt=cells["excerpt"],
        verdict=cells["verdict"],
        quadrant=cells["quadrant"],
        sway=cells["sway"],
        swayed=flag("swayed"),
        flip=cells["flip"],
        conflict=flag("conflict"),
        judgeable=bool(cells["judgeable"]),
        entropy=cells["entropy"],
        p_correct=cells["p_correct"],
        shown=cells["shown"],
        at=(cells["variant_at"], cells["generation_at"], cells["verdict_at"]),
    )
