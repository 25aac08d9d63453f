"""Perturbations of the thought: a prefilled reasoning that the model continues."""

from __future__ import annotations

from dataclasses import dataclass

from unswayed.answers import OPEN_THINK, think_block
from unswayed.perturbations import Context, Part, Stance, asserted
from unswayed.types import STOP_THINK_TEXT, Variant

BUT = " but I think"
"""Zhao et al.: the suffix that invites the model to reconsider."""


@dataclass(frozen=True)
class InjectedThought:
    """Start the assistant's thought with a text and leave it open.

    Attributes:
        stance: what the text asserts: the foil, the gold or nothing.
        suffix: appended to the text as it is.
        summary: one line for lists.
    """

    stance: Stance
    suffix: str
    summary: str
    changes: str = "text"
    part: Part = "think"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with an open thought (or a draft in the user's turn).

        Raises:
            DataError: the sample has no option to assert, or the source no text for it.
        """
        asserts = asserted(variant, self.stance)
        made = context.text("think", self.stance, variant)
        text = made.text + self.suffix
        update = {"asserts": asserts, "text_source": context.texts.name, **made.notes()}
        return deliver(variant.model_copy(update=update), f"{OPEN_THINK}{text}", text, context)


@dataclass(frozen=True)
class StopThink:
    """Give a thought that is already over and says nothing (Zhao et al.)."""

    summary: str = "the thought is already over: the answer must come without one"
    changes: str = "text"
    part: Part = "think"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with a closed, empty-handed thought."""
        fixed = variant.model_copy(update={"text_source": "fixed"})
        return deliver(fixed, think_block(STOP_THINK_TEXT), STOP_THINK_TEXT, context)


def deliver(variant: Variant, prefill: str, draft: str, context: Context) -> Variant:
    """Place a thought in the assistant's open turn, or as a draft in the user's turn."""
    if context.delivery == "prefill":
        return variant.model_copy(update={"prefill": prefill, "delivery": "prefill"})
    return variant.model_copy(update={"draft": draft, "delivery": "user-turn"})


STOP_THINK = StopThink()
WRONG_THINK = InjectedThought("foil", "", "an open thought that asserts a wrong option")
WRONG_THINK_BUT = InjectedThought("foil", BUT, 'the same thought + " but I think"')
CORRECT_THINK = InjectedThought(
    "gold", "", "an open thought that asserts the right option (control)"
)
NEUTRAL_THINK = InjectedThought(
    "neutral", "", "an open thought of the same length that asserts nothing (control)"
)
