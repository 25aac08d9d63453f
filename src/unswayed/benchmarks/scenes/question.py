"""Questions about a scene, with four options and the gold answer taken from the scene graph."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from unswayed.benchmarks.scenes.scene import (
    COLORS,
    COLUMNS,
    ROWS,
    Family,
    Level,
    ObjectPairs,
    Pair,
    Scene,
    Thing,
    allowed_pairs,
    relation,
)
from unswayed.types import LETTERS

QuestionKind = Literal["relation", "count", "existence", "size", "occlusion", "color", "place"]

KINDS: tuple[QuestionKind, ...] = ("relation", "count", "existence", "size", "occlusion")
"""The kinds of question that the organism is trained on."""
UNSEEN_KINDS: tuple[QuestionKind, ...] = ("color", "place")
"""Kinds of question that its training never shows."""
RELATIONS = ("left of", "right of", "above", "below")
OPTIONS = 4


@dataclass(frozen=True)
class SceneQuestion:
    """One multiple-choice question about a scene.

    Attributes:
        kind: what it asks about.
        scene: the scene.
        text: the question, without the options.
        options: four different texts, in the order they are shown.
        gold: index of the right one.
        subject: the object that the question is about; None for counting.
        other: the second object of a relation or of an occlusion.
        counted: what is counted, as (attribute, value): ("color", "red"), ("shape", "circle") or
            ("any", "object").
    """

    kind: QuestionKind
    scene: Scene
    text: str
    options: tuple[str, ...]
    gold: int
    subject: Thing | None = None
    other: Thing | None = None
    counted: tuple[str, str] = ("any", "object")

    @property
    def letter(self) -> str:
        """The gold letter."""
        return LETTERS[self.gold]


def family_of(kind: QuestionKind) -> Family:
    """Return the family of scenes that a kind of question is asked about."""
    return "counting" if kind == "count" else "distinct"


def ask(
    rng: random.Random,
    scene: Scene,
    kind: QuestionKind,
    level: Level = "easy",
    pairs: ObjectPairs = "train",
) -> SceneQuestion:
    """Ask one question of a kind about a scene of that kind's family.

    Args:
        rng: chooses what is asked and the order of the options.
        scene: from `compose` with `family_of(kind)`, the same level and the same pairs.
        kind: what to ask about.
        level: `easy` options have different colours, `hard` ones share a colour or a shape.
        pairs: which colour-shape pairs options may name.
    """
    return _MAKERS[kind](rng, scene, level, pairs)


def plural(counted: tuple[str, str], count: int) -> str:
    """Return what is counted, in singular or plural: `red object`, `circles`."""
    attribute, value = counted
    noun = f"{value} object" if attribute == "color" else value
    return noun if count == 1 else f"{noun}s"


def matching(scene: Scene, counted: tuple[str, str]) -> tuple[Thing, ...]:
    """Return the objects that are counted, in reading order."""
    attribute, value = counted
    if attribute == "any":
        return scene.reading_order
    return tuple(t for t in scene.reading_order if getattr(t, attribute) == value)


def _relation(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    clear = [(a, b) for a in scene.things for b in scene.things if a is not b and relation(a, b)]
    focus = [pair for pair in clear if _is_focus(pair[0], pairs)]
    wanted = rng.choice(sorted({relation(a, b) or "" for a, b in focus}))
    a, b = rng.choice([(a, b) for a, b in focus if relation(a, b) == wanted])
    options, gold = _shuffled(rng, wanted, [text for text in RELATIONS if text != wanted])
    text = f"Where is the {a.name} relative to the {b.name}?"
    return SceneQuestion("relation", scene, text, options, gold, a, b)


def _count(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    """The options are 0-3 or 1-4, both as likely where the number allows it."""
    if scene.theme is None:
        raise ValueError("a counting question needs a counting scene; this one has no theme")
    number = len(matching(scene, scene.theme))
    lows = [low for low in (0, 1) if low <= number < low + OPTIONS]
    low = 1 if scene.theme[0] == "any" else rng.choice(lows)
    numbers = [str(n) for n in range(low, low + OPTIONS) if n != number]
    options, gold = _shuffled(rng, str(number), numbers)
    text = f"How many {plural(scene.theme, 2)} are in the image?"
    return SceneQuestion("count", scene, text, options, gold, counted=scene.theme)


def _existence(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    focus = [thing for thing in scene.things if _is_focus(thing, pairs)] or list(scene.things)
    subject = rng.choice(focus)
    wrong = _absent(rng, scene, [_pair(subject)], OPTIONS - 1, level, pairs)
    options, gold = _shuffled(rng, subject.name, wrong)
    return SceneQuestion(
        "existence", scene, "Which of these objects is in the image?", options, gold, subject
    )


def _size(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    options, gold = _among_scene(rng, scene, scene.largest, level, pairs)
    return SceneQuestion(
        "size", scene, "Which object is the largest?", options, gold, scene.largest
    )


def _occlusion(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    front, back = scene.covering()[0]
    options, gold = _among_scene(rng, scene, front, level, pairs, first=back)
    text = "Which object is in front of another object?"
    return SceneQuestion("occlusion", scene, text, options, gold, front, back)


def _color(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    subject = scene.largest
    wrong = rng.sample([color for color in COLORS if color != subject.color], OPTIONS - 1)
    options, gold = _shuffled(rng, subject.color, wrong)
    return SceneQuestion(
        "color", scene, "What color is the largest object?", options, gold, subject
    )


def _place(rng: random.Random, scene: Scene, level: Level, pairs: ObjectPairs) -> SceneQuestion:
    subject = rng.choice(scene.things)
    options, gold = _among_scene(rng, scene, subject, level, pairs)
    text = f"Which object is at the {subject.place}?"
    return SceneQuestion("place", scene, text, options, gold, subject)


_MAKERS: dict[QuestionKind, Callable[[random.Random, Scene, Level, ObjectPairs], SceneQuestion]] = {
    "relation": _relation,
    "count": _count,
    "existence": _existence,
    "size": _size,
    "occlusion": _occlusion,
    "color": _color,
    "place": _place,
}


def _among_scene(
    rng: random.Random,
    scene: Scene,
    gold: Thing,
    level: Level,
    pairs: ObjectPairs,
    first: Thing | None = None,
) -> tuple[tuple[str, ...], int]:
    """Offer the gold object, `first`, other objects of the scene, and absent ones to fill up."""
    others = [thing for thing in scene.things if thing not in (gold, first)]
    rng.shuffle(others)
    shown = ([first] if first else []) + others
    present = shown[: OPTIONS - 1]
    taken = [_pair(thing) for thing in (gold, *present)]
    absent = _absent(rng, scene, taken, OPTIONS - 1 - len(present), level, pairs)
    return _shuffled(rng, gold.name, [*(thing.name for thing in present), *absent])


def _absent(
    rng: random.Random,
    scene: Scene,
    taken: list[Pair],
    count: int,
    level: Level,
    pairs: ObjectPairs,
) -> list[str]:
    """Name objects that the scene lacks.

    Easy: of colours that no taken pair has, those that the scene lacks first, all different.
    Hard: those first that share colour or shape with the first taken pair.
    """
    present = {_pair(thing) for thing in scene.things}
    pool = [pair for pair in allowed_pairs(pairs) if pair not in present and pair not in taken]
    rng.shuffle(pool)
    if level == "hard":
        color, shape = taken[0]
        pool.sort(key=lambda pair: pair[0] != color and pair[1] != shape)
        return [" ".join(pair) for pair in pool[:count]]
    seen = {color for color, _ in present}
    pool.sort(key=lambda pair: pair[0] in seen)
    used = {color for color, _ in taken}
    names: list[str] = []
    for color, shape in pool:
        if color not in used and len(names) < count:
            used.add(color)
            names.append(f"{color} {shape}")
    return names


def _shuffled(rng: random.Random, right: str, wrong: list[str]) -> tuple[tuple[str, ...], int]:
    options = [right, *wrong]
    rng.shuffle(options)
    return tuple(options), options.index(right)


def _pair(thing: Thing) -> Pair:
    return thing.color, thing.shape


def _is_focus(thing: Thing, pairs: ObjectPairs) -> bool:
    """Whether a question may be about the object; held-out scenes ask about held-out pairs."""
    return pairs != "held-out" or _pair(thing) not in allowed_pairs("train")


PLACES = tuple((row, column) for row in range(len(ROWS)) for column in range(len(COLUMNS)))
"""Every cell of the grid."""
