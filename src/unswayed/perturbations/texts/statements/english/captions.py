"""Options that are captions, and sentences that are true or false: they say themselves."""

from __future__ import annotations

import re

from unswayed.answers import normalise
from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.grammar import (
    article,
    bare,
    is_sentence,
    lowered,
    negated,
    sentence,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_CAPTION = re.compile(
    r"\b(?:captions?|descriptions?|describes?|title|sentences?|statements?|matche?s)\b", re.I
)
_QUOTED = re.compile(r"[\"“'‘](?P<said>[^\"”]{3,300})[\"”'’]\s*[.?]?\s*$")
_TRUE_OR_FALSE = re.compile(
    r"\b(?:true or false|correct or not|true or not|true\?|correct\?)", re.I
)
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio])")
_PAIRS = re.compile(
    r"\b[Aa] (?=(?:scissors|sunglasses|glasses|pants|trousers|jeans|shorts|headphones"
    r"|binoculars|pliers|goggles)\b)"
)
TRUE = frozenset(("true", "yes", "correct", "right", "t"))
FALSE = frozenset(("false", "no", "incorrect", "wrong", "f", "not"))


def truth_of(option: str) -> bool | None:
    """Return what an option says of a sentence: true, false, or neither."""
    word = normalise(option).split(" ")[0].strip(",.;")
    if len(normalise(option).split()) > 2:
        return None
    return True if word in TRUE else False if word in FALSE else None


def _truth(question: Question) -> Say | None:
    """A sentence in quotation marks, to be called true or false."""
    quoted = _QUOTED.search(question.text)
    if quoted is None or not _TRUE_OR_FALSE.search(question.text[: quoted.start()] + "?"):
        return None
    if any(truth_of(option) is None for option in question.options):
        return None
    said = _repaired(quoted["said"])
    denied = negated(said) or f"It is not the case that {lowered(said)}"
    return lambda option: sentence(said if truth_of(option) else denied)


def _repaired(said: str) -> str:
    """Return a statement as a sentence; one without a verb is said to be there."""
    text = sentence(said)
    return text if is_sentence(text) else sentence(f"There is {article(lowered(text))}")


def _captions(question: Question) -> Say | None:
    """Which caption describes the picture: the option is the caption."""
    if not question.options or not _CAPTION.search(question.text):
        return None
    if min(len(option.split()) for option in question.options) < 3:
        return None
    if re.search(r"\b(?:python|code|not|incorrect|wrong|false)\b", question.text, re.I):
        return None
    return lambda option: sentence(_ARTICLE.sub(r"\1n ", _PAIRS.sub("", bare(option))))


def _sentences(question: Question) -> Say | None:
    """Options that are all whole sentences about the picture, whatever is asked."""
    options = [bare(option) for option in question.options]
    if len(options) < 2 or not all(is_sentence(option) for option in options):
        return None
    parts = asked(question.text)
    if parts is None or re.search(r"\b(?:not|incorrect|false|except)\b", parts.asks, re.I):
        return None
    first_person = any(re.search(r"\b(?:I|you|we)\b", option) for option in options)
    return None if first_person else lambda option: sentence(bare(option))


TRUTHS = (QuestionForm("truth", _truth),)
FORMS = (QuestionForm("caption", _captions), QuestionForm("sentence", _sentences))
