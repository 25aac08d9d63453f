"""Colours and whose they are: a red shirt says nothing about a red hat."""

from __future__ import annotations

from collections.abc import Sequence

from unswayed.judges.rules.choices import COLORS, AnalysedQuestion
from unswayed.judges.rules.cues import PRONOUN
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.words import Token

_NEAR = 3  # tokens between a thing and its colour
_BREAKS = frozenset({"and", "but", "with", "while", "or", "whereas"})


def colored(
    words: Sequence[Token], clause: str, question: AnalysedQuestion
) -> tuple[bool, float] | None:
    """Tell whether a clause gives a thing the colour that a yes/no question asks about.

    Returns:
        (it does, certainty in 0 … 1), or None if the clause does not say.
    """
    asked = next((c for c in question.asked if c in COLORS), None)
    things = _things(question.asked)
    if asked is None:
        return None
    places = [i for i, word in enumerate(words) if word.text in things]
    if not places:
        return _of_pronoun(words, clause, asked)
    for at in places:
        color = _color_of(words, at)
        if color is not None:
            denied = denied_before(clause[: words[color].start])
            if words[color].text == asked:
                return not denied, 1.0
            return None if denied else (False, 1.0)
        if denied_before(clause[: words[at].start]):
            return False, 1.0
    return None


def _things(asked: Sequence[str]) -> set[str]:
    """Return what a question asks the colour of: the noun after it, else the nouns before."""
    at = next((i for i, text in enumerate(asked) if text in COLORS), None)
    if at is None:
        return set()
    after = [text for text in asked[at + 1 : at + 2] if text not in _BREAKS | {"in", "or"}]
    return set(after) or set(asked[max(0, at - 2) : at]) - {"is", "are", "the", "a", "an"}


def _color_of(words: Sequence[Token], at: int) -> int | None:
    """Return the place of the colour that a clause gives the thing at `at`."""
    for place in range(at - 1, max(-1, at - 1 - _NEAR), -1):
        if words[place].text in _BREAKS:
            break
        if words[place].text in COLORS:
            return place
    for place in range(at + 1, min(len(words), at + 2 + _NEAR)):
        if words[place].text in _BREAKS:
            break
        if words[place].text in COLORS:
            return place
    return None


def _of_pronoun(words: Sequence[Token], clause: str, asked: str) -> tuple[bool, float] | None:
    """Read "it is red": a colour and nothing else that could have it."""
    colors = [i for i, word in enumerate(words) if word.text in COLORS]
    if len(colors) != 1 or colors[0] != len(words) - 1 or not PRONOUN.search(clause):
        return None
    denied = denied_before(clause[: words[colors[0]].start])
    if words[colors[0]].text == asked:
        return not denied, 1.0
    return None if denied else (False, 1.0)
