"""What somebody on the road does or should do: "The ego vehicle should turn left"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    be,
    is_sentence,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.phrases import parts_of
from unswayed.perturbations.texts.statements.english.words import BASE_VERBS
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_ACTION = re.compile(
    r"^(?:what|which) (?:[a-z]+ )?(?:actions?|manoeuvres?|maneuvers?|operations?|measures?)"
    r" (?:should|can|could|must|will) be (?:taken|done|performed)(?: next)? by (?P<who>.+)$",
    re.I,
)
_SHOULD = re.compile(
    r"^(?:what|which action|what action) should (?P<who>.+?) (?:do|take|perform)(?: next| now)?$",
    re.I,
)
_ABOUT = re.compile(
    r"^what (?P<verb>is|are) (?P<who>.+?) (?P<said>about to|going to|trying to) do(?: next)?$", re.I
)
_ATTENTION = re.compile(r"^what is the attention (?:that )?(?P<who>.+?) should pay(?: to)?$", re.I)
_OF = re.compile(
    r"^what (?P<verb>is|are) (?P<what>the (?:reason|cause|intention|intent|goal|aim|plan)s?"
    r" (?:for|of|behind) .+)$",
    re.I,
)
_UNSURE = re.compile(r"^(?:not sure|unsure|unclear|unknown|uncertain|can ?not|can't)\b", re.I)
_NO_DEED = re.compile(r"^(?:to |the |an? |\w+ing\b|not |un)|^\W", re.I)
_NEXT_SENTENCE = re.compile(r"\. (?=(?:The|It|He|She|They|This) )")


def _should(question: Question) -> Say | None:
    parts = parts_of(question)
    match = (_ACTION.match(parts.asks) or _SHOULD.match(parts.asks)) if parts else None
    if match is None:
        return None
    who = the(match["who"])

    def say(option: str) -> str:
        text = bare(option)
        if is_sentence(text):
            return sentence(text)
        if _UNSURE.match(text):
            return sentence(f"It is not clear what {who} should do")
        return sentence(f"{who} should {_base(lowered(text))}")

    return say


def _base(text: str) -> str:
    """Return what is done in the infinitive as far as it is plain: "turning left", "to stop"."""
    first, _, rest = text.removeprefix("to ").partition(" ")
    if first.endswith("ing") and first not in ("bring", "swing"):
        stem = first[:-3]
        for verb in (stem, f"{stem}e", stem[:-1]):
            if verb in BASE_VERBS:
                return f"{verb} {rest}"
        return f"be {first} {rest}"
    return f"{first} {rest}"


def _about(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _ABOUT.match(parts.asks) if parts else None
    if match is None:
        return None
    who = the(match["who"])
    said = f"{who} {agreed(who, match['verb'])} {match['said']}"
    return lambda option: sentence(
        option if is_sentence(bare(option)) else f"{said} {_base(lowered(bare(option)))}"
    )


def _attention(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _ATTENTION.match(parts.asks) if parts else None
    if match is None:
        return None
    return lambda option: sentence(
        f"{match['who']} should pay attention to {the(lowered(bare(option)))}"
    )


def _reason(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _OF.match(parts.asks) if parts else None
    if match is None:
        return None
    aims = bool(re.match(r"the (?:goal|aim|plan|inten)", match["what"], re.I))

    def say(option: str) -> str:
        text = lowered(bare(option))
        if is_sentence(text):
            text = f"that {text}"
        elif text.split()[0] in BASE_VERBS or (aims and not _NO_DEED.match(text)):
            text = f"to {text}"
        return sentence(f"{match['what']} {be(match['what'])} {article(text)}")

    return say


def _behaviour(question: Question) -> Say | None:
    """Options of several sentences: "The car is going straight, and it is driving fast"."""
    options = [bare(one) for one in question.options]
    if len(options) < 2 or not all(_NEXT_SENTENCE.search(one) for one in options):
        return None
    if parts_of(question) is None or not all(is_sentence(one) for one in options):
        return None
    return lambda option: sentence(
        re.sub(r"\. (\w)", lambda found: f", and {found[1].lower()}", bare(option))
    )


FORMS = (
    QuestionForm("behaviour", _behaviour),
    QuestionForm("should", _should),
    QuestionForm("about-to", _about),
    QuestionForm("attention", _attention),
    QuestionForm("reason", _reason),
)
