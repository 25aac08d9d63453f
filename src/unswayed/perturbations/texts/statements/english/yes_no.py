"""Yes or no: "Is the bird above the boat?" → "The bird is (not) above the boat"."""

from __future__ import annotations

import re

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.captions import truth_of
from unswayed.perturbations.texts.statements.english.clauses import AskedClause, clause
from unswayed.perturbations.texts.statements.english.grammar import (
    bare,
    is_plural,
    is_sentence,
    lowered,
    sentence,
)
from unswayed.perturbations.texts.statements.english.phrases import third_person
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_UNSURE = (
    "unclear",
    "not sure",
    "uncertain",
    "unknown",
    "cannot be determined",
    "can't tell",
    "can't judge",
    "it cannot be determined",
    "cannot tell",
    "not clear",
    "maybe",
)
_DO = ("do", "does", "did")


def _yes_no(question: Question) -> Say | None:
    meanings = [_meaning(option) for option in question.options]
    if not {"true", "false"} <= set(meanings) or None in meanings:
        return None
    parts = asked(question.text)
    read = clause(parts.asks) if parts else None
    if parts is None or read is None or not question.options:
        return None
    view = f" {parts.view}" if parts.view else ""

    def say(option: str) -> str:
        meaning = _meaning(option)
        if meaning == "itself":
            return sentence(bare(option))
        if meaning == "unsure":
            return sentence(f"It cannot be seen whether {lowered(_said(read, True))}{view}")
        return sentence(f"{_said(read, meaning == 'true')}{view}")

    return say


def _meaning(option: str) -> str | None:
    truth = truth_of(option)
    if truth is not None:
        return "true" if truth else "false"
    if normalise(option).strip(" .") in _UNSURE:
        return "unsure"
    return "itself" if is_sentence(bare(option)) else None


_SAME = {"same": "true", "the same": "true", "different": "false", "not the same": "false"}


def _same(question: Question) -> Say | None:
    """Whether two things are the same: "The two butterflies are (not) the same color"."""
    meanings = [_SAME.get(normalise(option)) or _meaning(option) for option in question.options]
    parts = asked(question.text)
    read = clause(parts.asks) if parts else None
    if read is None or None in meanings or not {"true", "false"} <= set(meanings):
        return None
    if not re.match(r"(?:the )?(?:same|similar|identical)\b", read.said):
        return None

    def say(option: str) -> str:
        meaning = _SAME.get(normalise(option)) or _meaning(option)
        if meaning == "unsure":
            return sentence(f"It cannot be seen whether {lowered(_said(read, True))}")
        return sentence(_said(read, meaning == "true"))

    return say


def _said(read: AskedClause, holds: bool) -> str:
    """Return the clause as a sentence, denied where it does not hold."""
    if read.subject == "there":
        return _there(read, holds)
    if read.verb in _DO:
        plural = is_plural(read.subject)
        if not holds:
            return f"{read.subject} {'do' if plural else 'does'} not {read.said}"
        verb, _, rest = read.said.partition(" ")
        finite = verb if plural else third_person(verb)
        return f"{read.subject} {finite} {rest}".strip()
    denial = "" if holds else " not"
    if read.said.startswith("not "):
        return f"{read.subject} {read.verb} {read.said[4:] if not holds else read.said}"
    return f"{read.subject} {read.verb}{denial} {read.said}"


def _there(read: AskedClause, holds: bool) -> str:
    if holds:
        said = read.said.replace("any ", "some ", 1) if read.said.startswith("any ") else read.said
        return f"There {read.verb} {said}"
    first, _, rest = read.said.partition(" ")
    return (
        f"There {read.verb} no {rest if first.lower() in ('a', 'an', 'any', 'some') else read.said}"
    )


FORMS = (QuestionForm("yes-no", _yes_no), QuestionForm("same", _same))
