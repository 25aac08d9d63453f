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
    "below": "below|under|beneath|underneath|lower than|supports|supporting|holding up|holds up",
    "on": "on top of|on top|on the top of|resting on|sitting on|on the surface of|atop|upon|on",
    "front": (
        "in front of|at the front of|front of|in front|front|covers|covering|blocks|blocking|"
        "obscures|obscuring|occludes|occluding"
    ),
    "behind": (
        "behind|in back of|at the back of|back|covered by|hidden by|blocked by|obscured by|"
        "occluded by"
    ),
    "inside": "inside|within|contained in|enclosed by|inside of|in",
    "around": "contains|containing|surrounds|surrounding|encloses|enclosing",
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
_FILLING = ARTICLES | {"it", "is", "of", "side"}
_BARE = {
    tuple(word for word in phrase if word not in _FILLING): name
    for phrase, name in reversed(_BY_WORDS)
}
"""A phrase without its small words → relation, for options that say nothing more."""
_BY_FIRST: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _entry in _BY_WORDS:
    _BY_FIRST.setdefault(_entry[0][0], []).append(_entry)
_WEAK = frozenset({("on",), ("in",), ("over",), ("upon",), ("within",), ("back",), ("covering",)})
"""Phrases that say where something is only if the thing it is measured by follows."""
_OWNERS = frozenset({"its", "their", "his", "her"})
_PREPOSITIONS = frozenset({"to", "on", "at", "toward", "towards"})
_DETERMINERS = frozenset({"the", "a", "an", "his", "her", "their", "some", "it", "him", "them"})
_HAND_SIDE = ["hand", "side"]
_PARTED = """
end edge corner leg arm armrest wall hand foot wheel half shoulder ear eye wing lane door window
shelf drawer panel foreground background hander handed third portion section
"""
_PARTS = frozenset(_PARTED.split())
"""After "left" these are a part of one thing ("its left leg"), and place nothing beside it."""
_NOT_A_SIDE = """
next beside behind in above below under there here on at near by now angle answer option choice
around over after before up
"""
_ADVERBIAL = frozenset(_NOT_A_SIDE.split())
"""After "right" these make it an adverb ("right next to") or an adjective ("right answer")."""
_PHRASED = """
relation comparison contrast reference terms respect regard order fact general conclusion summary
addition between this that which other
"""
_IDIOMS = frozenset(_PHRASED.split())
"""After "in" and "on" these make a phrase that places nothing ("in relation to")."""
INVERSE = {
    "left": "right",
    "right": "left",
    "above": "below",
    "below": "above",
    "front": "behind",
    "behind": "front",
    "on": "below",
    "inside": "around",
    "around": "inside",
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
_SIDES: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
"""Comparative → the words that say the same, and those that say the opposite."""
for _pair in _PAIRS:
    _one, _other = (frozenset(side.split("|")) for side in _pair)
    for _word in _one | _other:
        _SIDES.setdefault(_word, (_one, _other) if _word in _one else (_other, _one))
_DEGREES = frozenset(
    {"likely", "probable", "appropriate", "accurate", "suitable", "plausible", "reasonable"}
    | {"common", "prominent", "important", "popular", "recent", "logical", "correct", "fitting"}
)
"""After "most" these ask for the best option, and compare no things."""


@dataclass(frozen=True, slots=True)
class Found:
    """A relation in a row of tokens.

    Attributes:
        name: its name.
        start: first token it covers.
        end: the token after it.
        weak: it is one short word, which places something only if its ground is named.
        owner: the token that says whose side it is ("its left", "the stool's left"), if any.
    """

    name: str
    start: int
    end: int
    weak: bool = False
    owner: int | None = None


def relations(words: Sequence[Token]) -> list[Found]:
    """Return the relations in order, the longest phrase winning at each place."""
    texts = [word.raw.lower() for word in words]
    occurrences: list[Found] = []
    at = 0
    while at < len(texts):
        entries = _BY_FIRST.get(texts[at], ())
        hit = next((e for e in entries if _stands(texts, at, e[0])), None)
        if hit is None:
            at += 1
            continue
        end = at + len(hit[0])
        occurrences.append(_owned(words, texts, Found(hit[1], at, end, hit[0] in _WEAK)))
        at = end
    return occurrences


def _stands(texts: Sequence[str], at: int, phrase: tuple[str, ...]) -> bool:
    return tuple(texts[at : at + len(phrase)]) == phrase and not _is_idiom(texts, at, phrase)


def _is_idiom(texts: Sequence[str], at: int, phrase: tuple[str, ...]) -> bool:
    """Tell "she left the room", "right next to" and "in relation to" from a place."""
    after = texts[at + 1] if at + 1 < len(texts) else ""
    before = texts[at - 1] if at else ""
    if phrase[-1] in ("left", "right"):
        part = at + len(phrase)
        if part < len(texts) and texts[part] in _PARTS and texts[part : part + 2] != _HAND_SIDE:
            return True
    if phrase in (("front",), ("back",)) and after in _PARTS:
        return True
    if phrase == ("left",):
        return after in _DETERMINERS and before not in ("the", "its", "is", "to")
    if phrase == ("right",):
        owned = before in _OWNERS | {"the"} or before.endswith(("'s", "’s", "s'", "s’"))
        return after in _ADVERBIAL and not owned
    if phrase in (("in",), ("on",)):
        return after in _IDIOMS or before in ("zoomed", "zoom")
    return phrase == ("back",) and after in ("to", "and")


def _owned(words: Sequence[Token], texts: Sequence[str], found: Found) -> Found:
    """Widen "left" to "to its left" and "on the stool's left", and say whose left it is."""
    if found.name not in ("left", "right") or not found.start:
        return found
    owner = found.start - 1
    if texts[owner] not in _OWNERS and not words[owner].raw.endswith(("'s", "’s", "s'", "s’")):
        return found
    if words[owner].raw.lower() in ("it's", "it’s", "that's", "that’s", "there's", "there’s"):
        return found
    start = owner
    while start and found.start - start < 4 and texts[start - 1] not in _PREPOSITIONS:
        start -= 1
    placed = start > 0 and texts[start - 1] in _PREPOSITIONS
    return Found(found.name, start - 1 if placed else owner, found.end, False, owner)


def relation_of(texts: Sequence[str]) -> str | None:
    """Return the relation that a short option says and nothing more ("on the left")."""
    return _BARE.get(tuple(text for text in texts if text not in _FILLING))


def phrases_of(name: str) -> list[tuple[str, ...]]:
    """Return the phrases that say a relation."""
    return [phrase for phrase, relation in _BY_WORDS if relation == name]


def comparison(texts: Sequence[str]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the words that say a question's comparison and those that say its opposite."""
    for text, after in zip_longest(texts, texts[1:]):
        if text in ("most", "more", "least") and after in _DEGREES:
            continue
        if text in _SIDES:
            return _SIDES[text]
    return None
