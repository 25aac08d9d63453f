"""Where things are: "The mug is to the left of the plate"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.comparisons import marked_name
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.words import (
    PICTURE_PLACES,
    PREPOSITIONS,
    SIDES,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_RELATIVE = (
    r"(?:relative to|with respect to|with regards? to|in relation to|in relative to|compared to"
    r"|compared with|with reference to|respect to|in respect to|relatively to)"
)
SITUATED = (
    r"(?:located|placed|positioned|situated|standing|sitting|seated|lying|parked|found|hanging|kept"
    r"|resting|mounted|stationed)"
)
_WHERE = re.compile(
    rf"^(?:on|in|at)?\s*where (?P<verb>is|are|was|were|would|will|does|do"
    rf"|can)(?: be)? (?P<what>.+?)"
    rf"(?: (?P<how>{SITUATED}|be|be found|be located|be seen))?"
    rf"(?:,? (?:{_RELATIVE}) (?P<of>.+))?$",
    re.I,
)
_RELATION = re.compile(
    r"^what is the (?:relative |spatial |relative spatial |correct )?(?:position|location"
    r"|relation(?:ship)?|placement|place)(?: between| of)? (?P<what>.+?)"
    rf"(?: (?:{_RELATIVE}|and|to) (?P<of>.+))?$",
    re.I,
)


def place(option: str, of: str = "") -> str:
    """Return what says where: with what it is a place of, if the option does not say it.

    Args:
        option: such as `left`, `on the left`, `in front of`, `upper right corner`.
        of: a noun phrase; empty for a place in the picture.
    """
    text = lowered(bare(option))
    key = text.lower().strip(" .")
    hedge, _, rest = key.partition(" ")
    if (
        hedge in ("slightly", "directly", "immediately", "just", "a")
        and rest.removeprefix("bit ") in SIDES
    ):
        words = "a bit" if hedge == "a" else hedge
        return f"{words} {place(rest.removeprefix('bit '), of)}"
    key = key.removesuffix(" of").removesuffix(" to") if of and key not in SIDES else key
    if of:
        if key in SIDES:
            return f"{SIDES[key]} {of}"
        if _ends_open(text):
            return f"{text} {of}"
        if begins_placed(text):
            return _whose(text, of)
        return f"{text} {of}" if text in PREPOSITIONS else ""
    if key in PICTURE_PLACES:
        return PICTURE_PLACES[key]
    if re.fullmatch(
        r"(?:the )?(?:upper|lower|top|bottom|middle|center|central|down|up)?[ -]?"
        r"(?:left|right|middle|center|centre|top|bottom)(?: (?:hand|side|corner|part|area"
        r"|section))*",
        key,
    ):
        return f"at the {key.removeprefix('the ')} of the picture"
    if begins_placed(text) or _ends_open(text):
        return {
            "in front of": "in front",
            "left of": "on the left",
            "right of": "on the right",
            "next to": "alongside",
            "on top of": "on top",
        }.get(text, text)
    return ""


def _ends_open(text: str) -> bool:
    """Whether a place ends in a preposition that wants a noun."""
    return any(
        text == one or text.endswith(f" {one}")
        for one in PREPOSITIONS
        if one not in ("up", "down", "in", "on", "off")
    ) and not text.endswith("side")


def begins_placed(text: str) -> bool:
    """Whether a text begins with a preposition, or is a place by itself."""
    return any(text.startswith(f"{one} ") for one in PREPOSITIONS) or text in (
        "inside",
        "outside",
        "nearby",
        "upstairs",
        "above",
        "below",
        "behind",
    )


def _whose(text: str, of: str) -> str:
    """Name what a side is of, where that is left open: "on the left side" of the plate."""
    if re.search(
        r"\b(?:side|left|right|top|middle|center|centre|corner|edge|front|back|end)$", text
    ):
        return f"{text} of {of}"
    return text


def _where(question: Question) -> Say | None:
    parts = asked(question.text)
    if parts is None:
        return None
    match = _WHERE.match(parts.asks) or _RELATION.match(parts.asks)
    if match is None or not question.options:
        return None
    what, of = match["what"], match["of"]
    if (
        of is None
        and match.re is _WHERE
        and (
            split := re.match(
                r"(?P<what>.+?) (?:to|from|of) (?P<of>(?:the|his|her|a|this|that) .+)$", what
            )
        )
        and not parts.view
    ) and all(lowered(bare(o)).lower() in SIDES for o in question.options):
        what, of = split["what"], split["of"]
    subject, of = the(marked_name(what)), marked_name(of or "")
    view = f" {parts.view}" if parts.view else ""
    verb = "is" if match.re is _RELATION else match["verb"].lower()
    verb = "is" if verb in ("would", "will", "does", "do", "can") else verb
    if not of and match.re is _WHERE and _TAKEN.match(parts.whole):
        return lambda option: sentence(f"The picture was taken {_inside(option)}")
    told = {option: place(option, the(of) if of else "") for option in question.options}
    if not of and match.re is _WHERE and not any(told.values()):
        return lambda option: sentence(f"{subject} {agreed(subject, verb)} {_inside(option)}{view}")
    if sum(bool(one) for one in told.values()) * 2 <= len(told):
        return None
    rest = f" relative to {the(of)}" if of else ""

    def say(option: str) -> str:
        where = told.get(option) or f"{lowered(bare(option))}{rest}"
        return sentence(f"{subject} {agreed(subject, verb)} {where}{view}")

    return say


_TAKEN = re.compile(
    r"^where (?:is|was|were|could|might) (?:this|the|that) (?:picture|image|photo|scene|place)"
    r"(?: (?:most )?(?:likely|probably))?(?: (?:taken|shot|located))?$|^where (?:is"
    r"|was) (?:this|it|that)\b.*$",
    re.I,
)


def _inside(option: str) -> str:
    """Return a place that something is in: "in Paris", "in a kitchen", "on the beach"."""
    text = lowered(bare(option))
    return text if begins_placed(text) else f"in {article(text)}"


FORMS = (QuestionForm("position", _where),)
