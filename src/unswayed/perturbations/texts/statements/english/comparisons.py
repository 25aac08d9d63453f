"""Which of several things is closer, higher, faced: "The bus is closer to the camera"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import Asked, asked
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    bare,
    is_sentence,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.words import NONE_WORDS
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_THING = (
    r"(?:object|one|thing|item|person|point|animal|vehicle|building"
    r"|of (?:these|the|them|following)[^,]*?)"
)
_WHICH = re.compile(
    rf"^(?:which|what|who)(?: (?P<kind>{_THING}|\w+))?(?: of [^,]+?)? (?P<verb>is|are|has|have|was"
    r"|were|appears?|looks?|seems?|lies?|sits?|stands?) (?P<what>[^,]*?(?:\b(?:closer|closest"
    r"|nearer"
    r"|nearest|farther|farthest|further|furthest|higher|highest|lower|lowest|taller|tallest|shorter"
    r"|shortest|larger|largest|bigger|biggest|smaller|smallest|wider|longer|longest|brighter"
    r"|brightest|darker|darkest|thicker|thinner|heavier|lighter|older|younger|faster|slower|more"
    r"|most|less|least)\b)[^,]*)(?P<among>,.*)?$",
    re.I,
)
_MARKED = re.compile(
    r"(?P<name>(?:the )?[^,()]+?) \((?:highlighted|annotated|marked|shown|enclosed|indicated)"
    r"(?: by| in| with)? (?P<mark>[^)]+)\)",
    re.I,
)
_FACING = re.compile(
    r"^which (?:object|one|of these|of the following)?(?: objects?)? ?(?:is|are) (?P<who>.+?)"
    r" (?P<verb>facing towards?|facing|looking at|looking towards?|pointing at|pointing towards?)"
    r"(?P<among>,.*)?$",
    re.I,
)
_POINT = re.compile(r"^(?:point )?(?P<name>[A-Z]|\d)(?: is (?P<more>.+))?$")


def _superlative(question: Question) -> Say | None:
    parts = asked(question.text)
    match = _WHICH.match(parts.whole) if parts else None
    if match is None or parts is None or not _are_things(question):
        return None
    if (match["kind"] or "").lower() in ("color", "colour", "kind", "type", "direction", "side"):
        return None
    if re.match(r"the \w+ of ", match["what"], re.I):
        return None
    verb, what = match["verb"].lower(), marked_name(match["what"].strip())
    names = _names(question, parts)

    kind = (match["kind"] or "one").lower()

    def say(option: str) -> str:
        text = lowered(bare(option))
        if is_sentence(text):
            return sentence(bare(option))
        if PLACED.match(text):
            text = f"{text} {'one' if ' ' in kind else kind}"
        none = text.lower() in NONE_WORDS
        alone = none or text[:1].isupper() or text[:1].isdigit()
        thing = names.get(option) or (text if alone else the(text))
        rest = _than(what, option, question, names)
        return sentence(f"{thing} {agreed(thing, verb)} {what}{rest}")

    return say


def _are_things(question: Question) -> bool:
    options = [bare(option) for option in question.options]
    return bool(options) and not any(is_sentence(o) and len(o.split()) > 4 for o in options)


PLACED = re.compile(
    r"^(?:the )?(?:upper|lower|top|bottom|up|down|left|right|middle|center|first|second|third)"
    r"(?:[ -](?:left|right|middle))?$",
    re.I,
)
"""An option that tells one of several pictures or things by its place alone."""


def _than(what: str, option: str, question: Question, names: dict[str, str]) -> str:
    """Name the other thing, where there are two and the first word compares."""
    others = [other for other in question.options if other != option]
    if len(question.options) != 2 or not re.match(
        r"(?:closer|nearer|farther|further|higher|lower|taller|shorter|larger|bigger|smaller)\b",
        what,
        re.I,
    ):
        return ""
    other = others[0] if others else ""
    return f" than {names.get(other) or the(lowered(bare(other)))}"


def _names(question: Question, parts: Asked) -> dict[str, str]:
    """Return for an option the name that the question gives it, with the mark that tells it."""
    names: dict[str, str] = {}
    marked = {
        m["name"].strip().lower().removeprefix("or ").removeprefix("the "): m["mark"]
        for m in _MARKED.finditer(parts.whole.replace(", ", " , ").replace(" or ", " , "))
    }
    marked = {re.sub(r"^(?:the|, the|,) ", "", name).strip(): mark for name, mark in marked.items()}
    for option in question.options:
        text = lowered(bare(option))
        if mark := marked.get(text.lower().removeprefix("the ")):
            names[option] = f"{the(text)} in {_box(mark)}"
        elif point := _POINT.match(bare(option)):
            names[option] = f"the point {point['name']}"
    return names


def _box(mark: str) -> str:
    return re.sub(r"^an? ", "the ", mark.strip())


def marked_name(text: str) -> str:
    """Write "(highlighted by a red box)" as part of the name."""
    return _MARKED.sub(lambda m: f"{m['name']} in {_box(m['mark'])}", text).strip(" ,")


def _points(question: Question) -> Say | None:
    """Points that are marked with letters: "A is closer"."""
    if not question.options or not all(_POINT.match(bare(o)) for o in question.options):
        return None
    if not re.search(r"\bpoints?\b|\bcircled\b|\bmarked\b", question.text, re.I):
        return None
    parts = asked(question.text)
    match = parts and re.match(
        r"^(?:which|what) (?:point )?(?P<verb>is|are|has) (?P<what>.+)$", parts.asks, re.I
    )
    if not match:
        return None
    what = re.sub(r", .*$", "", match["what"])

    def say(option: str) -> str:
        point = _POINT.match(bare(option))
        return sentence(f"The point {point['name'] if point else option} {match['verb']} {what}")

    return say


def _facing(question: Question) -> Say | None:
    parts = asked(question.text)
    match = _FACING.match(parts.asks) if parts else None
    if match is None:
        return None
    who = the(match["who"])
    return lambda option: sentence(
        f"{who} {agreed(who, 'is')} {match['verb'].lower()} {the(lowered(bare(option)))}"
    )


POINTS = (QuestionForm("point", _points),)
FORMS = (
    QuestionForm("facing", _facing),
    QuestionForm("comparison", _superlative),
)
