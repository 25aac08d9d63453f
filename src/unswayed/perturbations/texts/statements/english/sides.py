"""Which side, and which way: "The left side of the dog is facing the camera"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    bare,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.places import SITUATED, begins_placed, place
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_SIDE = re.compile(
    r"^(?:on |at |to |in )?(?:which|what) side (?P<of>of .+? )?(?P<verb>is|are) (?P<what>.+?)"
    rf"(?: (?P<how>{SITUATED}|on|at))?$",
    re.I,
)


_FACING_SIDE = re.compile(
    r"^(?:which|what) (?:side|part|end) of (?P<what>.+?) (?P<verb>is|are) (?P<rest>(?:facing|closer"
    r"|closest|nearest|visible|pointing|turned|towards?|shown|on|in|at|damaged|touching).*)$",
    re.I,
)


_DIRECTION = re.compile(
    r"^(?:in |to |towards? )?(?:which|what)(?: is the)? (?:direction|way)(?: that)? "
    r"(?P<verb>is|are|does|do|was|were) (?P<what>.+?) "
    r"(?P<does>(?:\w+ing)|face|look|point|move|go|head|oriented|turned|headed)"
    r"(?P<rest>(?: (?:to|at|in|towards?))?)$",
    re.I,
)


_DIRECTION_OF = re.compile(
    r"^what direction (?P<verb>is|are) (?P<what>.+?) (?:in|of|from) (?P<of>.+)$", re.I
)


def _side(question: Question) -> Say | None:
    parts = asked(question.text)
    match = _SIDE.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    subject = the(match["what"])
    of = match["of"] or "of the picture"
    view = f" {parts.view}" if parts.view else ""

    def say(option: str) -> str:
        side = _side_name(option)
        return (
            sentence(f"{subject} {agreed(subject, match['verb'])} on the {side} {of.strip()}{view}")
            if side
            else ""
        )

    return say


def _facing_side(question: Question) -> Say | None:
    parts = asked(question.text)
    match = _FACING_SIDE.match(parts.asks) if parts else None
    if match is None:
        return None

    def say(option: str) -> str:
        side = _side_name(option)
        return sentence(f"The {side} of {the(match['what'])} is {match['rest']}") if side else ""

    return say


def _side_name(option: str) -> str:
    """Return left, right, front … as the name of a side; empty for anything else."""
    text = bare(option).lower()
    text = re.sub(r"^(?:on|at|in|to) ", "", text).removeprefix("the ")
    text = re.sub(r"(?:[ -]hand)?(?: side)?(?: of .*)?$", "", text)
    if text in ("left", "right", "left front", "right front", "near", "far", "other"):
        return f"{text} side"
    return (
        text
        if re.fullmatch(
            r"(?:upper |lower |front |back )?(?:front|back|top|bottom|rear|end|left|right"
            r"|middle|center)",
            text,
        )
        else ""
    )


def _direction(question: Question) -> Say | None:
    parts = asked(question.text)
    if parts is None:
        return None
    if match := _DIRECTION.match(parts.asks):
        subject, doing = the(match["what"]), match["does"].lower()
        if not doing.endswith("ing") and match["verb"].lower() in ("does", "do"):
            doing = {"face": "facing", "move": "moving"}.get(doing, f"{doing}ing")
        view = f" {parts.view}" if parts.view else ""
        return lambda option: sentence(
            f"{subject} {agreed(subject, 'is')} {doing} {_towards(option)}{view}"
        )
    if match := _DIRECTION_OF.match(parts.asks):
        subject, of = match["what"], match["of"]
        return lambda option: sentence(f"{subject} is {place(option, of)}")
    return None


def _towards(option: str) -> str:
    """Return a direction as it follows a verb: "to the left", "towards the camera", "up"."""
    text = lowered(bare(option))
    key = text.lower()
    if key in (
        "left",
        "right",
        "front",
        "back",
        "north",
        "south",
        "east",
        "west",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
        "the left",
        "the right",
    ):
        return f"to the {key.removeprefix('the ')}"
    if key in (
        "up",
        "down",
        "upwards",
        "downwards",
        "forward",
        "forwards",
        "backward",
        "backwards",
        "away",
    ):
        return key
    if begins_placed(text) or text.split()[0] in ("towards", "toward", "away", "straight"):
        return text
    return f"towards {the(text)}" if text[0].isalpha() else text


FORMS = (
    QuestionForm("side", _facing_side),
    QuestionForm("side", _side),
    QuestionForm("direction", _direction),
)
