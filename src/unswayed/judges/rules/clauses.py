"""One clause, ready to be looked at, and what every rule asks of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.judges.rules import cues
from unswayed.judges.rules.choices import COLORS, AnalysedQuestion
from unswayed.judges.rules.mentions import Mention, mentions
from unswayed.judges.rules.negation import is_denied
from unswayed.judges.rules.roles import Role
from unswayed.judges.rules.words import Token, tokens

_LONE_LETTER = re.compile(r"\W*(?:(?i:option|choice)\s+)?\W{0,2}([A-J])\W*")
VERB = re.compile(
    r"(?i)\b(?:is|are|was|were|has|have|looks?|appears?|seems?|shows?|must|says?|suggests?|"
    r"indicates?|it's|that's|there's|i|"
    r"we)\b|=|[\u3400-\u9fff]"
)


@dataclass(frozen=True)
class Clause:
    """One clause, ready to be looked at.

    Attributes:
        text: the clause.
        words: its tokens.
        found: the options that it mentions.
        struck: letters of those that it denies.
        concluding: it draws a conclusion.
        hedged: it is a guess.
        idle: it weighs or restates, and asserts nothing.
        topic: what the clauses before it speak of, for "it".
    """

    text: str
    words: tuple[Token, ...]
    found: tuple[Mention, ...]
    struck: frozenset[str]
    concluding: bool
    hedged: bool
    idle: bool
    topic: Role = Role.EMPTY


def clause_of(text: str, question: AnalysedQuestion, topic: Role = Role.EMPTY) -> Clause:
    """Return a clause with its tokens, mentions and cues."""
    words = tuple(tokens(text))
    hits = tuple(mentions(words, text, question))
    return Clause(
        text,
        words,
        hits,
        frozenset(m.letter for m in hits if _denied(text, words, m)),
        cues.CONCLUDING.search(text) is not None,
        cues.hedged(text, of_letter=any(m.form == "letter" for m in hits)),
        cues.IDLE.search(text) is not None,
        topic,
    )


def denied(clause: Clause, mention: Mention) -> bool:
    """Say whether a clause denies what it mentions there."""
    return _denied(clause.text, clause.words, mention)


def aside(clause: Clause, mention: Mention) -> bool:
    """Say whether a mention is only what something else is measured against."""
    return cues.ASIDE.search(clause.text[: clause.words[mention.start].start]) is not None


def outside(text: str, question: AnalysedQuestion) -> str | None:
    """Return a result in a text that is of the options' kind but none of them, if it is clear."""
    words = tokens(text)
    if mentions(words, text, question) or not words:
        return None
    lone = _LONE_LETTER.fullmatch(text)
    if lone and lone[1] not in question.letters and not question.points:
        return lone[1]
    if question.numeric:
        values = [word for word in words if word.value is not None]
        return values[-1].raw if values else None
    if all(choice.none or set(choice.core) & COLORS for choice in question.choices):
        named = [word.raw for word in words if word.text in COLORS]
        return named[0] if len(named) == 1 else None
    return None


def _denied(text: str, words: Sequence[Token], mention: Mention) -> bool:
    return is_denied(text, words[mention.start].start, words[mention.end - 1].end)
