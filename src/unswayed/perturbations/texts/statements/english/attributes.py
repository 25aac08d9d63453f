"""What something is or is like: "The color of the sign is red", "This person is a doctor"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.comparisons import marked_name
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    be,
    is_determined,
    is_name,
    is_sentence,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.phrases import (
    is_predicate,
    is_subject,
    parts_of,
    view_of,
)
from unswayed.perturbations.texts.statements.english.subjects import subject_said
from unswayed.perturbations.texts.statements.english.words import (
    BASE_VERBS,
    listed,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_ATTRIBUTE = re.compile(
    r"^(?:in )?(?:what|which) (?P<name>colou?rs?|shapes?|sizes?|materials?|breed|patterns?|brand"
    r"|make|model|style|gender|age|season|texture|number|nationality|species|type|kind|sort"
    r"|flavou?r|height|design|emotion|mood|weather|letter|logo|language) (?P<verb>is|are|was|were"
    r"|(?:does|do)(?= .+ (?:have|wear)$)) (?P<what>.+?)(?: have| made of| made from| wear)?$",
    re.I,
)


def _attribute(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _ATTRIBUTE.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    what, name = the(marked_name(match["what"])), match["name"].lower()
    if name in ("type", "kind", "sort"):
        return lambda option: sentence(f"{what} {be(what)} {article(lowered(bare(option)))}")
    if name.startswith("material"):
        return lambda option: sentence(f"{what} {be(what)} made of {lowered(bare(option))}")
    return lambda option: sentence(f"The {name} of {what} is {lowered(bare(option))}")


_KIND = re.compile(
    r"^(?:what|which) (?:is the )?(?:kinds?|types?|sorts?|species|breeds?|brands?|categor(?:y"
    r"|ies)|class) of (?P<noun>.+?) "
    r"(?P<verb>is|are|was|were|does|do|can|has|have)\b ?(?P<rest>.*)$",
    re.I,
)


def _kind(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _KIND.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    noun, verb, rest = match["noun"], match["verb"].lower(), match["rest"].strip()
    if verb in ("is", "are", "was", "were") and not rest:
        return lambda option: sentence(f"The {noun} is {article(lowered(bare(option)))}")
    if verb in ("is", "are", "was", "were") and is_predicate(rest):
        return lambda option: sentence(
            f"The {noun} {rest} {verb} {article(lowered(bare(option)))}{view_of(parts)}"
        )
    if verb in ("is", "are") and (
        doing := re.match(r"^(?P<who>.+?) (?P<doing>\w+ing)\b(?P<rest>.*)$", rest)
    ):
        head = f"{doing['who']} {verb} {doing['doing']}"
        return lambda option: sentence(f"{head} {article(lowered(bare(option)))}{doing['rest']}")
    if verb in ("is", "are"):
        return lambda option: sentence(f"{rest} {verb} {article(lowered(bare(option)))}")
    return None


_STATE = re.compile(
    r"^what is the (?P<name>(?:current |future |likely |probable |main )*(?:orientation"
    r"|motion|state|status"
    r"|pose|posture|activity|action|movement|behaviou?r|attribute|motion attribute|gesture"
    r"|expression))s?"
    r" (?:of|for) (?P<who>.+)$",
    re.I,
)


def _state(question: Question) -> Say | None:
    """How somebody is or moves: "The white car is facing the camera"."""
    parts = parts_of(question)
    match = _STATE.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    who, future = the(marked_name(match["who"])), "future" in match["name"].lower()

    def say(option: str) -> str:
        text = lowered(bare(option))
        if is_sentence(text) and not text[:1].islower():
            return sentence(text)
        base = text.split()[0] in BASE_VERBS
        if future:
            return sentence(f"{who} will {text if base else f'be {text}'}")
        if base:
            return sentence(f"{who} {be(who)} about to {text}")
        if re.match(
            r"(?:\w+ing\b|back |side |in |on |at |to |towards?|away|parked|stopped|still|station)",
            text,
        ):
            if text.startswith("back to "):
                return sentence(f"{who} {agreed(who, 'has')} the {text}")
            return sentence(f"{who} {be(who)} {text}{view_of(parts)}")
        return sentence(f"The {match['name'].lower()} of {who} is {text}")

    return say


_NAMED_OF = re.compile(r"^(?:the )?(?P<name>colou?r|shape|material|size)s? of ", re.I)


_BE = re.compile(
    r"^(?:what|which|who|whom)(?: else)? (?P<verb>is|are|was|were) (?P<rest>.+)$", re.I
)


def _copula(question: Question) -> Say | None:
    """What is X: "The name of the colony is Maryland", "A chair is on the left of the table"."""
    parts = parts_of(question)
    match = _BE.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    verb, rest = match["verb"].lower(), marked_name(match["rest"])
    rest = re.sub(r",.*$", "", rest) if ", " in rest and " or " in rest else rest
    rest = re.sub(r" like$", "", rest)
    if is_predicate(rest):
        return lambda option: subject_said(option, verb, f"{rest}{view_of(parts)}")
    if not is_subject(rest):
        return None
    who = parts.asks.lower().startswith("who")
    return lambda option: _copular(rest, verb, option, who, view_of(parts))


_SHAPES = listed(
    """
    circle square triangle rectangle oval octagon hexagon pentagon star heart cube sphere
    cylinder cone diamond ellipse pyramid prism trapezoid rhombus parallelogram
    """
)


_NAME_IT = re.compile(
    r"^(?:please )?(?:identify|name|recogni[sz]e|determine|select|choose|tell|state|point out) "
    r"(?P<what>(?:the|this|that|these) .+)$",
    re.I,
)


def _named(question: Question) -> Say | None:
    """An order to name something: "Identify the emotion expressed"."""
    parts = parts_of(question)
    match = _NAME_IT.match(parts.asks) if parts else None
    if match is None:
        return None
    return lambda option: _copular(match["what"], be(match["what"]), option, False, "")


def _copular(subject: str, verb: str, option: str, who: bool, view: str) -> str:
    text = bare(option)
    said = lowered(text)
    if said.lower().startswith(f"{subject.lower()} "):
        return sentence(text)
    if text.lower().rstrip("s") in _SHAPES and "shape" in subject.lower():
        return sentence(f"{subject} {agreed(subject, verb)} {article(said)}")
    if who and not is_determined(said):
        said = text
    plain = _NAMED_OF.match(subject) or not re.fullmatch(
        r"(?:th(?:is|at|ese|ose)|it)(?: (?:object|thing|item|animal|food|place|building"
        r"|person|picture))?s?",
        subject,
        re.I,
    )
    if not plain and not who:
        said = article(said) if not is_name(text) else text
    finite = (
        agreed(subject, verb) if not re.match(r"(?:these|those|they)\b", subject, re.I) else "are"
    )
    return sentence(f"{subject} {finite} {said}{view}")


FORMS = (
    QuestionForm("state", _state),
    QuestionForm("attribute", _attribute),
    QuestionForm("kind", _kind),
)
GENERAL = (QuestionForm("what", _copula), QuestionForm("name", _named))
