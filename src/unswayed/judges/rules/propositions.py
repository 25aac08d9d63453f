"""What a clause says about the relation, comparison or proposition that is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from unswayed.judges.rules.attributes import colored
from unswayed.judges.rules.choices import COLORS, AnalysedQuestion, content
from unswayed.judges.rules.cues import CONCLUDING, PRONOUN
from unswayed.judges.rules.inflection import fold, stem
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.placements import Placement, placements
from unswayed.judges.rules.relations import (
    COMPARATIVES,
    CONTRARY,
    IMPLIES,
    relations,
)
from unswayed.judges.rules.roles import Role
from unswayed.judges.rules.states import said_state
from unswayed.judges.rules.words import Token

_PRONOUNS = 2  # things of a proposition that pronouns may stand for
_HEADLESS = re.compile(r"(?i)\W*(?:and|but|so)\s+(?:is|are|does|has|cannot|isn't|doesn't)\b")
_TOLD = frozenset(CONTRARY)
"""Relations which, said of other things, answer nothing."""


def holds(
    words: Sequence[Token], clause: str, question: AnalysedQuestion, topic: Role = Role.EMPTY
) -> tuple[bool, float] | None:
    """Tell whether a clause says that the proposition of a yes/no question holds.

    Returns:
        (holds, certainty in 0 … 1), or None if the clause does not say.
    """
    if _counts(words, question) is False:
        return False, 1.0
    if question.relation is not None:
        for placed in reversed(placements(words, clause, question, topic)):
            answer = _compare(placed, question.relation)
            if answer is not None:
                return answer, placed.certainty
        if any(not r.weak and r.name in _TOLD for r in relations(words)):
            return None
    state = said_state(words, clause, question.asked)
    if state is not None and _is_of_it(words, clause, question, state[1]):
        return state[0], 1.0
    return _covered(words, clause, question)


def _is_of_it(words: Sequence[Token], clause: str, question: AnalysedQuestion, at: int) -> bool:
    """Say whether a state is said of the thing in question: by name, or by a pronoun."""
    wanted = question.frame - {words[at].text}
    if PRONOUN.search(clause[: words[at].start]):
        return True
    return bool(_texts(words) & wanted)


def _texts(words: Sequence[Token]) -> frozenset[str]:
    return content([word.text for word in words])


def _compare(placed: Placement, target: str) -> bool | None:
    """Tell what a placement says about the relation that is asked about."""
    if placed.elsewhere:
        return False if placed.name == target and not placed.denied else None
    if placed.name == target or (placed.name, target) in IMPLIES:
        return not placed.denied
    if placed.name in CONTRARY.get(target, set()):
        return None if placed.denied else False
    return None


def _covered(
    words: Sequence[Token], clause: str, question: AnalysedQuestion
) -> tuple[bool, float] | None:
    """A clause that repeats the content words of a proposition says it, or denies it."""
    wanted = question.frame
    if not wanted:
        return None
    if wanted & COLORS:
        return colored(words, clause, question)
    wanted = frozenset(map(stem, wanted))
    stems = [stem(word.text) for word in words]
    texts = content(stems)
    if _lacks(stems, wanted, question):
        return False, 1.0
    pronouns = len(PRONOUN.findall(clause)) + (_HEADLESS.match(clause) is not None)
    known = len(texts & wanted) + min(pronouns, _PRONOUNS)
    share = min(known, len(wanted)) / len(wanted)
    compares = [word for word in words if word.text in question.frame & COMPARATIVES]
    if compares and known > 1 and denied_before(clause[: compares[0].start]):
        return False, 1.0
    if CONCLUDING.search(clause) and pronouns and _denies(words, stems, wanted, clause):
        return False, 1.0
    if not texts & wanted or share < (0.6 if CONCLUDING.search(clause) else 0.8):
        return None
    last = max(word.start for word, root in zip(words, stems, strict=True) if root in wanted)
    denied = denied_before(clause[:last]) or "n't" in clause[:last]
    return not denied, 1.0


def _lacks(stems: Sequence[str], wanted: frozenset[str], question: AnalysedQuestion) -> bool:
    """Read "no glasses are visible", where the last thing asked about is missing."""
    last = next((s for s in (stem(fold(t)) for t in reversed(question.asked)) if s in wanted), None)
    pairs = pairwise(stems)
    return any(first in ("no", "without") and second == last for first, second in pairs)


def _counts(words: Sequence[Token], question: AnalysedQuestion) -> bool | None:
    """Tell whether a clause counts as many of a thing as the question says ("three apples")."""
    asked = [fold(text) for text in question.asked]
    for number, thing in pairwise(asked):
        if not number.isdigit():
            continue
        for before, word in pairwise(words):
            if word.text == thing and before.value is not None:
                return before.text == number
    return None


def _denies(
    words: Sequence[Token], stems: Sequence[str], wanted: frozenset[str], clause: str
) -> bool:
    """Read "so it is not at the edge": a pronoun, and what is asked about after a negation."""
    told = [word.start for word, root in zip(words, stems, strict=True) if root in wanted]
    return bool(told) and denied_before(clause[: told[-1]])
