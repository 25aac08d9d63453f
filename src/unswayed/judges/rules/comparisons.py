"""Comparisons: of which option a clause says what the question compares ("is closer")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.mentions import Mention
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.relations import relations
from unswayed.judges.rules.words import Token

_BASES = """
close:closer near:closer far:farther large:larger big:larger tall:taller long:longer high:higher
small:smaller old:older
"""
_DEGREE = {base: degree for base, _, degree in (pair.partition(":") for pair in _BASES.split())}
"""Base form → comparative, for "not as close as"."""
_AGAINST = frozenset({"than", "compared"})
_MEASURE = re.compile(
    r"(?i)\b(?:compared (?:to|with)|relative to|unlike|in contrast to|than|as opposed to)\W+"
    r"(?:\w+\W+){0,3}$"
)
"""Before an option: it is what another is measured against."""
_IN_FRONT: dict[str, bool] = dict.fromkeys(["foreground", "near", "close"], True)
_AT_BACK: dict[str, bool] = dict.fromkeys(["background", "distance", "far", "distant"], False)
_DEPTHS = _IN_FRONT | _AT_BACK
"""Where something is in a picture → whether that is close."""
_SPANS = {"smaller": True, "shorter": True, "less": True, "larger": False, "greater": False}
"""What a distance is → whether that is close."""
_GROUNDS = frozenset({"foreground", "background"})
_CAMERAS = frozenset({"camera", "viewer", "observer", "photographer", "lens"})
_PLACING = frozenset({"in", "behind", "front", "back", "at", "covering", "blocking", "covered"})
"""First words of the relations that are read as closer or farther."""


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
    placing = words[at].text in _PLACING
    whole = [m for m in mentions if m.start <= at < m.end]
    if whole:  # "B is closer", the option's own text
        before_it = clause[: words[whole[0].start].start]
        return whole[0].letter, denied_before(before_it)
    than = _than(words, at)
    measures = [m for m in mentions if m.end <= at and _is_measure(clause, words, m)]
    before = [m for m in mentions if m.end <= at and m not in measures]
    after = [m for m in mentions if m.start > at and (than is None or m.end <= than)]
    if placing:  # "in front of the chair": the chair is what something is measured against
        measures, after = [*measures, *after], []
    against = [m for m in mentions if than is not None and m.start > than] or measures
    denied = denied_before(clause[: words[at].start])
    subject = before[-1] if before else after[0] if after else None
    if subject is None:
        return _other(against[0].letter, question, opposite == denied) if against else None
    if len({m.letter for m in before}) > 1 and than is None:
        return None
    if not opposite:
        return subject.letter, denied
    if against and not denied:
        return against[0].letter, False
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
    """Return where a clause compares as the question does, and whether it says the opposite."""
    spans = any(word.text == "distance" for word in words) and "closer" in pair[0] | pair[1]
    for index, word in enumerate(words):
        if spans and word.text in _SPANS:
            return index, _SPANS[word.text] != ("closer" in pair[0])
        before = words[index - 1].text if index else ""
        if before in ("looking", "look", "upon", "on"):
            continue  # "looking closer" compares nothing
        text = _DEGREE.get(word.text, "") if before in ("as", "so") else word.text
        if text in pair[0]:
            return index, False
        if text in pair[1]:
            return index, True
    if "closer" in pair[0] | pair[1]:
        return _depth(words, "closer" in pair[0])
    return None, False


def _depth(words: Sequence[Token], closer: bool) -> tuple[int | None, bool]:
    """Read what is in front, or in the foreground, as closer."""
    for index, word in enumerate(words):
        known = word.text in _DEPTHS and (word.text in _GROUNDS or _is_of_camera(words, index))
        if known:
            return index, _DEPTHS[word.text] != closer
    for relation in relations(words):
        if relation.name in ("front", "behind"):
            return relation.start, (relation.name == "behind") == closer
    return None, False


def _is_of_camera(words: Sequence[Token], at: int) -> bool:
    """Say whether "near" and "far" are meant from where the picture is taken."""
    after = [word.text for word in words[at + 1 : at + 5]]
    if words[at].text in ("far", "distance", "distant"):
        return words[at].text != "distance" or [w.text for w in words[at - 2 : at]] == ["in", "the"]
    return not _CAMERAS.isdisjoint(after)


def _than(words: Sequence[Token], at: int) -> int | None:
    """Return where what the first thing is measured against begins."""
    against = {*_AGAINST, "as"} if at and words[at - 1].text in ("as", "so") else _AGAINST
    return next((i for i in range(at + 1, len(words)) if words[i].text in against), None)


def _is_measure(clause: str, words: Sequence[Token], mention: Mention) -> bool:
    return _MEASURE.search(clause[: words[mention.start].start]) is not None
