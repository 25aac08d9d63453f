"""Frequent questions of one wording each in MMBench.

Truths without quotation marks, what comes next, how two people are related, what is felt, why.
"""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.captions import truth_of
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    head_of,
    is_plural,
    is_sentence,
    lowered,
    negated,
    one_line,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.phrases import parts_of
from unswayed.perturbations.texts.statements.english.words import UNCOUNTED
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_TRUE_OR_FALSE = re.compile(
    r"^is the following (?:statement|sentence|claim)\b[^?]{0,80}\b(?:true or false|true|correct)"
    r"\? (?P<said>[A-Z].{3,300})$",
    re.I,
)
_SHORT_CAPTION = re.compile(r"^which (?:one )?(?:is|of \w+(?: \w+)* is) the .*\bcaption\b", re.I)
_NEXT = re.compile(
    r"\bwhat (?:will|is going to|might|may|would|could)(?: most)?(?: likely)? happen\b"
    r"|\bhappen(?:s|ing)? next\b",
    re.I,
)
_BOTH = re.compile(
    r"^(?:both|all)\b(?: of)?(?: (?:[a-e]\b|the\b|these\b|them\b|above\b).*)?$", re.I
)
_NONE = re.compile(r"^none of (?:the|these|them|above)\b.*$", re.I)
_RELATED = re.compile(
    r"^what (?:is|can be|could be|might be|may be) the (?:\w+ )?relation(?:ship)? (?:between|of) "
    r"(?P<who>(?:the|these|those) (?:two |three )?(?:people|persons|men|women|children|boys|girls"
    r"|characters|individuals))\b.*$",
    re.I,
)
_RELATION = re.compile(r"^what is the (?:\w+ )?relation(?:ship)? between (?P<who>.+)$", re.I)
_FEELS = re.compile(
    r"^(?:what|which) (?P<name>emotions?|feelings?|mood) (?P<verb>is|are|does|do) (?P<who>.+?) "
    r"(?P<doing>feeling|feel|expressing|express|showing|show)$",
    re.I,
)
_SELECT = re.compile(
    r"^(?:please )?(?:select|choose|pick) the (?P<what>[a-z]+(?: [a-z]+){0,4})$", re.I
)
_AMONG = re.compile(
    r"^(?:which|what)(?: one)? of (?:the |these |those )?(?:following )?(?P<kind>[^,]{1,40}?) "
    r"(?P<verb>is|are) (?P<rest>(?:the|a|an|part of|made) .+)$",
    re.I,
)
_WHY = re.compile(
    r"^why (?P<verb>is|are|was|were|might|may|could|can|will|would|should) "
    r"(?P<who>(?:the|this|that|these|those|a|an) (?:\w+ ){0,2}?\w+?) (?P<rest>.+)$",
    re.I,
)


def _truth(question: Question) -> Say | None:
    match = _TRUE_OR_FALSE.match(one_line(question.text)[:1200])
    if match is None or any(truth_of(option) is None for option in question.options):
        return None
    said = sentence(match["said"])
    denied = negated(said) or f"It is not the case that {lowered(said)}"
    return lambda option: sentence(said if truth_of(option) else denied)


def _caption(question: Question) -> Say | None:
    """Captions of any length, where the question says that they are captions."""
    parts = parts_of(question)
    if parts is None or not _SHORT_CAPTION.match(parts.asks) or not question.options:
        return None
    return lambda option: sentence(bare(option))


def _next(question: Question) -> Say | None:
    """What comes next: whole sentences, all of them, or something else."""
    parts = parts_of(question)
    if parts is None or not _NEXT.search(parts.asks):
        return None
    others = [
        o
        for o in question.options
        if not _BOTH.match(bare(o)) and not _NONE.match(bare(o)) and bare(o).lower() != "nothing"
    ]
    if not others or not all(is_sentence(bare(option)) for option in others):
        return None
    both = "Both things will happen" if len(others) == 2 else "All these things will happen"

    def say(option: str) -> str:
        text = bare(option)
        if _NONE.match(text):
            return "Something else will happen"
        if text.lower() == "nothing":
            return "Nothing will happen"
        return both if _BOTH.match(text) else sentence(text)

    return say


