"""What can be said about a scene: grounded thoughts, captions, descriptions.

Texts can assert any option. For the gold option they say what the scene shows; for a wrong one
they tell the same kind of story with the details that the wrong option needs.
"""

from __future__ import annotations

import random

from unswayed.benchmarks.scenes.question import PLACES, SceneQuestion, matching, plural
from unswayed.benchmarks.scenes.scene import (
    Scene,
    Thing,
    place_words,
)
from unswayed.types import LETTERS

Reasoning = tuple[str, str]
"""What is seen, and the conclusion that is drawn from it; without one, what is seen says it."""


def reasoning(rng: random.Random, question: SceneQuestion, option: int) -> str:
    """Return a thought about the picture that ends in the option, without naming its letter."""
    return "".join(_REASONING[question.kind](rng, question, option))


def observation(rng: random.Random, question: SceneQuestion, option: int) -> str:
    """Return what is seen that leads to the option, without drawing the conclusion.

    An option follows from it where it says all that the question asks: of the largest object it
    says the place alone.
    """
    seen, _ = _REASONING[question.kind](rng, question, option)
    return f"{seen.rstrip('.')}."


def weighing(question: SceneQuestion, first: int, second: int) -> str:
    """Return a thought that leaves two options open."""
    options = question.options
    return f"It is not clear. It could be {options[first]} or {options[second]}."


def conclusion(question: SceneQuestion, option: int) -> str:
    """Return the sentence that names the option and its letter."""
    return f"The answer is {question.options[option]} ({LETTERS[option]})."


def thought(rng: random.Random, question: SceneQuestion, option: int) -> str:
    """Return reasoning and conclusion."""
    return f"{reasoning(rng, question, option)} {conclusion(question, option)}"


def claim(question: SceneQuestion, option: int) -> str:
    """Return one sentence about the picture that is true exactly if the option is the answer."""
    text = question.options[option]
    if question.kind == "relation" and question.subject and question.other:
        return f"The {question.subject.name} is {text} the {question.other.name}."
    if question.kind == "count":
        return f"There {_be(int(text))} {text} {plural(question.counted, int(text))} in the image."
    sentences = {
        "existence": f"There is {_a(text)} in the image.",
        "size": f"The largest object is the {text}.",
        "occlusion": f"The {text} is in front of another object.",
        "color": f"The largest object is {text}.",
        "place": f"The {text} is at the {question.subject.place if question.subject else ''}.",
    }
    return sentences[question.kind]


def description(scene: Scene) -> str:
    """List every object in reading order with size and place."""
    items = (f"a {thing.size} {thing.name} at the {thing.place}" for thing in scene.reading_order)
    return f"I see {', '.join(items)}."


def _relation(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    a, b = question.subject, question.other
    if a is None or b is None:
        raise ValueError("a relation needs two objects; this question lacks one")
    places = a.place, b.place
    if option != question.gold:
        places = _places_for(rng, question.options[option], b)
    return (
        f"The {a.name} is at the {places[0]} and the {b.name} is at the {places[1]}",
        f", so the {a.name} is {question.options[option]} the {b.name}.",
    )


def _places_for(rng: random.Random, wanted: str, anchor: Thing) -> tuple[str, str]:
    """Invent places of two objects such that the first lies as wanted relative to the second."""
    row, column = anchor.cell
    low, high = rng.randint(0, 1), rng.randint(2, 3)
    if wanted == "left of":
        return place_words(row, low), place_words(row, max(column, 2))
    if wanted == "right of":
        return place_words(row, high), place_words(row, min(column, 1))
    if wanted == "above":
        return place_words(low, column), place_words(max(row, 2), column)
    return place_words(high, column), place_words(min(row, 1), column)


def _count(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    """Point at each counted object by its place, in reading order.

    What else it is does not matter to the count, and is not said.
    """
    number = int(question.options[option])
    noun = plural(question.counted, number)
    if number == 0:
        return f"I see no {noun}", f", so there are 0 {noun}."
    cells = [thing.cell for thing in matching(question.scene, question.counted)][:number]
    free = [cell for cell in PLACES if cell not in cells]
    cells = sorted([*cells, *rng.sample(free, number - len(cells))])
    one = _a(plural(question.counted, 1))
    seen = [f"{one} at the {place_words(*cell)}" for cell in cells]
    return f"I see {', '.join(seen)}", f", so there {_be(number)} {number} {noun}."


def _existence(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    """Check the options in their order until one is there."""
    place = question.subject.place if question.subject else ""
    if option != question.gold:
        place = place_words(*rng.choice(PLACES))
    checks = [f"Is there {_a(text)}? No." for text in question.options[:option]]
    hit = f"Is there {_a(question.options[option])}? Yes, at the {place}."
    return " ".join([*checks, hit]), ""


def _size(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    text = question.options[option]
    return f"The largest object is at the {_place_of(rng, question, text)}", f", it is the {text}."


def _occlusion(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    text = question.options[option]
    if option == question.gold:
        back = question.other.name if question.other else ""
    else:
        names = [thing.name for thing in (question.subject, question.other) if thing]
        back = next(name for name in names if name != text)
    place = _place_of(rng, question, text)
    return f"At the {place} the {text} covers the {back}", f", so the {text} is in front."


def _color(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    place = question.subject.place if question.subject else ""
    return f"The largest object is at the {place}", f", it is {question.options[option]}."


def _place(rng: random.Random, question: SceneQuestion, option: int) -> Reasoning:
    place = question.subject.place if question.subject else ""
    return f"The {question.options[option]} is at the {place}.", ""


_REASONING = {
    "relation": _relation,
    "count": _count,
    "existence": _existence,
    "size": _size,
    "occlusion": _occlusion,
    "color": _color,
    "place": _place,
}


def _place_of(rng: random.Random, question: SceneQuestion, name: str) -> str:
    """Return where the named object is, or anywhere if the scene lacks it."""
    for thing in question.scene.things:
        if thing.name == name:
            return thing.place
    return place_words(*rng.choice(PLACES))


def _a(name: str) -> str:
    """Put the indefinite article before a name."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"
