"""Other names of an option: its head noun, its description in the question, words for "all".

"The plate" is "the blue plate" where no other option is a plate, and "the red box" is the stool
where the question says so. A name that could be another option's is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from unswayed.judges.rules.inflection import stem
from unswayed.judges.rules.words import Token, tokens

Name = tuple[str, ...]

_ADPOSITIONS = frozenset(
    {"of", "in", "on", "with", "at", "to", "for", "from", "by", "near", "under", "over", "behind"}
)
_FUNCTION = frozenset({"a", "an", "the", "and", "or", "is", "are", "not", "no", "it", "one"})
_LONGEST = 6  # words of an option that is a thing, and no sentence
_SHORTEST = 3  # letters of a head noun
_SAID = """
rise increase grow growth climb higher up more gain|fall decrease decline drop reduce reduction
lower down shrink less loss
"""
_DIRECTIONS = tuple(frozenset(map(stem, row.split())) for row in _SAID.split("|"))
_BRACKETED = re.compile(r"^\W{0,2}\(([^()]{3,60})\)")
_ALL = re.compile(
    r"(?i)\W*(?:all|every one)\s+(?:of\s+)?(?:the\s+)?(?:above|these|them|options|others)\W*"
)


def is_all(text: str) -> bool:
    """Say whether an option says that all of the others are right."""
    return _ALL.fullmatch(text) is not None


def names_of_all(count: int) -> tuple[Name, ...]:
    """Return what "all of the above" is called, with so many options beside it."""
    said = ("all of them", "all of these", "all the option", "all option", "all of the option")
    return (
        *(tuple(name.split()) for name in said),
        ("all", str(count)),
        ("all", "of", "the", "above"),
    )


def heads(cores: Mapping[str, Name], taken: frozenset[str]) -> dict[str, tuple[Name, ...]]:
    """Return the names by a part of an option: head noun, and modifier ("the green one").

    Args:
        cores: letter → the words that set an option apart.
        taken: words that name no option: those of the question.
    """
    found: dict[str, tuple[Name, ...]] = {}
    for letter, core in cores.items():
        others = {stem(word) for key, row in cores.items() if key != letter for word in row}
        names = [name for name in _parts(core) if _is_free(name[0], others, taken)]
        own = [word for word in core if _is_free(word, others, taken)]
        if len(own) == 1 < len(core) and (own[0],) not in names and len(own[0]) >= _SHORTEST:
            names.append((own[0],))
        if names:
            found[letter] = tuple(names)
    return found


def directions(cores: Mapping[str, Name]) -> dict[str, tuple[Name, ...]]:
    """Return other words for options that say up or down ("rise": "increase")."""
    classes = {
        letter: next((c for c in _DIRECTIONS if stem(core[0]) in c), None)
        for letter, core in cores.items()
        if len(core) == 1
    }
    known = [c for c in classes.values() if c is not None]
    return {
        letter: tuple((word,) for word in sorted(c))
        for letter, c in classes.items()
        if c is not None and known.count(c) == 1 and len(known) > 1
    }


def described(question: str, texts: Mapping[str, str]) -> dict[str, tuple[Name, ...]]:
    """Return the descriptions that a question puts in brackets after an option's text."""
    found: dict[str, Name] = {}
    for letter, text in texts.items():
        at = question.lower().find(text.lower().strip(" .")) if text.strip(" .") else -1
        after = question[at + len(text.strip(" .")) :] if at >= 0 else ""
        bracket = _BRACKETED.match(after)
        if bracket is None:
            continue
        words = [token.text for token in tokens(bracket[1])]
        if len(words) >= 2:
            found[letter] = tuple(words[-2:])
    every = list(found.values())
    return {
        letter: (name, ("in", name[0])) for letter, name in found.items() if every.count(name) == 1
    }


def is_verb(words: Sequence[Token], at: int) -> bool:
    """Tell "the picture shows a boat" from "puppet shows"."""
    after = words[at + 1].text if at + 1 < len(words) else ""
    before = words[at - 1].text if at else ""
    if not words[at].raw.lower().endswith("s"):
        return False
    return after in ("a", "an", "the", "that", "how", "no", "it") or before in ("it", "which", "he")


def _parts(core: Name) -> list[Name]:
    if not 2 <= len(core) <= _LONGEST:
        return []
    at = next((i for i, word in enumerate(core) if i and word in _ADPOSITIONS), len(core))
    names: list[Name] = [(core[at - 1],)] if len(core[at - 1]) >= _SHORTEST else []
    if at == 2 and core[0] not in _FUNCTION | _ADPOSITIONS:
        names.append((core[0], "one"))
    return names


def _is_free(word: str, others: set[str], taken: frozenset[str]) -> bool:
    return stem(word) not in others and word not in taken and word not in _FUNCTION
