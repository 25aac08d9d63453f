"""Which of several it is said of: "The mouse is on the right of the keyboard"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.comparisons import PLACED
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    is_determined,
    is_name,
    is_plural,
    is_sentence,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.phrases import (
    abstract,
    is_predicate,
    is_subject,
    of_noun,
    parts_of,
    view_of,
)
from unswayed.perturbations.texts.statements.english.words import (
    FINITE,
    NONE_WORDS,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_WHICH_NOUN = re.compile(
    r"^(?:what|which|whose) (?P<noun>(?:of (?:the |these |those )?(?:following )?)?[^,]+?) "
    r"(?P<verb>is|are|was|were|has|have|can|could|will|would|should|does|do|did|best|most)\b"
    r" ?(?P<rest>.*)$",
    re.I,
)


def _which(question: Question) -> Say | None:
    """Which N is …: the option is what it is said of; "Which hand is she using": its object."""
    parts = parts_of(question)
    match = _WHICH_NOUN.match(parts.asks) if parts else None
    if (
        parts is None
        or match is None
        or match["noun"].lower() in ("time", "direction", "side", "year", "month", "day")
    ):
        return None
    noun, verb, rest = match["noun"], match["verb"].lower(), match["rest"].strip()
    rest = re.sub(r",.*\bor\b.*$", "", rest)
    if verb in ("does", "do", "did", "best", "most") or not rest:
        return None
    if noun.split()[0].lower() in FINITE | {"is", "are"}:
        return None
    if tail := re.match(
        r"^(?P<who>they|he|she|it|(?:the|this|these|those) \w+)(?P<said> .*)? (?P<last>of|in"
        r"|from|for|to|with|at|on)$",
        rest,
        re.I,
    ):
        return lambda option: sentence(
            f"{tail['who']} {verb}{tail['said'] or ''} {tail['last']} {lowered(bare(option))}"
        )
    if owner := re.match(r"^(?P<who>\w+)['’]s (?P<part>.+)$", noun):
        return lambda option: sentence(
            f"The {lowered(bare(option))}'s {owner['part']} {verb} {rest}{view_of(parts)}"
        )
    whole = abstract(noun)
    if (
        whole
        and (is_predicate(rest) or verb in ("has", "have", "can", "could"))
        and not are_kinds(question, whole)
    ):
        return lambda option: sentence(
            f"The {whole} that {verb} {rest} is {of_noun(option, whole)}{view_of(parts)}"
        )
    if verb in ("can", "could", "will", "would", "should", "has", "have") or is_predicate(rest):
        return lambda option: noun_said(option, noun, verb, f"{rest}{view_of(parts)}")
    if is_subject(rest):
        if doing := re.match(
            r"^(?P<who>.+?) (?P<doing>\w{2,}ing|made of|in|on|wearing)\b(?P<rest>.*)$", rest
        ):
            noun.split()[-1]

            return lambda option: _doing_with(option, doing, verb, noun.split()[-1])
        return lambda option: sentence(
            f"{rest} {agreed(rest, verb)} {article(lowered(bare(option)))}"
        )
    return lambda option: noun_said(option, noun, verb, f"{rest}{view_of(parts)}")


def _doing_with(option: str, doing: re.Match[str], verb: str, head: str) -> str:
    """Say what somebody does with one of a kind: "The girl is using the left hand to …"."""
    text = lowered(bare(option))
    thing = the(text) if head in text.split() else article(text)
    who = doing["who"]
    return sentence(f"{who} {agreed(who, verb)} {doing['doing']} {thing}{doing['rest']}")


def are_kinds(question: Question, noun: str) -> bool:
    """Whether the options are things of the noun's kind, which can be a subject themselves."""
    head = noun.split()[-1].lower()
    placed = all(PLACED.match(bare(option)) for option in question.options)
    named = all(head in bare(option).lower().split() for option in question.options)
    return (
        placed
        or named
        or head
        in (
            "sample",
            "solution",
            "country",
            "city",
            "state",
            "team",
            "player",
            "man",
            "woman",
            "boy",
            "girl",
            "car",
            "picture",
            "image",
            "point",
            "pair",
            "box",
            "material",
            "animal",
            "dog",
            "company",
            "region",
            "group",
            "line",
            "bar",
            "month",
            "year",
        )
    )


def noun_said(option: str, noun: str, verb: str, said: str) -> str:
    """Say something of an option that is one of a kind: "Sample A has the higher …"."""
    text = bare(option)
    if is_sentence(text):
        return sentence(text)
    head = noun.split()[-1].lower()
    thing = lowered(text)
    if thing.lower() in NONE_WORDS:
        return sentence(f"{thing} {verb} {said}")
    if PLACED.match(text) and head not in thing.split():
        return sentence(f"{the(thing)} {head} {verb} {said}")
    if thing.split()[0].lower() == head and len(thing.split()) == 2:
        return sentence(f"{thing} {verb} {said}")
    if len(text) <= 2 and text.isalnum() and head.isalpha() and "of" not in noun.lower().split():
        thing = f"{head} {text}"
    elif not is_determined(thing) and not is_name(text) and not is_plural(thing):
        thing = thing if thing[:1].isupper() or thing[:1].isdigit() else the(thing)
    return sentence(f"{thing} {agreed(thing, verb)} {said}")


def subject_said(option: str, verb: str, said: str) -> str:
    """Say something of an option: "A chair is on the left side of the table"."""
    text = bare(option)
    if is_sentence(text):
        return sentence(text)
    if text.lower() in (
        "none",
        "nothing",
        "nobody",
        "no one",
        "none of them",
        "none of these",
        "neither",
    ):
        return sentence(f"{text} {verb} {said}")
    thing = article(lowered(text))
    return sentence(f"{thing} {agreed(thing, verb)} {said}")


FORMS = (QuestionForm("which", _which),)
