"""What a noun phrase is to a question about two things: one of them, a pronoun, or a third."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from unswayed.judges.rules.choices import AnalysedQuestion, content
from unswayed.judges.rules.words import ARTICLES, Token


class Role(Enum):
    """What a noun phrase is to the question."""

    SUBJECT = "subject"
    OBJECT = "object"
    PRONOUN = "pronoun"
    PICTURE = "picture"
    NOTHING = "nothing"
    THIRD = "third"
    EMPTY = "empty"


_SAID_OF_PLACES = """
locate located location position positioned place placed situate situated sit sitting seated lie
lying stand standing rest resting lean leaning hang hanging mount mounted direct directly slight
slightly just clear clearly appear seem visible seen show depict depicted display displayed
arrange arranged set put far further close closely near immediate immediately toward towards very
right left side area part portion there here now still also actually indeed therefore thus so hence
overall finally however instead rather likely possibly probably likewise confirm conclude determine
observe note notice see look looking find indicate suggest mean say relative relation respect
compare compared based given analysis provided upon viewer camera perspective view wait hmm okay
let think believe know correct sure definitely certainly obviously evidently exactly precisely
completely partially partly firmly horizontally vertically physically spatially carefully closer
down up out off away keep kept make leave being remain stay simply answer because since while
whereas where extend point face describe statement option top edge end front back hand handed ground
and but or nor yet either both too again alone together bit little few step well foot inch meter
"""
NEUTRAL = frozenset(_SAID_OF_PLACES.split())
"""Words that name no thing."""
_SEATS = frozenset({"seat", "cushion", "backrest", "armrest", "surface", "seating"})
"""Parts of furniture by which the whole is meant."""
_STANDINS = frozenset({"object", "item", "thing", "former", "latter", "each", "other", "another"})
_STANDING = "it this that they these those he she him her them its their his itself which who one"
PRONOUNS = frozenset(_STANDING.split())
PICTURES = frozenset({"image", "picture", "photo", "frame", "scene", "screen", "composition"})
_NOTHINGS = frozenset({"nothing", "none", "nobody"})
_WHOLE = 5  # letters of a word that may stand for its compound ("chair": "armchair")


def role_of(words: Sequence[Token], question: AnalysedQuestion, *, last: bool) -> Role:
    """Return what a phrase is to the question; of several things the last, or the first."""
    subject = (question.subject - question.object or question.subject) - NEUTRAL
    other = (question.object - question.subject or question.object) - NEUTRAL
    roles: list[Role] = []
    for place, word in enumerate(words):
        if word.text == "can" and (not place or words[place - 1].text not in ARTICLES):
            continue  # the verb
        text = word.text.removesuffix("top") or word.text
        if text in subject or word.text in subject or _is_part(word.text, subject):
            roles.append(Role.SUBJECT)
        elif text in other or word.text in other or _is_part(word.text, other):
            roles.append(Role.OBJECT)
    if roles:
        return roles[-1] if last else roles[0]
    words = [word for word in words if not word.text.endswith("n't")]
    texts = {word.text for word in words if not word.text.endswith("ly")}
    raws = {word.raw.lower().replace("’", "'").partition("'")[0] for word in words}
    if raws & _NOTHINGS:
        return Role.NOTHING
    named = content([*texts]) - NEUTRAL - PRONOUNS - _STANDINS
    shared = question.subject & question.object
    if (named & PICTURES and not named - PICTURES) or (raws & PICTURES and not named):
        return Role.PICTURE
    if not last and named and named <= _SEATS:
        return Role.OBJECT
    if named - shared - PICTURES and not (last and raws & {"it", "they", "he", "she"}):
        return Role.THIRD
    if raws & PRONOUNS or texts & _STANDINS:
        return Role.PRONOUN
    return Role.PICTURE if raws & PICTURES else Role.EMPTY


def _is_part(text: str, compounds: frozenset[str]) -> bool:
    """Say whether a word is the second half of a compound ("chair" of "armchair")."""
    return len(text) >= _WHOLE and any(word != text and word.endswith(text) for word in compounds)
