"""One of two that the question names: "Is the car in front of me or behind me?"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import Asked, asked
from unswayed.perturbations.texts.statements.english.comparisons import marked_name
from unswayed.perturbations.texts.statements.english.grammar import (
    bare,
    is_sentence,
    lowered,
    sentence,
    the,
)
from unswayed.perturbations.texts.statements.english.places import place
from unswayed.perturbations.texts.statements.english.words import SIDES
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_STAND = re.compile(
    r"\bif (?:I|we|you) (?:stand|am standing|were standing|are standing|sit|am|are"
    r"|were) (?P<where>.+?)"
    r" (?:facing|looking) .*$",
    re.I,
)
_OR = re.compile(r",? or (?:not )?", re.I)
_BE = re.compile(r"^(?P<verb>is|are|was|were|does|do|did|has|have|will|can) (?P<rest>.+)$", re.I)
_ME = re.compile(r"\b(?:me|my|I|you|your)\b")
_PAIR = re.compile(
    r"^(?:what is the relationship between the orientations of|what is the relationship between the"
    r" directions of|how are the orientations of) (?P<what>.+?)(?:,.*| parallel.*)?$",
    re.I,
)


def _stood(parts: Asked) -> str:
    """Return from where somebody looks, in the third person: "seen from the man's position"."""
    match = _STAND.search(parts.before)
    if match is None:
        return ""
    where = re.sub(r"^(?:at|in|on|by) ", "", match["where"])
    return f"Seen from {the(where)}"


def _alternative(question: Question) -> Say | None:
    parts = asked(question.text)
    match = _BE.match(parts.asks) if parts else None
    if parts is None or match is None or not _OR.search(match["rest"]) or not question.options:
        return None
    if any(is_sentence(bare(option)) for option in question.options):
        return None
    at = _first(match["rest"], question.options)
    if at is None or at < 2:
        return None
    subject, said = marked_name(match["rest"][:at].strip(" ,")), match["rest"][at:]
    of = _shared(said, question.options)
    seen = _stood(parts)
    verb = match["verb"].lower()

    def say(option: str) -> str:
        told = _told(option, of, bool(seen))
        lead, tail = (f"{seen}, ", "") if seen else ("", f" {parts.view}" if parts.view else "")
        if verb in ("does", "do", "did"):
            return _does(subject, verb, told, f"{lead}", tail)
        return sentence(f"{lead}{lowered(subject) if lead else subject} {verb} {told}{tail}")

    return say


def _does(subject: str, verb: str, told: str, lead: str, tail: str) -> str:
    """Say "does the kid have curly hair": the verb stands at the end of the subject."""
    words = subject.split(" ")
    base = words[-1].lower()
    finite = {"have": "has"}.get(base, f"{base}s") if verb == "does" else base
    return sentence(f"{lead}{' '.join(words[:-1])} {finite} {told}{tail}")


def _first(rest: str, options: tuple[str, ...]) -> int | None:
    """Return where the first option is named; its first words are enough."""
    places: list[int] = []
    for option in options:
        found = _named(rest, option)
        if found is None:
            return None if len(options) == 2 else (min(places) if len(places) >= 2 else None)
        places.append(found)
    return min(places)


def _named(rest: str, option: str) -> int | None:
    words = lowered(bare(option)).split()
    for length in range(len(words), 0, -1):
        start = " ".join(words[:length])
        if start.lower() in ("a", "an", "the", "in", "on", "to", "at"):
            return None
        found = re.search(rf"\b{re.escape(start)}\b", rest, re.I)
        if found:
            before = re.search(r"\b(?:on|to|in|at) (?:the )?$", rest[: found.start()])
            return before.start() if before else found.start()
    core = re.sub(r"^(?:on|to|in|at) (?:the )?", "", " ".join(words))
    found = re.search(rf"\b{re.escape(core)}\b", rest, re.I) if core else None
    return found.start() if found else None


def _shared(said: str, options: tuple[str, ...]) -> str:
    """Return what both alternatives are of: "on the left or right side of the van" → the van."""
    tail = _OR.split(said)[-1]
    match = re.search(
        r"\b(?:of|to|from|relative to|with respect to) (?P<of>(?!each\b|me\b|my\b).+)$", tail, re.I
    )
    if match and not any(match["of"].lower() in option.lower() for option in options):
        return marked_name(match["of"])
    last = re.match(
        r"^(?:above|below|behind|in front of|under|beneath|over|inside|outside|beside"
        r"|near) (?P<of>(?!me\b|my\b).+)$",
        tail,
        re.I,
    )
    return marked_name(last["of"]) if last else ""


def _told(option: str, of: str, first_person: bool) -> str:
    text = lowered(bare(option))
    if text.lower().strip() in SIDES or (of and text.split()[-1] in ("of", "to")):
        if first_person and not of:
            return {
                "in front": "in front",
                "in front of": "in front",
                "front": "in front",
                "behind": "behind",
                "back": "behind",
            }.get(text.lower(), text if text.lower().startswith(("on", "to")) else f"on the {text}")
        return place(option, of) or text
    if text.endswith(" of") and first_person:
        return text.removesuffix(" of")
    return _ME.sub("the viewer", text) if first_person else text


def _orientations(question: Question) -> Say | None:
    """Parallel or perpendicular; the same or different directions."""
    parts = asked(question.text)
    if parts is None or not question.options:
        return None
    if match := _PAIR.match(parts.whole):
        return lambda option: sentence(f"{match['what']} are {_turned(lowered(bare(option)))}")
    match = re.match(
        r"^(?:are|do|is) (?P<what>.+?) (?P<verb>facing|face|pointing|looking|moving"
        r"|heading)(?: in| towards?)? (?P<rest>.*\b(?:same|similar|different|opposite)\b.*)$",
        parts.asks,
        re.I,
    )
    if match is None:
        return None
    verb = {"face": "facing"}.get(match["verb"].lower(), match["verb"].lower())
    return lambda option: sentence(f"{match['what']} are {verb} {_directions(option)}")


def _turned(text: str) -> str:
    return text if text.endswith(("other", "others")) else f"{text} to each other"


def _directions(option: str) -> str:
    text = lowered(bare(option)).removeprefix("facing ").removeprefix("in ")
    text = text if "direction" in text else f"{text} directions"
    text = f"the {text}" if text.startswith("same") else text
    return f"in {text}"


FORMS = (
    QuestionForm("orientation", _orientations),
    QuestionForm("alternative", _alternative),
)
