"""English endings and small words: case, articles, number, negation, and what looks like what."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.words import (
    DETERMINERS,
    FINITE,
    NUMBERS,
    PLURALS,
    PROPER,
    SINGULARS,
    UNCOUNTED,
    listed,
)

_WORD = re.compile(r"[^\s]+")
_VOWEL_SOUND = re.compile(r"^(?:[aeio]|u(?!ni|s[eiu]|ti|r[aiu])|hour|honest|heir)", re.I)
_PROPER = re.compile(r"^(?:[A-Z][^\s]*[A-Z0-9]|[A-Z]$|I\b|[A-Z]\.)")


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return a text as a sentence: on one line, with a capital, without a full stop."""
    line = one_line(text).rstrip(".?!;:, ")
    return line[:1].upper() + line[1:]


def bare(option: str) -> str:
    """Return an option without its full stop, on one line."""
    line = re.sub(r"^neither; (?=\w+ \w+)", "", one_line(option), flags=re.I)
    if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", line):  # names of classes, such as rock_arch
        line = line.replace("_", " ")
    return line.rstrip(".;, ") or line


def lowered(text: str) -> str:
    """Put the first letter in lower case, but for names and abbreviations.

    A capital further on ("Jackie Chan") is taken as the sign of a name.
    """
    words = text.split()
    if not words:
        return text
    first = words[0]
    if len(words) > 1 and (first.lower() in DETERMINERS or first.lower() in FINITE):
        return text[:1].lower() + text[1:]
    if _PROPER.match(first) or first.strip(".,") in PROPER:
        return text
    if any(word[:1].isupper() for word in words[1:]):
        return text
    return text[:1].lower() + text[1:]


def article(noun: str) -> str:
    """Put a or an before a noun phrase that has no determiner and is one countable thing."""
    if is_determined(noun) or is_plural(noun) or is_name(noun) or noun[:1].isupper():
        return noun
    if (
        len(noun) < 3
        or not noun[:1].isalpha()
        or head_of(noun) in UNCOUNTED
        or _NO_NOUN.match(noun)
    ):
        return noun
    return f"{'an' if _VOWEL_SOUND.match(noun) else 'a'} {noun}"


_NO_NOUN = re.compile(
    r"^(?:\w+ing\b|\w+ly$|very |to |not |more |less )|^(?:yes|no|unclear|same|different|happy"
    r"|sad|angry)$",
    re.I,
)


def the(noun: str) -> str:
    """Put the before a noun phrase that has no determiner and is no name."""
    return noun if is_determined(noun) or is_name(noun) else f"the {noun}"


def is_determined(noun: str) -> bool:
    """Whether a noun phrase begins with a determiner, a number or a possessive."""
    first, *rest = noun.lower().split() or [""]
    return (
        first in DETERMINERS
        or first in NUMBERS
        or first[:1].isdigit()
        or first.endswith(("'s", "’s", "s'"))
        or bool(rest and first in ("both", "all", "each"))
    )


def is_name(noun: str) -> bool:
    """Whether a noun phrase is a proper name: every word of any length has a capital."""
    words = [word for word in noun.split() if len(word) > 3] or noun.split()
    return len(noun.split()) > 1 and all(word[:1].isupper() for word in words)


def head_of(noun: str) -> str:
    """Return the noun that a noun phrase is about, in lower case."""
    words = [word.strip(",.()\"'").lower() for word in noun.split()]
    for at, word in enumerate(words):
        if at and word in _AFTER_HEAD:
            return words[at - 1]
        if at and word.endswith("ing") and words[at - 1] not in DETERMINERS:
            return words[at - 1]
    return words[-1] if words else ""


_AFTER_HEAD = listed(
    """
    in on at of to with without behind under above below near by from that which who inside for
    wearing next between along across over beside beneath around outside and
    """
)


def is_plural(noun: str) -> bool:
    """Whether a noun phrase names several things."""
    words = noun.lower().split()
    if not words:
        return False
    if words[0] in ("a", "an", "one", "each", "every", "this", "that", "another", "1"):
        return False
    if words[0] in ("these", "those", "many", "several", "two", "three", "four", "both"):
        return True
    if " and " in noun.lower():
        first = noun.lower().partition(" and ")[0].split()
        inside = any(word in _AFTER_HEAD for word in first[1:])
        if first and not inside:
            return first[-1] not in _COLOURS
    head = head_of(noun)
    if head in PLURALS:
        return True
    if head in SINGULARS or len(head) < 3:
        return False
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "'s", "’s"))


