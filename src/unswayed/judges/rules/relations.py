"""Spatial relations and comparisons: what they are called, and what follows from them.

"The sofa is in front of the lamp" says that the lamp is behind the sofa; "B is farther" says that
A is closer. Only such turns of one relation are drawn; nothing is inferred across axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from unswayed.judges.rules.words import ARTICLES, Token

_PHRASES = {
    "left": (
        "left side of|to the left of|on the left of|left of|at the left of|on the left side of|"
        "at the left side of|on the left|to the left|left side|left"
    ),
    "right": (
        "right side of|to the right of|on the right of|right of|at the right of|"
        "on the right side of|at the right side of|on the right|to the right|right side|right"
    ),
    "above": "above|over|higher than",
    "below": "below|under|beneath|underneath|lower than",
    "on": "on top of|resting on|sitting on|on the surface of|atop",
    "front": "in front of|at the front of|front of|in front|front",
    "behind": "behind|in back of|at the back of|back",
    "inside": "inside|within|contained in|enclosed by|inside of",
    "outside": "outside|outside of",
    "near": "near|next to|beside|close to|adjacent to|by the side of",
    "far": "far from|far away from",
    "toward": "facing toward|facing|faces toward|faces|face",
    "away": "facing away from|faces away from|face away from|facing away|faces away",
}
_BY_WORDS = sorted(
    (
        (tuple(phrase.split()), name)
        for name, phrases in _PHRASES.items()
        for phrase in phrases.split("|")
    ),
    key=lambda entry: -len(entry[0]),
)
_PLURAL_SAFE = {"faces": "face"}
INVERSE = {
    "left": "right",
    "right": "left",
    "above": "below",
    "below": "above",
    "front": "behind",
    "behind": "front",
    "on": "below",
    "near": "near",
    "far": "far",
}
"""a R b ⇔ b INVERSE[R] a."""
CONTRARY = {
    "left": {"right"},
    "right": {"left"},
    "above": {"below"},
    "below": {"above", "on"},
    "on": {"below"},
    "front": {"behind"},
    "behind": {"front"},
    "inside": {"outside"},
    "outside": {"inside"},
    "near": {"far"},
    "far": {"near"},
    "toward": {"away"},
    "away": {"toward"},
}
"""Relations that cannot hold between the same two things in the same order."""
IMPLIES = {("on", "above")}
"""(stated, asked): the first says the second."""

_PAIRS = (
    ("closer|closest|nearer|nearest", "farther|farthest|further|furthest"),
    (
        "bigger|larger|biggest|largest|greater|greatest|higher|highest|more|most|maximum",
        "smaller|smallest|lower|lowest|fewer|less|least|fewest|minimum",
    ),
    ("taller|tallest", "shorter|shortest"),
    ("longer|longest", "shorter|shortest"),
    ("brighter|brightest|lighter", "darker|darkest"),
    ("heavier|heaviest", "lighter|lightest"),
    ("older|oldest", "younger|youngest"),
    ("faster|fastest", "slower|slowest"),
    ("wider|widest", "narrower|narrowest"),
    ("hotter|hottest|warmer|warmest", "colder|coldest|cooler|coolest"),
    ("thicker|thickest", "thinner|thinnest"),
)
COMPARATIVES = frozenset(word for pair in _PAIRS for side in pair for word in side.split("|"))
_DEGREES = frozenset(
    {"likely", "probable", "appropriate", "accurate", "suitable", "plausible", "reasonable"}
    | {"common", "prominent", "important", "popular", "recent", "logical", "correct", "fitting"}
)
"""After "most" these ask for the best option, and compare no things."""


@dataclass(frozen=True, slots=True)
class Found:
    """A relation in a row of tokens: its name and the tokens it covers."""

    name: str
    start: int
    end: int


def relations(words: Sequence[Token]) -> list[Found]:
    """Return the relations in order, the longest phrase winning at each place."""
    texts = [_PLURAL_SAFE.get(word.raw.lower(), word.raw.lower()) for word in words]
    occurrences: list[Found] = []
    at = 0
    while at < len(texts):
        hit = next((e for e in _BY_WORDS if tuple(texts[at : at + len(e[0])]) == e[0]), None)
        if hit is None:
            at += 1
            continue
        occurrences.append(Found(hit[1], at, at + len(hit[0])))
        at += len(hit[0])
    return occurrences


def relation_of(texts: Sequence[str]) -> str | None:
    """Return the relation that a short option says and nothing more ("on the left")."""
    words = tuple(text for text in texts if text not in ARTICLES | {"it", "is", "of", "side"})
    for phrase, name in _BY_WORDS:
        if words == tuple(w for w in phrase if w not in ARTICLES | {"of", "side"}):
            return name
    return None


def comparison(texts: Sequence[str]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the words that say a question's comparison and those that say its opposite."""
    for text, after in zip_longest(texts, texts[1:]):
        if text in ("most", "more", "least") and after in _DEGREES:
            continue
        for pair in _PAIRS:
            sides = [frozenset(side.split("|")) for side in pair]
            if text in sides[0]:
                return sides[0], sides[1]
            if text in sides[1]:
                return sides[1], sides[0]
    return None