def _related(question: Question) -> Say | None:
    """How people are related: "These two people are sisters"."""
    parts = parts_of(question)
    match = _RELATED.match(parts.asks) if parts else None
    if match is None or not all(_relatives(bare(option)) for option in question.options):
        return None
    return lambda option: sentence(f"{match['who']} are {article(lowered(bare(option)))}")


def _relatives(text: str) -> bool:
    """Whether an option names people: several, a couple, or one and another."""
    return is_plural(text) or bool(re.search(r"\band\b", text)) or _GROUPS.match(text) is not None


_GROUPS = re.compile(r"^(?:a )?(?:couple|team|family|strangers?)$", re.I)


def _relation(question: Question) -> Say | None:
    """How things are to each other, where options are sentences or that nothing is clear."""
    parts = parts_of(question)
    match = _RELATION.match(parts.asks) if parts else None
    options = [bare(option) for option in question.options]
    told = [one for one in options if is_sentence(one)]
    if match is None or not told or len(told) + 1 < len(options):
        return None
    return lambda option: sentence(
        bare(option)
        if is_sentence(bare(option))
        else f"The relation between {match['who']} is {lowered(bare(option))}"
    )


def _feels(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _FEELS.match(parts.asks) if parts else None
    if match is None:
        return None
    if match["name"].lower() == "mood":
        return lambda option: sentence(f"The mood of {match['who']} is {lowered(bare(option))}")
    who, doing = the(match["who"]), match["doing"].lower()
    if doing.endswith("ing"):
        doing = f"{agreed(who, 'is')} {doing}"
    elif not is_plural(who):
        doing = f"{doing}es" if doing.endswith("s") else f"{doing}s"
    return lambda option: sentence(f"{who} {doing} {lowered(bare(option))}")


def _select(question: Question) -> Say | None:
    """An order to select what has a property: "The solid is a rock"."""
    match = _SELECT.match(one_line(question.text).rstrip("."))
    if match is None or re.search(r"\b(?:answer|option|best|better|correct)\b", match["what"]):
        return None
    return lambda option: sentence(f"The {match['what']} is {article(lowered(bare(option)))}")


def _among(question: Question) -> Say | None:
    """Which of several is something: "The kelp is the producer in this food web"."""
    parts = parts_of(question)
    match = _AMONG.match(parts.asks) if parts else None
    if match is None or re.search(
        r"\b(?:captions?|statements?|topic|title)\b", parts.asks if parts else ""
    ):
        return None

    def say(option: str) -> str:
        text = bare(option)
        thing = lowered(text)
        if not thing[:1].isupper() and not thing[:1].isdigit() and head_of(thing) not in UNCOUNTED:
            thing = the(thing)
        return sentence(
            text if is_sentence(text) else f"{thing} {agreed(thing, 'is')} {match['rest']}"
        )

    return say


def _why(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _WHY.match(parts.asks) if parts else None
    if match is None or not all(
        re.match(r"because\b", option.strip(), re.I) or is_sentence(bare(option))
        for option in question.options
    ):
        return None

    def say(option: str) -> str:
        reason = re.sub(r"^because ", "", lowered(bare(option)), flags=re.I)
        return sentence(f"{match['who']} {match['verb']} {match['rest']} because {reason}")

    return say


FORMS = (
    QuestionForm("truth", _truth),
    QuestionForm("caption", _caption),
    QuestionForm("next", _next),
    QuestionForm("related", _related),
    QuestionForm("relation", _relation),
    QuestionForm("feels", _feels),
    QuestionForm("select", _select),
    QuestionForm("among", _among),
    QuestionForm("why", _why),
)
