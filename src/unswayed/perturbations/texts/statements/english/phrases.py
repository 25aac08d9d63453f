"""What general forms share: whether words are a subject or say something of one, and verbs."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import Asked, asked
from unswayed.perturbations.texts.statements.english.grammar import (
    bare,
    is_plural,
    lowered,
    the,
)
from unswayed.perturbations.texts.statements.english.words import (
    DETERMINERS,
    FINITE,
    PREPOSITIONS,
)
from unswayed.perturbations.texts.statements.form import Question

_ORDER = re.compile(r"\b(?:not|except|incorrect|false|wrong|n't)\b", re.I)


def parts_of(question: Question) -> Asked | None:
    """Take a question apart; None if it asks for what is not so, or is too long."""
    parts = asked(question.text)
    if parts is None or _ORDER.search(parts.asks) or len(parts.asks) > 400:
        return None
    return parts


def view_of(parts: Asked) -> str:
    """Return whose view a question is asked from, as it ends a sentence."""
    return f" {parts.view}" if parts.view else ""


def is_subject(who: str) -> bool:
    """Whether words can be the subject of a clause: they begin with a determiner, or are a name."""
    first = who.split()[0].lower()
    return (
        first in DETERMINERS
        or first in ("he", "she", "it", "they", "you", "people")
        or who[:1].isupper()
        or first.endswith("'s")
    )


def is_predicate(rest: str) -> bool:
    """Whether words say something of a subject rather than name one."""
    first = rest.split()[0].lower() if rest.split() else ""
    if any(rest.lower().startswith(f"{one} ") for one in PREPOSITIONS if one not in ("of",)):
        return True
    if first in DETERMINERS:
        return (
            bool(
                re.match(
                    r"(?:the|a) (?:closest|nearest|farthest|furthest|largest|biggest|smallest"
                    r"|tallest|highest|lowest|brightest|darkest|longest|shortest|same)\b",
                    rest,
                    re.I,
                )
            )
            and " to " in rest
        )
    return bool(
        re.match(
            r"\w+(?:ing|ed|en)\b|(?:visible|present|shown|made|worn|held|next|closest|nearest"
            r"|not|most|more|least|less|best|true|correct|left|right|also|directly"
            r"|immediately|closer|hung|put|kept|built|drawn|written|seen|found|above|below"
            r"|there|inside|outside)\b",
            rest,
            re.I,
        )
    )


def abstract(noun: str | None) -> str:
    """Return a noun that the options are values of; empty for none, or for a mere "object"."""
    words = (noun or "").strip()
    generic = re.fullmatch(
        r"(?:of (?:the |these |those )?(?:following )?)?(?:\w+ )?(?:object|thing|item|one"
        r"|animal|person|vehicle"
        r"|piece of furniture|furniture|food|fruit|part|else|activity|option|choice"
        r"|statement)s?(?: listed)?",
        words,
        re.I,
    )
    return "" if generic or not words or words.split()[0].lower() in FINITE else words


def of_noun(option: str, noun: str) -> str:
    """Return an option as a value of a noun: with "the" where it names the noun again."""
    text = lowered(bare(option))
    head = noun.split()[-1].lower()
    return the(text) if head in text.lower().split() and len(text.split()) > 1 else text


def finite_of(verb: str, who: str) -> str:
    """Return a verb in the number of its subject."""
    return verb if is_plural(who) else third_person(verb)


def third_person(verb: str) -> str:
    """Return the third person singular of a verb."""
    special = {"have": "has", "has": "has", "go": "goes", "do": "does", "be": "is"}
    if verb in special:
        return special[verb]
    if verb.endswith(("ch", "sh", "ss", "x")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeiou" else f"{verb}s"
