"""Texts that an option completes, codes and experiments: forms of school books and MMBench."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.grammar import (
    bare,
    is_sentence,
    lowered,
    one_line,
    sentence,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_GAP = re.compile(r"(?:\(\s*\)|_{2,}|\[\s*\])")
_COMPLETE = re.compile(
    r"^(?:please )?complete (?:the|this) (?:statement|sentence|text)s?\.?\s*", re.I
)
_OPEN_END = re.compile(
    r"^(?P<start>(?:the|this|these|that|an?|it|in the|on the) .+?"
    r"(?:\b(?:is|are|was|were|for|to|of|as|by|has|have|with|from|in|on|called|shows|means)|:))$",
    re.I,
)
_CODE = re.compile(r"\b(?:python|java|c\+\+|html|latex)?\s*(?:code|program|script)\b", re.I)
_EXPERIMENT = re.compile(
    r"which of (?:the )?following could (?P<whose>.+?)['’]s? (?P<what>tests?|experiments?) show",
    re.I,
)
_INQUIRY = re.compile(
    r"identify the question that (?P<whose>.+?) experiments? can best answer", re.I
)
_TWEET = re.compile(r"\b(?:associated text|tweet|posted on twitter|social media post)\b", re.I)
_ASK = re.compile(r"^(?P<aux>does|do|did|is|are|can|will|was|were) (?P<rest>.+?)\??$", re.I)


def _gap(question: Question) -> Say | None:
    text = one_line(_COMPLETE.sub("", question.text))
    found = [one for one in re.split(r"(?<=[.?!])\s+", text) if len(_GAP.findall(one)) == 1]
    if len(found) != 1:
        return None
    before, after = _GAP.split(found[0])
    return lambda option: sentence(
        f"{before.strip()} {lowered(bare(option))} {after.strip(' ')}".replace(" .", ".")
    )


def _open_end(question: Question) -> Say | None:
    match = _OPEN_END.match(one_line(question.text).rstrip(". "))
    if match is None:
        return None
    start = match["start"].rstrip(": ")

    def say(option: str) -> str:
        text = lowered(bare(option))
        if is_sentence(text) and text.split()[0].lower() not in ("is", "are", "can", "has", "will"):
            return sentence(bare(option))
        return sentence(f"{start} {text}")

    return say


def _code(question: Question) -> Say | None:
    if not _CODE.search(question.text) or not re.search(
        r"generat|output|produc", question.text, re.I
    ):
        return None
    return lambda option: sentence(f"The picture is the output of the code {one_line(option)}")


def _experiment(question: Question) -> Say | None:
    match = _EXPERIMENT.search(question.text)
    if match is None:
        return None
    owner = match["whose"]
    return lambda option: sentence(f"{owner}'s {match['what']} could show {lowered(bare(option))}")


def _inquiry(question: Question) -> Say | None:
    match = _INQUIRY.search(question.text)
    if match is None:
        return None
    whose = match["whose"]
    return lambda option: sentence(
        f"{whose} experiment tells this: {one_line(option).rstrip('?. ')}"
    )


def _tweet(question: Question) -> Say | None:
    if not _TWEET.search(question.text):
        return None
    return lambda option: f"The picture was posted with the words “{one_line(option)}”"


FORMS = (
    QuestionForm("code", _code),
    QuestionForm("experiment", _experiment),
    QuestionForm("inquiry", _inquiry),
    QuestionForm("post", _tweet),
    QuestionForm("gap", _gap),
    QuestionForm("completion", _open_end),
)
