"""What is read off a picture: names, words, numbers, prices, hours and values of a chart."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    bare,
    be,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.phrases import parts_of, third_person, view_of
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_NAMES = (
    r"names?|brand|make|model|author|artist|painter|director|publisher|company|manufacturer|logo"
    r"|country|city|capital|destination|store|shop|hotel|street|road|station|address|plate|code"
)
_WORDS = r"texts?|words?|contents?|slogan|title|letters|characters|inscription|message"
_READ = re.compile(
    r"^(?:(?:what|which|who) (?P<verb>is|are|was|were)"
    r"|(?:find|read|identify|name|tell|give|recogni[sz]e|determine)(?: me)?) "
    rf"(?P<what>the (?:[a-z-]+ ){{0,2}}?(?:(?P<name>{_NAMES})|(?P<words>{_WORDS}))"
    r"(?= |$)(?! (?:like|made)\b)(?!.* about$).*)$",
    re.I,
)
_EXTRACT = re.compile(
    r"^(?:please )?(?:extract|read|transcribe|recogni[sz]e|identify)(?: all)?(?: the)? "
    r"(?:texts?|words?)(?: (?:shown|written|displayed))?\b.*$",
    re.I,
)
_SIGN = re.compile(
    r"^(?:what|which) (?P<what>number|letter|word|digit|symbol) (?P<rest>(?:is|are|was) .+)$", re.I
)
_COST = re.compile(
    r"^how much (?:does|do|did|is|are) (?P<what>(?:the |a |an |one )?.+?)(?: cost)?$", re.I
)
_WHEN = re.compile(r"^(?:when|at what time|what time) (?:does|do|will) (?P<who>.+) (?P<verb>\w+)$")
_CHANGE = re.compile(
    r"^(?:by )?(?:how much|how many \w+|what percent(?:age)?) (?:did|has|have) (?P<who>.+?) "
    r"(?P<verb>increase|decrease|grow|rise|fall|drop|decline|change|improve)d? ?(?P<rest>.*)$",
    re.I,
)
_PAST = {"grow": "grew", "rise": "rose", "fall": "fell", "drop": "dropped"}
_RANKED = re.compile(
    r"^what is (?P<what>the (?!total (?:number|amount) of)(?:second |third |fourth )?"
    r"(?:largest|highest|biggest|lowest|smallest"
    r"|maximum|minimum|most|average|total|expected|most likely) (?:[a-z]+ )?(?:value|number|ratio"
    r"|amount|price|score|percentage|temperature|rate|probability|sum|figure|cost)\b.*)$",
    re.I,
)
_NUMERIC = re.compile(r"^[^\w]*\d")


def _read(question: Question) -> Say | None:
    """A name or words, in the letters that they have: "The name of the store is Gap"."""
    parts = parts_of(question)
    match = _READ.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    what = match["what"]
    verb = agreed(what, match["verb"]) if match["verb"] else be(what)
    if match["words"]:
        return lambda option: sentence(f"{what} {verb} “{bare(option)}”")
    starts = [bare(one).removeprefix("the ")[:1] for one in question.options]
    if any(start.islower() for start in starts):
        return None
    return lambda option: sentence(f"{what} {verb} {bare(option)}")


def _extract(question: Question) -> Say | None:
    parts = parts_of(question)
    if parts is None or not _EXTRACT.match(parts.whole):
        return None
    return lambda option: f"The text in the picture reads “{bare(option)}”"


def _sign(question: Question) -> Say | None:
    """A sign by its kind: "The number 10 is on the jersey"."""
    parts = parts_of(question)
    match = _SIGN.match(parts.asks) if parts else None
    if match is None or not all(len(bare(one).split()) == 1 for one in question.options):
        return None
    return lambda option: f"The {match['what'].lower()} {bare(option)} {match['rest']}"


def _cost(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _COST.match(parts.asks) if parts else None
    if match is None or not all(_NUMERIC.match(one) for one in question.options):
        return None
    what = the(match["what"])
    verb = "cost" if be(what) == "are" else "costs"
    return lambda option: sentence(f"{what} {verb} {bare(option)}")


def _hour(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _WHEN.match(parts.asks[:1].lower() + parts.asks[1:]) if parts else None
    if match is None:
        return None
    who = the(match["who"])
    verb = match["verb"] if be(who) == "are" else third_person(match["verb"])

    def say(option: str) -> str:
        text = bare(option)
        year = re.fullmatch(r"\d{4}|[A-Z][a-z]+(?: \d{4})?", text)
        return sentence(f"{who} {verb} {'in' if year else 'at'} {text}")

    return say


def _change(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _CHANGE.match(parts.asks) if parts else None
    if match is None or not all(_NUMERIC.match(one) for one in question.options):
        return None
    verb = match["verb"].lower()
    past = _PAST.get(verb) or (f"{verb}d" if verb.endswith("e") else f"{verb}ed")
    return lambda option: sentence(f"{match['who']} {past} by {bare(option)} {match['rest']}")


def _ranked(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _RANKED.match(parts.asks) if parts else None
    if parts is None or match is None or not all(_NUMERIC.match(one) for one in question.options):
        return None
    return lambda option: sentence(f"{match['what']} is {bare(option)}{view_of(parts)}")


FORMS = (
    QuestionForm("text", _extract),
    QuestionForm("read", _read),
    QuestionForm("sign", _sign),
    QuestionForm("price", _cost),
    QuestionForm("hour", _hour),
    QuestionForm("change", _change),
    QuestionForm("value", _ranked),
)
