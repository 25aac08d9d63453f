"""How many there are: "How many chairs are in the image?" → "There are three chairs"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.grammar import (
    bare,
    is_plural,
    number_word,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.words import listed
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_COUNT = re.compile(
    r"^(?:about )?(?P<n>\d[\d,.]*|[a-z]+(?:-[a-z]+)?)(?P<rest>(?: [a-z]+){0,2})$", re.I
)
_WORDS = listed(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty none no many several
    """
)
_BE = re.compile(
    r"^how many (?P<what>.+?) (?:is|are|was|were|can be|do you|can you|could be)\b"
    r"(?: there)?(?P<tail>.*)$",
    re.I,
)
_HAVE = re.compile(
    r"^how many (?P<what>.+?) (?:does|do|did|can|could|will|has|have) (?P<who>.+?)"
    r"(?: (?P<verb>have|has|got|contain|wear|hold|carry|see|include|feature|use|take|make))?$",
    re.I,
)
_VERB = re.compile(
    r"^how many (?P<what>\S+(?: \S+){0,3}?) (?P<verb>[a-z]+(?:s|e|t|ve|y|k|n)) (?P<rest>.+)$", re.I
)
_NUMBER_OF = re.compile(
    r"^what(?: is|'s) the (?:total |exact |approximate )?(?:number|count|quantity|amount)"
    r" of (?P<what>.+)$",
    re.I,
)
_SEEN = re.compile(
    r"^(?:visible|shown|seen|see|present|depicted|displayed|pictured|in total|total|here"
    r"|count|find|observed|observe)?\b\s*",
    re.I,
)
_PLURAL_ENDS = (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("sses", "ss"), ("xes", "x"))
_ONE = {
    "people": "person",
    "persons": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "knives": "knife",
    "shelves": "shelf",
    "leaves": "leaf",
    "wolves": "wolf",
    "loaves": "loaf",
    "buses": "bus",
    "potatoes": "potato",
    "tomatoes": "tomato",
}


def _count(question: Question) -> Say | None:
    parts = asked(question.text)
    if parts is None or any(_number(option) is None for option in question.options):
        return None
    body = parts.asks
    if match := _NUMBER_OF.match(body):
        return _there_are(match["what"], "")
    if match := _BE.match(body):
        return _there_are(match["what"], _SEEN.sub("", match["tail"].strip()).strip())
    if match := _HAVE.match(body):
        return _has(match["who"], match["verb"] or "have", match["what"])
    if match := _VERB.match(body):
        return _do(match["what"], match["verb"], match["rest"])
    return _there_are(body[9:], "") if re.match(r"how many \S", body, re.I) else None


def _there_are(what: str, tail: str) -> Say:
    def say(option: str) -> str:
        number = _number(option) or ""
        noun = _of_number(what, number)
        return sentence(f"There {_are(number)} {number} {noun} {tail or 'in the picture'}")

    return say


def _has(who: str, verb: str, what: str) -> Say:
    subject = the(who)
    plural = is_plural(subject)
    finite = verb if plural else {"have": "has", "got": "has"}.get(verb, f"{verb}s")

    def say(option: str) -> str:
        number = _number(option) or ""
        return sentence(f"{subject} {finite} {number} {_of_number(what, number)}")

    return say


def _do(what: str, verb: str, rest: str) -> Say:
    def say(option: str) -> str:
        number = _number(option) or ""
        finite = verb
        if number == "one":
            finite = {"have": "has", "are": "is"}.get(
                verb, verb if verb.endswith("s") else f"{verb}s"
            )
        return sentence(f"{number} {_of_number(what, number)} {finite} {rest}")

    return say


def _number(option: str) -> str | None:
    """Return a number in words or digits as it is said; None for anything else."""
    text = bare(option)
    match = _COUNT.match(text)
    if match is None:
        return None
    number = match["n"].lower()
    if not number[0].isdigit() and number.partition("-")[0] not in _WORDS:
        return None
    if number in ("none", "0", "zero"):
        return "no"
    return number_word(number)


def _are(number: str) -> str:
    return "is" if number in ("one", "1") else "are"


def _of_number(what: str, number: str) -> str:
    """Return what is counted in the number that it is counted in."""
    if number != "one":
        return what
    words = what.split()
    for at, word in enumerate(words):
        ends = at + 1 == len(words) or words[at + 1].lower() in _AFTER
        if ends:
            words[at] = _singular(word)
            break
    return " ".join(words)


_AFTER = listed(
    """
    in on at of with to under behind above below near by that which who wearing
    """
)


def _singular(word: str) -> str:
    if word.lower() in _ONE:
        return _ONE[word.lower()]
    for ending, one in _PLURAL_ENDS:
        if word.endswith(ending):
            return word[: -len(ending)] + one
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


FORMS = (QuestionForm("count", _count),)
