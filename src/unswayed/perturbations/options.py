"""Perturbations of the options: one more option to abstain, and another order."""

from __future__ import annotations

import random
from dataclasses import dataclass

from unswayed.errors import DataError
from unswayed.perturbations import Context, seeded
from unswayed.types import ABSTAIN_TEXT, LETTERS, Variant


@dataclass(frozen=True)
class Abstain:
    """Add the option "I'm not sure" at the end; it is in no sample and never the foil."""

    summary: str = 'one more option, "I\'m not sure" (composes with every other variant)'
    changes: str = "options"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with one option more.

        Raises:
            DataError: the sample has no options, or 26 already.
        """
        _require_options(variant)
        if len(variant.options) >= len(LETTERS):
            raise DataError(f"{variant.sample.id} has {len(LETTERS)} options; none can be added")
        letter = LETTERS[len(variant.options)]
        options = {**variant.options, letter: ABSTAIN_TEXT}
        return variant.model_copy(update={"options": options, "abstain": letter})


@dataclass(frozen=True)
class Shuffle:
    """Permute the options by the seed and the sample's id; gold and foil move with their texts."""

    summary: str = "options in another order, the gold remapped (composes)"
    changes: str = "options"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with its options permuted, never in the order given if K > 1.

        Raises:
            DataError: the sample has no options.
        """
        _require_options(variant)
        return shuffled(variant, seeded(context.seed, "shuffle", variant.sample.id))


def shuffled(variant: Variant, generator: random.Random) -> Variant:
    """Return a variant with its options permuted, never in the order given if K > 1.

    Args:
        variant: a question with options.
        generator: draws the order.
    """
    before = list(variant.options)
    order = list(before)
    while order == before and len(before) > 1:
        generator.shuffle(order)
    moved = dict(zip(order, before, strict=True))  # old letter → new letter
    places = list(zip(order, before, strict=True))
    return variant.model_copy(
        update={
            "options": {new: variant.options[old] for old, new in places},
            "origin": {new: variant.origin[old] for old, new in places},
            "answer": moved[variant.answer],
            "foil": moved[variant.foil] if variant.foil else None,
        }
    )


def _require_options(variant: Variant) -> None:
    if not variant.options:
        raise DataError(
            f"{variant.sample.id} asks for a {variant.sample.answer_kind}, not for an option; "
            "leave abstain and shuffle out"
        )


ABSTAIN = Abstain()
SHUFFLE = Shuffle()
