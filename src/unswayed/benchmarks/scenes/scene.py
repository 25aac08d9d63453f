"""The scene graph: what is in a picture, where, how large, and what covers what.

A scene is composed from a seed alone. Every question's gold answer follows from it, and so does
every pixel (`unswayed.benchmarks.scenes.picture`).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

from unswayed.errors import ConfigError

Level = Literal["easy", "hard"]
Style = Literal["plain", "shaded"]
ObjectPairs = Literal["train", "held-out", "all"]
Split = Literal["train", "test"]
Family = Literal["distinct", "counting"]
Fog = Literal["mixed"] | float
"""How thick the fog is before a scene, in [0, 1), or `mixed`: another one before each."""
Pair = tuple[str, str]

COLORS = ("red", "green", "blue", "yellow", "purple", "orange")
SHAPES = ("circle", "square", "triangle")
HELD_OUT: tuple[Pair, ...] = (("green", "triangle"), ("purple", "square"), ("orange", "circle"))
"""Colour-shape pairs that no training scene and no training text ever shows."""
ROWS = ("top", "upper", "lower", "bottom")
COLUMNS = ("leftmost", "left", "right", "rightmost")

SIDE = 112
"""Side of a picture in pixels."""
CELL = SIDE // 4
LARGE = 12.0
"""Radius in pixels from which an object counts as large; none lies near it."""
MAX_COUNT = 5
ANY_SHARE = 0.15
"""Share of the counting scenes whose question counts all objects."""

_SMALL_RADIUS = (9.0, 10.8)
_LARGE_RADIUS = (13.6, 15.0)
_JITTER = 5.0
_GAP = 2.0
_OVERLAP = (0.12, 0.3)
"""Distance of overlapping centres: the larger radius and this share of the smaller one."""
_CLEAR_SHARE = 0.25
_FOG = (0.2, 0.95)
"""Share of clear scenes where fog is mixed, and how thick it is before the others."""
_NUMBERS = (0, 1, 1, 2, 2, 3, 3, 4)
_ALL_PAIRS: tuple[Pair, ...] = tuple((color, shape) for color in COLORS for shape in SHAPES)


@dataclass(frozen=True)
class Thing:
    """One object of a scene.

    Attributes:
        color: one of COLORS.
        shape: one of SHAPES.
        x: centre, in pixels from the left edge.
        y: centre, in pixels from the top edge.
        radius: half its extent, in pixels.
    """

    color: str
    shape: str
    x: float
    y: float
    radius: float

    @property
    def name(self) -> str:
        """Color and shape, such as `red circle`."""
        return f"{self.color} {self.shape}"

    @property
    def size(self) -> str:
        """`large` or `small`."""
        return "large" if self.radius >= LARGE else "small"

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of its centre on the 4 × 4 grid, each 0 … 3."""
        return min(3, int(self.y // CELL)), min(3, int(self.x // CELL))

    @property
    def place(self) -> str:
        """Where its centre lies in words, such as `upper left`."""
        row, column = self.cell
        return place_words(row, column)


@dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Attributes:
        id: names the scene; equal ids are equal scenes.
        things: the objects in the order they are drawn: later ones lie in front.
        seed_text: seeds everything else that belongs to the scene (colours' shades, questions).
        style: how it is drawn.
        theme: in a counting scene what its question counts, as (attribute, value): ("color",
            "red"), ("shape", "circle") or ("any", "object").
        fog: how far everything has faded into grey, in [0, 1): how hard the scene is to see.
    """

    id: str
    things: tuple[Thing, ...]
    seed_text: str
    style: Style = "plain"
    theme: tuple[str, str] | None = None
    fog: float = 0.0

    @property
    def reading_order(self) -> tuple[Thing, ...]:
        """The objects row by row, from left to right within a row of the grid."""
        return tuple(sorted(self.things, key=lambda thing: thing.cell))

    @property
    def largest(self) -> Thing:
        """The object with the largest radius."""
        return max(self.things, key=lambda thing: thing.radius)

    def covering(self) -> tuple[tuple[Thing, Thing], ...]:
        """Return each (front, back) pair of objects that overlap."""
        return tuple(
            (front, back)
            for i, back in enumerate(self.things)
            for front in self.things[i + 1 :]
            if distance(front, back) < front.radius + back.radius
        )


def place_words(row: int, column: int) -> str:
    """Return the words for a cell of the 4 × 4 grid."""
    return f"{ROWS[row]} {COLUMNS[column]}"


def distance(a: Thing, b: Thing) -> float:
    """Return the distance of two centres in pixels."""
    return math.hypot(a.x - b.x, a.y - b.y)


def relation(a: Thing, b: Thing) -> str | None:
    """Return how `a` lies relative to `b`: left of, right of, above, below; None if unclear.

    Clear means: the centres differ by at least 22 pixels along one axis, that is at least 1.8
    times the other axis, and they lie in different columns (or rows) of the grid.
    """
    dx, dy = a.x - b.x, a.y - b.y
    longer, shorter = max(abs(dx), abs(dy)), min(abs(dx), abs(dy))
    if longer < 22 or longer < 1.8 * shorter:
        return None
    if abs(dx) > abs(dy):
        return None if a.cell[1] == b.cell[1] else ("left of" if dx < 0 else "right of")
    return None if a.cell[0] == b.cell[0] else ("above" if dy < 0 else "below")


def allowed_pairs(pairs: ObjectPairs) -> tuple[Pair, ...]:
    """Return the colour-shape pairs that may stand in a scene or an option."""
    if pairs == "train":
        return tuple(pair for pair in _ALL_PAIRS if pair not in HELD_OUT)
    return _ALL_PAIRS


def compose(
    seed_text: str,
    family: Family,
    level: Level = "easy",
    style: Style = "plain",
    pairs: ObjectPairs = "train",
    fog: Fog = 0.0,
) -> Scene:
    """Compose a scene from a seed.

    Args:
        seed_text: decides everything; the same text gives the same scene everywhere.
        family: `distinct` (3-4 objects, 3-5 when hard, one large, one covering another) or
            `counting` (1-5 objects, kinds repeat, nothing overlaps).
        level: `easy` gives the objects of a distinct scene different colours.
        style: how it will be drawn; `shaded` scenes also have other sizes.
        pairs: `held-out` puts a held-out pair where the questions ask about it.
        fog: how thick the fog is; `mixed` draws it from the seed.

    Raises:
        ConfigError: no scene was found, which means that the settings contradict each other.
    """
    rng = random.Random(seed_text)
    for _ in range(500):
        theme = None
        if family == "counting":
            theme, kinds = _counted_kinds(rng, pairs)
        else:
            kinds = _distinct_kinds(rng, level, pairs)
        things = _arrange(rng, kinds, family, style, pairs)
        if things is not None and (family == "counting" or _has_relation(things, pairs)):
            return Scene(seed_text, things, seed_text, style, theme, _fog_before(seed_text, fog))
    raise ConfigError(f"expected a scene for the seed {seed_text!r}, found none in 500 tries")


def _fog_before(seed_text: str, fog: Fog) -> float:
    """Return how thick the fog is before a scene; it has a seed of its own, so nothing moves."""
    if fog != "mixed":
        return fog
    rng = random.Random(f"{seed_text}/fog")
    return 0.0 if rng.random() < _CLEAR_SHARE else rng.uniform(*_FOG)


def _distinct_kinds(rng: random.Random, level: Level, pairs: ObjectPairs) -> list[Pair]:
    """Choose different pairs; the first is the one the questions of held-out scenes ask about."""
    allowed = allowed_pairs(pairs)
    first = rng.choice(HELD_OUT if pairs == "held-out" else allowed)
    kinds = [first]
    if level == "easy":
        colors = [color for color in COLORS if color != first[0]]
        for color in rng.sample(colors, rng.randint(2, 3)):
            kinds.append(rng.choice([pair for pair in allowed if pair[0] == color]))
        return kinds
    near = [
        pair for pair in allowed if pair != first and (pair[0] == first[0] or pair[1] == first[1])
    ]
    kinds.append(rng.choice(near))
    rest = [pair for pair in allowed if pair not in kinds]
    return kinds + rng.sample(rest, rng.randint(1, 3))


def _counted_kinds(rng: random.Random, pairs: ObjectPairs) -> tuple[tuple[str, str], list[Pair]]:
    """Choose what is counted, how many of it there are, and the pairs to place.

    The numbers are weighted so that no option of a counting question is likelier than another.
    """
    allowed = allowed_pairs(pairs)
    first = rng.choice(HELD_OUT if pairs == "held-out" else allowed)
    if rng.random() < ANY_SHARE:
        number = rng.randint(1, 4)
        rest = [rng.choice(allowed) for _ in range(number - 1)]
        return ("any", "object"), [first, *rest]
    axis = rng.randrange(2)
    number = rng.choice(_NUMBERS)
    alike = [pair for pair in allowed if pair[axis] == first[axis]]
    other = [pair for pair in allowed if pair[axis] != first[axis]]
    others = rng.randint(0 if number else 1, min(2, MAX_COUNT - number))
    kinds = ([first] if number else []) + [rng.choice(alike) for _ in range(number - 1)]
    kinds += [rng.choice(other) for _ in range(others)]
    return ("color" if axis == 0 else "shape", first[axis]), kinds


def _arrange(
    rng: random.Random, kinds: list[Pair], family: Family, style: Style, pairs: ObjectPairs
) -> tuple[Thing, ...] | None:
    """Place the objects in cells of their own; None when they do not fit.

    In a distinct scene one object is large and one covers another; in held-out scenes both are
    the first object.
    """
    scale = 1.0 if style == "plain" else rng.uniform(0.9, 0.97)
    if family == "counting":
        sizes = [_radius(rng, rng.random() < 0.3, scale) for _ in kinds]
        return _settle(rng, [], kinds, sizes)
    fixed = pairs == "held-out"
    large = 0 if fixed else rng.randrange(len(kinds))
    front = 0 if fixed else rng.randrange(len(kinds))
    back = rng.choice([i for i in range(len(kinds)) if i != front])
    sizes = [_radius(rng, i == large, scale) for i in range(len(kinds))]
    spots = _overlapping_spots(rng, sizes[back], sizes[front])
    if spots is None:
        return None
    start = [
        Thing(*kinds[i], *spot, sizes[i]) for i, spot in zip((back, front), spots, strict=True)
    ]
    others = [i for i in range(len(kinds)) if i not in (back, front)]
    return _settle(rng, start, [kinds[i] for i in others], [sizes[i] for i in others])


def _radius(rng: random.Random, large: bool, scale: float) -> float:
    return rng.uniform(*(_LARGE_RADIUS if large else _SMALL_RADIUS)) * (1.0 if large else scale)


def _overlapping_spots(
    rng: random.Random, back: float, front: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Choose centres in two adjacent cells so close that the two objects overlap."""
    gap = max(back, front) + min(back, front) * rng.uniform(*_OVERLAP)
    along = CELL * rng.randint(1, 3) + rng.uniform(-1.5, 1.5)
    across = CELL * (rng.randrange(4) + 0.5)
    ends = [along - gap / 2, along + gap / 2]
    rng.shuffle(ends)
    sides = [across + rng.uniform(-3, 3) for _ in ends]
    spots = list(zip(ends, sides, strict=True))
    if rng.random() < 0.5:
        spots = [(y, x) for x, y in spots]
    for (x, y), radius in zip(spots, (back, front), strict=True):
        if not (radius * 0.9 < x < SIDE - radius * 0.9 and radius * 0.9 < y < SIDE - radius * 0.9):
            return None
    return spots[0], spots[1]


def _settle(
    rng: random.Random, start: list[Thing], kinds: list[Pair], sizes: list[float]
) -> tuple[Thing, ...] | None:
    """Place further objects in free cells so that they touch nothing."""
    things = list(start)
    for (color, shape), radius in zip(kinds, sizes, strict=True):
        for _ in range(40):
            taken = {thing.cell for thing in things}
            row, column = rng.randrange(4), rng.randrange(4)
            if (row, column) in taken:
                continue
            x = _inside(CELL * (column + 0.5) + rng.uniform(-_JITTER, _JITTER), radius)
            y = _inside(CELL * (row + 0.5) + rng.uniform(-_JITTER, _JITTER), radius)
            thing = Thing(color, shape, x, y, radius)
            if all(distance(thing, o) > (radius + o.radius) * 1.1 + _GAP for o in things):
                things.append(thing)
                break
        else:
            return None
    return tuple(things)


def _inside(value: float, radius: float) -> float:
    margin = radius * 0.9
    return min(max(value, margin), SIDE - margin)


def _has_relation(things: tuple[Thing, ...], pairs: ObjectPairs) -> bool:
    """Whether some object, held out if need be, clearly lies to one side of another."""
    return any(
        relation(a, b) is not None
        for a in things
        for b in things
        if a is not b and (pairs != "held-out" or (a.color, a.shape) in HELD_OUT)
    )
