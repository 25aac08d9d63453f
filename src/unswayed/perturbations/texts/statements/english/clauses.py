"""A yes-or-no clause, split where what is said of its subject begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unswayed.perturbations.texts.statements.english.words import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
)

_AUXILIARY = re.compile(rf"^(?P<verb>{'|'.join(AUXILIARIES)}) (?P<rest>.+)$", re.I)
_ADVERB = re.compile(rf" (?P<said>(?:{'|'.join(ADVERBS)})\b.*)$", re.I)
_PREPOSITION = re.compile(
    rf" (?P<said>(?:{'|'.join(p for p in PREPOSITIONS if p not in ('of', 'for'))})\b.*)$", re.I
)
_PARTICIPLE = re.compile(r" (?P<said>\w{2,}(?:ing|ed)\b.*)$", re.I)
_NOUN = re.compile(r" (?P<said>(?:an?|the|more|less|very|too) .+)$", re.I)
_LAST = re.compile(r" (?P<said>\S+)$")
_THERE = re.compile(r"^there (?P<said>.+)$", re.I)
_INFINITIVE = re.compile(
    r" (?P<said>(?:have|has|look|appear|seem|contain|show|wear|hold|face|need|want|like|feature|use"
    r"|carry|touch|cover|match|belong|depict|include|stand|sit|go|see|get|make|fit|eat|come|ride"
    r"|block|lead|point|move|live|divide|reach|be|become|lie|fall|take|turn|run|walk|play)\b.*)$",
    re.I,
)
_LOOSE = frozenset(("in", "with", "of", "on", "at", "from"))


@dataclass(frozen=True)
class AskedClause:
    """A yes-or-no clause.

    Attributes:
        verb: its auxiliary, in lower case.
        subject: what it is about; `there` where it asks whether something is there.
        said: what is asked of it.
    """

    verb: str
    subject: str
    said: str


def clause(asks: str) -> AskedClause | None:
    """Split "Is the box directly above the man" into its auxiliary, subject and what is said."""
    match = _AUXILIARY.match(asks)
    if match is None:
        return None
    verb, rest = match["verb"].lower(), match["rest"]
    if there := _THERE.match(rest):
        return AskedClause(verb, "there", there["said"])
    at = _split(verb, rest)
    if at is None:
        return None
    return AskedClause(verb, rest[:at].strip(), rest[at:].strip())


def _split(verb: str, rest: str) -> int | None:
    """Return where what is said begins; a subject keeps at least its noun."""
    start = _after_noun(rest)
    if verb in ("do", "does", "did", "can", "could", "will", "would", "should"):
        found = _INFINITIVE.search(rest, start) or re.compile(r" (?P<said>[a-z]+\b.*)$").search(
            rest, start
        )
        return found.start("said") if found else None
    for pattern in (_ADVERB, _PREPOSITION, _PARTICIPLE, _NOUN, _LAST):
        found = pattern.search(rest, start)
        if found is None:
            continue
        if pattern is _PREPOSITION and found["said"].split()[0].lower() in _LOOSE:
            later = _PARTICIPLE.search(rest, found.end() - len(found["said"]) + 1)
            first = _PARTICIPLE.search(rest, start)
            if first and first.start("said") < found.start("said"):
                return first.start("said")
            if later and " " in rest[found.start("said") : later.start("said")].strip():
                return later.start("said")
        elif pattern is _PREPOSITION:
            first = _PARTICIPLE.search(rest, start)
            if first and first.start("said") < found.start("said"):
                return first.start("said")
        return found.start("said")
    return None


def _after_noun(rest: str) -> int:
    """Return where the first word behind a determiner ends."""
    words = rest.split(" ")
    first = 1 if words[0].lower() in DETERMINERS and len(words) > 1 else 0
    return len(" ".join(words[: first + 1]))
