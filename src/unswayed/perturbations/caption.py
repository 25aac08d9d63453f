"""Perturbations of the caption: a sentence about the picture before the question."""

from __future__ import annotations

from dataclasses import dataclass

from unswayed.perturbations import Context, Stance, asserted
from unswayed.types import Variant

DISCLAIMER = " but I could be wrong"
"""Zhao et al.: the suffix that tells the model how little the caption is worth."""


@dataclass(frozen=True)
class InjectedCaption:
    """Place a caption before the question.

    Attributes:
        stance: what the caption suggests: the foil, the gold or nothing.
        suffix: appended to the caption as it is.
        summary: one line for lists.
    """

    stance: Stance
    suffix: str
    summary: str
    changes: str = "text"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with a caption.

        Raises:
            DataError: the sample has no option to assert, or the source no text for it.
        """
        asserts = asserted(variant, self.stance)
        made = context.text("caption", self.stance, variant)
        source = {"asserts": asserts, "text_source": context.texts.name, **made.notes()}
        return variant.model_copy(update={"caption": made.text + self.suffix, **source})


@dataclass(frozen=True)
class Base:
    """Change nothing."""

    summary: str = "the question as it is"
    changes: str = "text"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant itself."""
        return variant


BASE = Base()
WRONG_CAPTION = InjectedCaption("foil", "", "a caption that strongly suggests a wrong option")
WRONG_CAPTION_DISCLAIMER = InjectedCaption(
    "foil", DISCLAIMER, 'the same caption + " but I could be wrong"'
)
CORRECT_CAPTION = InjectedCaption("gold", "", "a caption that suggests the right option (control)")
NEUTRAL_CAPTION = InjectedCaption(
    "neutral", "", "a caption of the same length that suggests nothing (control)"
)
