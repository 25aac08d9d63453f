"""What a clause says about the relation, comparison or proposition that is asked about."""

from __future__ import annotations

from collections.abc import Sequence

from unswayed.judges.rules.choices import COLORS, AnalysedQuestion, content
from unswayed.judges.rules.cues import CONCLUDING, DENIED_BEFORE, PICTURE, PRONOUN
from unswayed.judges.rules.mentions import Mention
from unswayed.judges.rules.relations import (
    COMPARATIVES,
    CONTRARY,
    IMPLIES,
    INVERSE,
    Found,
    relations,
)
from unswayed.judges.rules.words import Token

_SYMMETRIC = frozenset({"near", "far"})


def directions(
    words: Sequence[Token], clause: str, question: AnalysedQuestion
) -> list[tuple[str, float, bool]]:
    """Return the relations a clause states, turned into the question's order of things.

    Returns:
        (relation, certainty in 0 … 1, denied) for each relation whose things are recognised.
    """
    occurrences = relations(words)
    stated: list[tuple[str, float, bool]] = []
    for index, relation in enumerate(occurrences):
        order, certainty = _order(words, clause, occurrences, index, question)
        if order == 0:
            continue
        name = relation.name if order > 0 else INVERSE.get(relation.name)
        if name is not None:
            denied = DENIED_BEFORE.search(clause[: words[relation.start].start]) is not None
            stated.append((name, certainty, denied))
    return stated


def holds(
    words: Sequence[Token], clause: str, question: AnalysedQuestion
) -> tuple[bool, float] | None:
    """Tell whether a clause says that the proposition of a yes/no question holds.

    Returns:
        (holds, certainty in 0 … 1), or None if the clause does not say.
    """
    if question.relation is not None:
        for name, certainty, denied in reversed(directions(words, clause, question)):
            answer = _compare(name, question.relation, denied)
            if answer is not None:
                return answer, certainty
        if any(r.name in CONTRARY or r.name == question.relation for r in relations(words)):
            return None
    return _covered(words, clause, question)


def compared(
    words: Sequence[Token], clause: str, mentions: Sequence[Mention], question: AnalysedQuestion
) -> tuple[str, bool] | None:
    """Return the option of which a clause says what the question asks ("is closer").

    Returns:
        (letter, denied), or None if the clause makes no such comparison.
    """
    if question.compared is None or not mentions:
        return None
    at, opposite = _comparator(words, question.compared)
    if at is None:
        return None
    whole = [m for m in mentions if m.start <= at < m.end]
    if whole:  # "B is closer", the option's own text
        before_it = clause[: words[whole[0].start].start]
        return whole[0].letter, DENIED_BEFORE.search(before_it) is not None
    than = next((i for i in range(at, len(words)) if words[i].text in ("than", "compared")), None)
    before = [m for m in mentions if m.end <= at]
    after = [m for m in mentions if m.start > at and (than is None or m.end <= than)]
    against = [m for m in mentions if than is not None and m.start > than]
    denied = DENIED_BEFORE.search(clause[: words[at].start]) is not None
    subject = before[-1] if before else after[0] if after else None
    if subject is None:
        return _other(against[0].letter, question, opposite == denied) if against else None
    if len({m.letter for m in before}) > 1 and than is None:
        return None
    if not opposite:
        return subject.letter, denied
    return _other(subject.letter, question, not denied)


def _other(letter: str, question: AnalysedQuestion, wanted: bool) -> tuple[str, bool] | None:
    """Of two options, saying that one is the opposite says that the other is it."""
    if not wanted:
        return (letter, False) if len(question.choices) == 2 else None
    others = [c.letter for c in question.choices if c.letter != letter]
    return (others[0], False) if len(others) == 1 else (letter, True)


