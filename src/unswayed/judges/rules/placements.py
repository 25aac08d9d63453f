"""What a clause places where: the things on both sides of a spatial relation.

"The spoon is on the floor, to the right of the stool" places the spoon twice; only the second time
is it placed by the stool that the question asks about. A thing is the question's *subject*, its
*object*, a pronoun that stands for one, or a *third* thing, and what is said of a third thing says
nothing about the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.negation import denied_before
from unswayed.judges.rules.relations import INVERSE, Found, relations
from unswayed.judges.rules.roles import NEUTRAL, PICTURES, PRONOUNS, Role, role_of
from unswayed.judges.rules.words import Token


@dataclass(frozen=True)
class Placement:
    """One relation that a clause states, in the question's order of things.

    Attributes:
        name: name of the relation, turned round where the clause names the object first.
        certainty: 0 … 1, how sure it is that the two things are the question's.
        denied: the clause says that it is not so.
        elsewhere: the subject is there, but of a third thing ("on the chair").
    """

    name: str
    certainty: float
    denied: bool
    elsewhere: bool = False


_JOINING = "that with while whereas where and but so because since though although"
_OPENERS = frozenset(_JOINING.split())
_RELATIVES = frozenset({"which", "who"})
_PLACING = """
is are was were be sit sits sitting lies lie lying stands stand standing rests rest resting has
have had appears appear seems seem looks look hangs hang hanging there contains holds shows show
placed positioned located situated seated leaning mounted parked being
"""
_VERBS = frozenset(_PLACING.split())
_STOPS = frozenset({"and", "or", "but", "while", "with", "which", "that", "where", "as", "so"})
_NEXT_THING = frozenset({"a", "an", "the", "there", "we", "i"})
"""After a side these begin the thing that is there ("on the left a cup")."""
_UNTRUE = re.compile(
    r"(?i)\b(?:is|are|be|seems)\s+(?:\w+ly\s+)?(?:incorrect|wrong|false|inaccurate|not (?:correct|"
    r"right|true|accurate|the case))\b"
)
_ONE_AT_A_TIME = frozenset({"on", "inside"})
"""A thing is on or in one thing only."""
_GROUND = 7  # tokens after a relation in which its ground is named


def placements(
    words: Sequence[Token], clause: str, question: AnalysedQuestion, topic: Role = Role.EMPTY
) -> list[Placement]:
    """Return the relations a clause states between the question's things, in order.

    Args:
        words: the clause's tokens.
        clause: its text.
        question: the question.
        topic: what the sentences before speak of, for "it".
    """
    listed: list[Placement] = []
    figure = Role.EMPTY
    found = relations(words)
    for index, relation in enumerate(found):
        ground = _ground(words, clause, found, index, question)
        if relation.end < len(words) and words[relation.end].raw.lower() in ("which", "whom"):
            continue
        own = _inserted(words, clause, relation, question) or _figure(
            words, clause, found, index, question
        )
        carried = own is Role.EMPTY
        if carried:
            own = _after(words, clause, found, index, question) or figure
        figure = own
        if index and carried and ground is Role.PICTURE:
            continue  # "near the bike on the left of the image": which of the two is there?
        placed = _placed(relation, own, ground, topic, question)
        if placed is None:
            if own is Role.SUBJECT and ground is Role.THIRD and relation.name in _ONE_AT_A_TIME:
                listed.append(Placement(relation.name, 0.3, False, elsewhere=True))
            continue
        name, certainty = placed
        nothing = own is Role.NOTHING
        denied = nothing or denied_before(clause[: words[relation.start].start])
        denied = denied or _UNTRUE.search(clause[words[relation.end - 1].end :]) is not None
        listed.append(Placement(name, certainty, denied))
    return listed


def topic_of(words: Sequence[Token], question: AnalysedQuestion, before: Role) -> Role:
    """Return what a clause speaks of: its first thing, or what the clause before spoke of."""
    if not question.subject and not question.object:
        return before
    end = next(
        (i for i, word in enumerate(words) if i and word.raw.lower() in _VERBS - {"there"}),
        len(words),
    )
    if words and words[0].raw.lower() in ("there", "i", "we", "you"):
        end = min(len(words), end + 6)
    found = relations(words[:end])
    stop = found[0].start if found and found[0].start else end
    role = role_of(words[:stop], question, last=False)
    if role in (Role.SUBJECT, Role.OBJECT, Role.THIRD):
        return role
    return before


def _placed(
    relation: Found, figure: Role, ground: Role, topic: Role, question: AnalysedQuestion
) -> tuple[str, float] | None:
    """Return the relation in the question's order, and how sure it is; None if of other things."""
    told = question.subject or question.object
    if not told:
        return (relation.name, 0.5)
    stands = topic if figure in (Role.PRONOUN, Role.EMPTY) else figure
    if stands is Role.THIRD or ground is Role.THIRD:
        return None
    if relation.weak and ground not in (Role.OBJECT, Role.SUBJECT, Role.PRONOUN):
        return None
    inverse = INVERSE.get(relation.name)
    if ground is Role.OBJECT:
        return None if stands is Role.OBJECT and figure is Role.OBJECT else (relation.name, 1.0)
    if ground is Role.SUBJECT:
        if figure is Role.SUBJECT or inverse is None:
            return None
        on = relation.name == "below" and _asks_on(question)
        return ("on" if on else inverse, 1.0)
    if stands is Role.OBJECT:
        return _of_object(figure, ground, inverse)
    if ground is Role.PRONOUN:
        return (relation.name, 1.0 if figure is Role.SUBJECT else 0.6)
    if ground is Role.PICTURE:
        return (relation.name, 0.3) if figure is not Role.NOTHING else None
    return (relation.name, 0.6 if figure is not Role.EMPTY or topic is Role.SUBJECT else 0.4)


