"""Which texts an evaluation needs: found by making its variants with a source that takes notes.

Foils, shuffles and the abstain option therefore come out as they do in the evaluation itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from unswayed.errors import DataError
from unswayed.perturbations import Context, Part, Stance, asserted
from unswayed.perturbations.composition import Composition
from unswayed.perturbations.texts.templates import Templates
from unswayed.pipeline.walk import KeepPicture, expand
from unswayed.types import Sample, Variant

TextKey = tuple[str, Part, str | None]
"""Sample id, part, and what is asserted: a letter of the sample, a value, or None."""


@dataclass(frozen=True)
class Wanted:
    """A text that is to be written.

    Attributes:
        sample: the question that it is for.
        part: thought or caption.
        asserts: letter of the sample, or value of an open question, that it must assert; None for
            a neutral text.
        like: key of the misleading text that a neutral one must be as long as.
        words: how long that is taken to be where there is no such text: as long as the template's.
    """

    sample: Sample
    part: Part
    asserts: str | None
    like: TextKey | None = None
    words: int | None = None

    @property
    def key(self) -> TextKey:
        """What the text is found by in an annotation file."""
        return (self.sample.id, self.part, self.asserts)

    @property
    def option(self) -> str | None:
        """Text of the option that it must assert; None for a neutral text or an open question."""
        return self.sample.options.get(self.asserts or "")

    @property
    def said(self) -> str | None:
        """What it must assert, in words."""
        return self.asserts if self.option is None else self.option


def texts_of(
    sample: Sample,
    compositions: Sequence[Composition],
    foils: int,
    seed: int,
    keep: KeepPicture = lambda image: image,
) -> list[Wanted] | None:
    """Return the texts that a sample's variants need, each once; None if it cannot be used.

    Args:
        sample: the question.
        compositions: the variants that are asked for.
        foils: wrong options to draw, at most.
        seed: the evaluation's.
        keep: what to do with the pictures; by default they are not looked at.
    """
    notes = _Notes()
    item = expand(sample, compositions, Context(notes, seed=seed), foils, keep)
    return list(notes.texts.values()) if item.variants else None


class _Notes:
    """A text source that writes down what it is asked for."""

    name: Literal["writer"] = "writer"

    def __init__(self) -> None:
        self.texts: dict[TextKey, Wanted] = {}

    def text(self, part: Part, stance: Stance, variant: Variant) -> str:
        asserts = _in_sample(variant, stance)
        wanted = Wanted(variant.sample, part, asserts)
        if stance == "neutral":
            like = (variant.sample.id, part, _in_sample(variant, "foil"))
            wanted = Wanted(variant.sample, part, None, like, _template_words(part, variant))
        self.texts.setdefault(wanted.key, wanted)
        return "noted"


def _in_sample(variant: Variant, stance: Stance) -> str | None:
    shown = asserted(variant, stance)
    return None if shown is None else variant.origin.get(shown, shown)


def _template_words(part: Part, variant: Variant) -> int:
    try:
        return len(Templates().text(part, "foil", variant).text.split())
    except DataError:
        return len(Templates().text(part, "neutral", variant).text.split())
