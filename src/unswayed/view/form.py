"""The form above a list: every field with the values that it can have, and how many have each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from unswayed.report.outputs import ANSWER_CLASSES, AnswerClass
from unswayed.types import Consistency
from unswayed.view.filters import Filter, Flip, Place, Quadrant, Sorting
from unswayed.view.runs import ViewedRun

_FREE = ("benchmark", "variant", "category")
"""Fields whose values are those of the run."""
_CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": get_args(AnswerClass),
    "verdict": get_args(Consistency),
    "quadrant": get_args(Quadrant),
    "flip": get_args(Flip),
    "swayed": ("yes", "no"),
    "conflict": ("yes", "no"),
    "place": get_args(Place),
    "sort": get_args(Sorting),
}
"""Fields of a filter whose values are few → the values."""


@dataclass(frozen=True)
class FormChoice:
    """One value of a field of the list's form; `count` is its outputs in the whole run."""

    value: str
    words: str
    count: int | None
    chosen: bool


_WORDS = {
    "right_wrong": "right → wrong",
    "wrong_right": "wrong → right",
    "p_correct": "P(correct)",
    "entropy": "entropy H",
    "run": "as in the run",
    "shuffled": "shuffled",
    "none": "not flipped",
}


def form(run: ViewedRun, chosen: Filter) -> dict[str, list[FormChoice]]:
    """Return the fields of a list's form with the values that each can have in this run."""
    return {name: _choices(run, chosen, name) for name in (*_FREE, *_CHOICES)}


def _choices(run: ViewedRun, chosen: Filter, name: str) -> list[FormChoice]:
    counts = run.facets.get(name, {})
    values = _CHOICES.get(name, tuple(counts))
    if name == "flip":
        counts = {**counts, "any": sum(n for value, n in counts.items() if value != "none")}
    known = set(counts) if name in run.facets else set(values)
    now: str | None = getattr(chosen, name)
    if now is not None and now not in values:
        values = (*values, now)
    return [
        FormChoice(value, _words(name, value), counts.get(value), value == now)
        for value in values
        if value in known or value == now
    ]


def _words(name: str, value: str) -> str:
    if name == "outcome":
        return ANSWER_CLASSES[value].words  # pyright: ignore[reportArgumentType]
    if name == "flip" and value == "any":
        return "flipped either way"
    return _WORDS.get(value, value.replace("_", ", ") if name == "quadrant" else value)