def _asks_on(question: AnalysedQuestion) -> bool:
    return question.relation == "on" or any(c.relation == "on" for c in question.choices)


def _of_object(figure: Role, ground: Role, inverse: str | None) -> tuple[str, float] | None:
    """Read what is said of the object alone ("the stool is on the right")."""
    if inverse is None or ground is Role.PICTURE:
        return None
    if ground is Role.PRONOUN:
        return (inverse, 1.0 if figure is Role.OBJECT else 0.3)
    return (inverse, 0.3)


def _ground(
    words: Sequence[Token],
    clause: str,
    found: Sequence[Found],
    index: int,
    question: AnalysedQuestion,
) -> Role:
    """Return what a relation is measured against: "of the stool", "it", "the dog's left"."""
    relation = found[index]
    owner = words[relation.owner] if relation.owner is not None else None
    if owner is not None:
        lower = owner.raw.lower()
        return Role.PRONOUN if lower in PRONOUNS else role_of([owner], question, last=True)
    stop = found[index + 1].start if index + 1 < len(found) else len(words)
    stop = min(stop, relation.end + _GROUND)
    rest = list(words[relation.end : stop])
    if rest and _is_side(words, relation) and rest[0].raw.lower() in _NEXT_THING:
        return Role.EMPTY
    if rest and any(w.text in PICTURES for w in rest[:3] if w.text not in NEUTRAL):
        return Role.PICTURE
    for place, word in enumerate(rest):
        if _comma_before(words, clause, relation.end + place):
            rest = rest[:place]
            break
        lower = word.raw.lower()
        if (lower in _STOPS and not (lower == "that" and place == 0)) or lower in _VERBS:
            rest = rest[:place]
            break
    return role_of(rest, question, last=False)


def _figure(
    words: Sequence[Token],
    clause: str,
    found: Sequence[Found],
    index: int,
    question: AnalysedQuestion,
) -> Role:
    """Return what a relation places: the thing that its part of the clause begins with."""
    relation = found[index]
    start = found[index - 1].end if index else 0
    segment = list(words[start : relation.start])
    if index:  # the ground of the relation before is no figure, unless "which" takes it up
        cut = next((i for i, w in enumerate(segment) if w.raw.lower() in _OPENERS), None)
        relative = next((i for i, w in enumerate(segment) if w.raw.lower() in _RELATIVES), None)
        if relative is not None and (cut is None or relative < cut):
            return role_of(segment[:relative], question, last=True)
        comma = max(
            (i for i in range(len(segment)) if _comma_before(words, clause, start + i)),
            default=None,
        )
        if cut is None and comma is not None:
            cut = comma - 1
        if cut is None:
            return Role.EMPTY
        segment = segment[cut + 1 :]
    openers = [i for i, w in enumerate(segment) if w.raw.lower() in ("with", "while", "whereas")]
    if openers:
        segment = segment[openers[-1] + 1 :]
    return role_of(segment, question, last=True)


def _comma_before(words: Sequence[Token], clause: str, at: int) -> bool:
    return at > 0 and "," in clause[words[at - 1].end : words[at].start]


def _inserted(
    words: Sequence[Token], clause: str, relation: Found, question: AnalysedQuestion
) -> Role | None:
    """Return the figure of "a bench and, to the left of it, a mug"; None for another order."""
    if relation.start > 1 and not _comma_before(words, clause, relation.start):
        return None
    for at in range(relation.end + 1, min(len(words) - 1, relation.end + _GROUND)):
        if _comma_before(words, clause, at) and words[at].raw.lower() in _NEXT_THING:
            role = role_of(list(words[at : at + 5]), question, last=False)
            return role if role in (Role.SUBJECT, Role.OBJECT, Role.THIRD) else None
    return None


def _is_side(words: Sequence[Token], relation: Found) -> bool:
    """Say whether a relation is a side alone ("on the left"), without "of"."""
    return relation.name in ("left", "right") and words[relation.end - 1].raw.lower() != "of"


def _after(
    words: Sequence[Token],
    clause: str,
    found: Sequence[Found],
    index: int,
    question: AnalysedQuestion,
) -> Role | None:
    """Return the figure of "to the left of the stool is the spoon"; None for another order."""
    relation = found[index]
    before = clause[: words[relation.start].start].rstrip()
    if relation.start > 2 and not before.endswith(","):
        return None
    rest = words[relation.end :]
    if rest and _is_side(words, relation) and rest[0].raw.lower() in _NEXT_THING:
        role = role_of(list(rest[:5]), question, last=False)
        return None if role is Role.EMPTY else role
    at = next((i for i, word in enumerate(rest) if word.raw.lower() in _VERBS), None)
    if at is None:
        return None
    role = role_of(list(rest[at + 1 : at + 6]), question, last=False)
    return None if role is Role.EMPTY else role
