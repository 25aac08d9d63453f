"""States that exclude each other: "not switched off" says that the lamp is on."""

from __future__ import annotations

from collections.abc import Sequence

from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.words import Token

_OPPOSED = """
on/off|open opened/closed shut close|full/empty|wet/dry|day daytime/night nighttime|
indoor indoors inside/outdoor outdoors outside|young/old elderly|awake/asleep sleeping|
same/different|alive/dead|male/female|clean/dirty|hot warm/cold|lit bright/dark unlit|
moving/stationary parked stopped|sunny/cloudy overcast rainy|happy smiling/sad frowning|
present/absent missing|connected/disconnected|attached/detached|occupied/vacant unoccupied|
visible/invisible hidden|touching/apart|crowded busy/empty deserted|cooked/raw|ripe/unripe|
straight/curved bent|smooth/rough|vertical/horizontal|real/fake toy
"""
_PAIRS = tuple(
    (frozenset(left.split()), frozenset(right.split()))
    for left, right in (row.split("/") for row in _OPPOSED.replace("\n", "").split("|"))
)
_PLACED = frozenset({"on", "inside", "outside", "hidden", "close"})
"""Words that are states only at the end of a phrase ("the lamp is on")."""


def said_state(
    words: Sequence[Token], clause: str, question: Sequence[str]
) -> tuple[bool, int] | None:
    """Tell whether a clause says that a thing is in the state that a question asks about.

    Args:
        words: tokens of the clause.
        clause: its text.
        question: the question's words in order, folded.

    Returns:
        (it is in that state, index of the word that says so), or None if no state is said.
    """
    for asked, opposite in _sides(question):
        for at, word in enumerate(words):
            text = word.raw.lower()
            if text not in asked | opposite or not _ends(words, at):
                continue
            denied = denied_before(clause[: word.start])
            return (text in asked) != denied, at
    return None


def _sides(question: Sequence[str]) -> list[tuple[frozenset[str], frozenset[str]]]:
    sides: list[tuple[frozenset[str], frozenset[str]]] = []
    for left, right in _PAIRS:
        for asked, opposite in ((left, right), (right, left)):
            states = [i for i, text in enumerate(question) if text in asked]
            last = len(question) - (1 if states and question[states[-1]] in _PLACED else 2)
            if states and states[-1] >= last:
                sides.append((asked, opposite))
    return sides


def _ends(words: Sequence[Token], at: int) -> bool:
    return words[at].raw.lower() not in _PLACED or at == len(words) - 1