def _comparator(
    words: Sequence[Token], pair: tuple[frozenset[str], frozenset[str]]
) -> tuple[int | None, bool]:
    for index, word in enumerate(words):
        if index and words[index - 1].text in ("looking", "look", "upon", "on"):
            continue  # "looking closer" compares nothing
        if word.text in pair[0]:
            return index, False
        if word.text in pair[1]:
            return index, True
    if "closer" in pair[0] | pair[1]:
        for relation in relations(words):
            if relation.name in ("front", "behind"):
                return relation.start, (relation.name == "behind") == ("closer" in pair[0])
    return None, False


def _order(
    words: Sequence[Token],
    clause: str,
    occurrences: Sequence[Found],
    index: int,
    question: AnalysedQuestion,
) -> tuple[int, float]:
    """Return +1 for the question's order of things, -1 for the other, 0 for neither."""
    relation = occurrences[index]
    start = occurrences[index - 1].end if index else 0
    stop = occurrences[index + 1].start if index + 1 < len(occurrences) else len(words)
    before, after = words[start : relation.start], words[relation.end : stop]
    left_words, right_words = _texts(before), _texts(after)
    subject = question.subject - question.object or question.subject
    other = question.object - question.subject or question.object
    rest = clause[words[relation.end - 1].end :]
    if not subject and not other:
        return 1, 0.5
    picture = PICTURE.search(rest[:40]) is not None
    same = len(left_words & subject) + len(right_words & other)
    swapped = len(left_words & other) + len(right_words & subject)
    if not right_words & (subject | other):
        return _one_sided(
            left_words, subject, other, picture, rest, _pronoun(before, clause, words)
        )
    if not left_words & (subject | other) and not _pronoun(before, clause, words) and start:
        return 0, 0.0
    if same == swapped:
        return 0, 0.0
    return (1, 1.0) if same > swapped else (-1, 1.0)


def _one_sided(
    left_words: frozenset[str],
    subject: frozenset[str],
    other: frozenset[str],
    picture: bool,
    rest: str,
    pronoun: bool,
) -> tuple[int, float]:
    """Read "the dog is on the left": the other thing is not named, or is a pronoun."""
    certainty = 0.3 if picture else 0.6
    if not picture and PRONOUN.match(rest.strip(" of")):
        certainty = 1.0
    first, second = len(left_words & subject), len(left_words & other)
    if first and second:
        return 0, 0.0
    if first > second:
        return 1, certainty
    if second > first:
        if picture:
            return 0, 0.0
        return -1, certainty if certainty == 1.0 else 0.3
    return (1, certainty * 0.8) if pronoun and not picture and not left_words else (0, 0.0)


def _pronoun(before: Sequence[Token], clause: str, words: Sequence[Token]) -> bool:
    if not before:
        return False
    return PRONOUN.search(clause[before[0].start : before[-1].end]) is not None


def _texts(words: Sequence[Token]) -> frozenset[str]:
    return content([word.text for word in words])


def _compare(stated: str, target: str, denied: bool) -> bool | None:
    if stated == target or (stated, target) in IMPLIES:
        return not denied
    if stated in CONTRARY.get(target, set()):
        return None if denied else False
    return None


def _covered(
    words: Sequence[Token], clause: str, question: AnalysedQuestion
) -> tuple[bool, float] | None:
    """A clause that repeats the content words of a proposition says it, or denies it."""
    wanted = question.frame
    if not wanted:
        return None
    texts = _texts(words)
    colors = wanted & COLORS
    if colors and texts & COLORS and not texts & colors:
        rest = wanted - colors
        return (False, 1.0) if rest and len(texts & rest) >= 0.8 * len(rest) else None
    known = len(texts & wanted) + (PRONOUN.search(clause) is not None)
    share = min(known, len(wanted)) / len(wanted)
    compares = [word for word in words if word.text in wanted & COMPARATIVES]
    if compares and known > 1 and DENIED_BEFORE.search(clause[: compares[0].start]):
        return False, 1.0
    if not texts & wanted or share < (0.6 if CONCLUDING.search(clause) else 0.75):
        return None
    last = max(word.start for word in words if word.text in wanted)
    denied = DENIED_BEFORE.search(clause[:last]) is not None or "n't" in clause[:last]
    return not denied, 1.0