_COLOURS = listed(
    """
    red blue green yellow black white grey gray brown orange pink purple
    """
)


def be(noun: str) -> str:
    """Return is or are, as a noun phrase wants."""
    return "are" if is_plural(noun) else "is"


def agreed(noun: str, verb: str) -> str:
    """Return a verb in the number of a noun phrase: is/are, was/were, has/have, does/do."""
    pairs = {"is": "are", "was": "were", "has": "have", "does": "do"}
    plural = is_plural(noun)
    for one, several in pairs.items():
        if verb.lower() in (one, several):
            return several if plural else one
    return verb


def is_sentence(text: str) -> bool:
    """Whether a text reads as a whole sentence: at least three words, one of them a finite verb."""
    words = [word.strip(",;:\"'()").lower() for word in text.split()]
    if len(words) < 3 or text.rstrip().endswith("?"):
        return False
    if any(word in FINITE for word in words[1:]):
        return True
    if words[0].endswith("ing"):
        return False
    starts = words[0] in DETERMINERS or text[:1].isupper()
    verbs = [word for word in words[1:-1] if re.fullmatch(r"[a-z]{2,}[^s]s", word)]
    verbs = [word for word in verbs if word not in PLURALS and word not in SINGULARS]
    return starts and len(words) >= 4 and bool(verbs)


def number_word(text: str) -> str:
    """Return a small whole number in words; any other text as it is."""
    digits = text.strip()
    if digits.isdigit() and int(digits) < len(NUMBERS_IN_ORDER):
        return NUMBERS_IN_ORDER[int(digits)]
    return digits


NUMBERS_IN_ORDER = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def negated(statement: str) -> str:
    """Return the negation of a sentence with an auxiliary or a plain verb; empty if none is seen.

    "The dog is on the bed" → "The dog is not on the bed"; "There is a tower" → "There is no
    tower"; "The train contains the laptop" → "The train does not contain the laptop".
    """
    text = one_line(statement).rstrip(". ")
    if _QUANTIFIED.match(text):  # "each … is not" would deny more than that each is
        return f"It is not so that {lowered(text)}"
    for pattern, replacement in _NEGATIONS:
        changed, count = pattern.subn(replacement, text, count=1)
        if count:
            return changed
    match = _PLAIN_VERB.match(text)
    if match and match["verb"].lower() not in PLURALS:
        subject, verb, rest = match["subject"], match["verb"].lower(), match["rest"]
        return f"{subject} does not {_infinitive(verb)}{rest}"
    return ""


_NEGATIONS = (
    (re.compile(r"^(There (?:is|are)) (?:no|not any) (.*)$", re.I), r"\1 some \2"),
    (
        re.compile(
            r"^(There are) (?=(?:exactly|at least|only|atleast|\d|two|three|four|five|six)\b)", re.I
        ),
        r"\1 not ",
    ),
    (re.compile(r"^(There is) (?=(?:exactly|at ?least|only|one\b|1\b))", re.I), r"\1 not "),
    (re.compile(r"^(There is) (?:an?|a) ?", re.I), r"\1 no "),
    (re.compile(r"^(There are) ", re.I), r"\1 no "),
    (re.compile(r"^(?:None of) ", re.I), "Some of "),
    (
        re.compile(
            r"^(.*?\b(?:is|are|was|were|can|could|will|would|should|has been|have been)) "
            r"(?:not) ",
            re.I,
        ),
        r"\1 ",
    ),
    (
        re.compile(r"^(.*?\b(?:is|are|was|were|can|could|will|would|should))\b(?! not)", re.I),
        r"\1 not",
    ),
)
_QUANTIFIED = re.compile(
    r"^(?:each|every|all|both|one|two|three|four|five|\d+|at ?least|exactly|only|some|most|many)\b",
    re.I,
)
_PLAIN_VERB = re.compile(
    r"^(?P<subject>(?:\S+ ){1,6}?)(?P<verb>contains|faces|surrounds|touches|covers|holds|has|ha"
    r"|supports|looks|stands|sits|shows|wears|rides|blocks|reaches|[a-z]{3,}(?<!s)s)"
    r"(?P<rest>\b.*)$",
    re.I,
)


def _infinitive(verb: str) -> str:
    if verb in ("has", "ha"):
        return "have"
    if verb.endswith(("ches", "shes", "sses", "xes")):
        return verb[:-2]
    return f"{verb[:-3]}y" if verb.endswith("ies") else verb[:-1]
