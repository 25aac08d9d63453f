"""What somebody does, and with what: "The boy is holding a ball", "The car should slow down"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.comparisons import PLACED
from unswayed.perturbations.texts.statements.english.grammar import (
    agreed,
    article,
    bare,
    be,
    is_sentence,
    lowered,
    sentence,
)
from unswayed.perturbations.texts.statements.english.phrases import (
    abstract,
    finite_of,
    is_subject,
    of_noun,
    parts_of,
    view_of,
)
from unswayed.perturbations.texts.statements.english.subjects import are_kinds, noun_said
from unswayed.perturbations.texts.statements.english.words import (
    BASE_VERBS,
    FINITE,
    PREPOSITIONS,
)
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_DOING = re.compile(
    r"^(?:what|which activity|what activity|what action) (?P<verb>is|are|was"
    r"|were) (?P<who>.+?) (?:doing|up to)(?P<rest> .*)?$",
    re.I,
)


def _doing(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _DOING.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    who, rest = match["who"], match["rest"] or ""

    def say(option: str) -> str:
        text = lowered(bare(option))
        if is_sentence(option):
            return sentence(bare(option))
        text = re.sub(
            rf"^(?:{re.escape(who.lower())}|he|she|they|it|the \w+) (?:is|are) ", "", text
        )
        text = text.removeprefix("is ").removeprefix("are ")
        return sentence(f"{who} {agreed(who, match['verb'])} {text}{rest}")

    return say


_OBJECT_OF = re.compile(
    r"^(?:what|which|who|whom)(?P<noun> [^,]+?)? (?P<verb>is|are|was|were) (?P<who>.+?) "
    r"(?P<doing>\w{2,}ing(?: (?:at|to|on|with|in|for|from|towards?|up|down|out|over)$)?"
    r"|made (?:of|from|out of)|used (?:for|to)|covered (?:with|in|by)|dressed (?:in|as)"
    r"|filled with)"
    r"(?P<rest> .*)?$",
    re.I,
)


def _object(question: Question) -> Say | None:
    """What somebody is doing something to: "What is the boy holding in his right hand?"."""
    parts = parts_of(question)
    match = _OBJECT_OF.match(parts.asks) if parts else None
    if parts is None or match is None or not is_subject(match["who"]):
        return None
    if re.match(r"the (?:\w+ ){1,3}of ", match["who"], re.I):
        return None
    who, doing, rest = match["who"], match["doing"], match["rest"] or ""
    if noun := abstract(match["noun"]):
        verb = agreed(who, match["verb"])
        return lambda option: sentence(
            f"The {noun} that {who} {verb} {doing}{rest} is {of_noun(option, noun)}{view_of(parts)}"
        )
    plain = doing.lower() in (
        "made of",
        "made from",
        "made out of",
        "used for",
        "used to",
        "playing",
        "doing",
        "feeling",
        "covered with",
        "covered in",
        "filled with",
    )

    def say(option: str) -> str:
        text = lowered(bare(option))
        thing = text if plain else article(text)
        thing = thing.removeprefix("to ") if doing.endswith(" to") else thing
        return sentence(f"{who} {agreed(who, match['verb'])} {doing} {thing}{rest}{view_of(parts)}")

    return say


_DOES = re.compile(
    r"^(?:what|which|who)(?P<noun> [^,]+?)? (?P<verb>does|do|did|can|could|will|would"
    r"|should) (?P<who>.+?) "
    r"(?P<does>have|has|look like|look|hold|wear|show|say|read|mean|represent|contain"
    r"|want to express|express|convey|depict"
    r"|indicate|symbolize|use|ride|carry|touch|face|see|eat|drink|play|do|hit|lead to"
    r"|point to|belong to|consist of|resemble|describe|display|feature|suggest|imply|need"
    r"|cover|lie on|sit on|stand on|hang on|feel|be|become|produce|cause|make|require|work as"
    r"|celebrate|promote|advertise|serve|sell|like|tell|happen to|fit in|reflect|refer to|go"
    r"|come from|stand for|form)(?P<rest> .*)?$",
    re.I,
)


_TELLING = frozenset(
    (
        "want to express",
        "express",
        "mean",
        "convey",
        "indicate",
        "suggest",
        "imply",
        "show",
    )
)


_COUNTED = frozenset(
    (
        "have",
        "hold",
        "wear",
        "ride",
        "carry",
        "look like",
        "resemble",
        "use",
        "show",
        "depict",
        "display",
        "contain",
    )
)


def _does(question: Question) -> Say | None:
    """What somebody does: "What does the sign say?" → "The sign says …"."""
    parts = parts_of(question)
    match = _DOES.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    who, verb, does, rest = match["who"], match["verb"].lower(), match["does"].lower(), ""
    rest = match["rest"] or ""
    modal = verb in ("can", "could", "will", "would", "should")
    if modal and does == "do":
        return lambda option: _acts(who, verb, option, rest)
    first, _, more = does.partition(" ")
    finite = f"{verb} {does}" if modal else f"{finite_of(first, who)} {more}".strip()
    if noun := abstract(match["noun"]):
        start = f"The {noun} that {who} {finite}{rest} {be(noun)}"
        return lambda option: sentence(f"{start} {of_noun(option, noun)}{view_of(parts)}")
    return lambda option: sentence(f"{who} {finite} {_told(does, option)}{rest}{view_of(parts)}")


def _told(does: str, option: str) -> str:
    """Return an option as the object of a verb."""
    text = bare(option)
    if does in ("say", "read"):
        return f"“{text}”"
    if is_sentence(text) and does in _TELLING:
        return f"that {lowered(text)}"
    return article(lowered(text)) if does in _COUNTED else lowered(text)


def _acts(who: str, verb: str, option: str, rest: str) -> str:
    """Say what somebody will do, or should: "The car should slow down"."""
    text = lowered(bare(option))
    if is_sentence(option):
        return sentence(bare(option))
    if text.split()[0] not in BASE_VERBS and not text.startswith("not "):
        text = f"be {text}" if re.match(r"\w+(?:ing|ed|ary)\b", text) else text
    return sentence(f"{who} {verb} {text}{rest}")


_ANY_VERB = re.compile(
    r"^(?:what|which|who|whom)(?P<noun> [^,]+?)? (?P<verb>does|do) (?P<who>.+?) (?P<does>[a-z]{3,})"
    r"(?P<rest> (?:on|in|at|to|with|from|for) .+)?$",
    re.I,
)


def _any_verb(question: Question) -> Say | None:
    """What somebody does, by whatever verb stands at the end."""
    parts = parts_of(question)
    match = _ANY_VERB.match(parts.asks) if parts else None
    if parts is None or match is None or not is_subject(match["who"]):
        return None
    who, rest = match["who"], match["rest"] or ""
    verb = finite_of(match["does"].lower(), who)
    return lambda option: sentence(f"{who} {verb} {lowered(bare(option))}{rest}{view_of(parts)}")


_LEXICAL = re.compile(
    r"^(?:what|which|who)(?P<noun> [^,]+?)?(?: (?P<verb>[a-z]{2,}(?<!s)s|has|had|wore|stood"
    r"|sat)) (?P<rest>.+)$",
    re.I,
)


def _lexical(question: Question) -> Say | None:
    """Which N VERBs …: "Who wears a hat?" → "The man wears a hat"."""
    parts = parts_of(question)
    match = _LEXICAL.match(parts.asks) if parts else None
    if parts is None or match is None or match["verb"].lower() in FINITE - {"has", "had"}:
        return None
    noun = (match["noun"] or "").strip()
    if noun and not any(PLACED.match(bare(option)) for option in question.options):
        whole = abstract(noun)
        if whole and noun.split()[0].lower() not in PREPOSITIONS and not are_kinds(question, whole):
            return lambda option: sentence(
                f"The {whole} that {match['verb'].lower()} {match['rest']} is "
                f"{of_noun(option, whole)}{view_of(parts)}"
            )
    if noun and (
        noun.split()[0].lower() in PREPOSITIONS or any(w.lower() in FINITE for w in noun.split())
    ):
        return None
    verb, rest = match["verb"].lower(), match["rest"]
    return lambda option: noun_said(option, noun or "thing", verb, f"{rest}{view_of(parts)}")


_HOW = re.compile(
    r"^how (?!many\b)(?:(?P<degree>\w+) )?(?P<verb>is|are|was|were) (?P<who>.+?)"
    r"(?P<rest> (?:positioned|placed|arranged|oriented|located|feeling|related|connected"
    r"|dressed|moving|standing|sitting).*)?$",
    re.I,
)


def _how(question: Question) -> Say | None:
    parts = parts_of(question)
    match = _HOW.match(parts.asks) if parts else None
    if parts is None or match is None:
        return None
    who, verb, rest = match["who"], match["verb"].lower(), (match["rest"] or "").strip()
    where = f" {rest.split()[0]}" if rest else ""
    return lambda option: (
        sentence(bare(option))
        if is_sentence(option)
        else sentence(f"{who} {agreed(who, verb)}{where} {lowered(bare(option))}")
    )


DOING = (QuestionForm("doing", _doing),)
FORMS = (
    QuestionForm("object", _object),
    QuestionForm("does", _does),
    QuestionForm("how", _how),
)
GENERAL = (QuestionForm("who-does", _lexical), QuestionForm("does", _any_verb))
