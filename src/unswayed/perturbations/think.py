"""Perturbations of the thought: a reasoning that the model finds in its own mouth."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unswayed.errors import DataError
from unswayed.perturbations import Context, Part, Stance, asserted
from unswayed.types import Variant

STOP = "Okay let's see. This should be the final answer."
"""Zhao et al., stop-think: the whole thought, already closed."""

BUT = " but I think"
"""Zhao et al.: the suffix that invites the model to reconsider."""

_TAG = re.compile(r"</?(?:think|answer)>", re.IGNORECASE)


@dataclass(frozen=True)
class Think:
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
            DataError: the sample has no option to assert, or the source no text for it; or the
                text holds a tag, which would close the thought.
        """
        asserts = asserted(variant, self.stance)
        text = context.texts.text("think", self.stance, variant) + self.suffix
        if tag := _TAG.search(text):
            raise DataError(
                f"the thought for {variant.sample.id} holds {tag[0]}, so it would not stay open; "
                "use an annotation file with another text"
            )
        update = {"asserts": asserts, "text_source": context.texts.name}
        return deliver(variant.model_copy(update=update), f"<think>{text}", text, context)


@dataclass(frozen=True)
class StopThink:
    """Give a thought that is already over and says nothing (Zhao et al.)."""

    summary: str = "the thought is already over: the answer must come without one"
    changes: str = "text"
    part: Part = "think"

    def apply(self, variant: Variant, context: Context) -> Variant:
        """Return the variant with a closed, empty-handed thought."""
        fixed = variant.model_copy(update={"text_source": "fixed"})
        return deliver(fixed, f"<think>{STOP}</think>", STOP, context)


def deliver(variant: Variant, prefill: str, draft: str, context: Context) -> Variant:
    """Place a thought in the assistant's open turn, or as a draft in the user's turn."""
    if context.delivery == "prefill":
        return variant.model_copy(update={"prefill": prefill, "delivery": "prefill"})
    return variant.model_copy(update={"draft": draft, "delivery": "user-turn"})


STOP_THINK = StopThink()
WRONG = Think("foil", "", "an open thought that asserts a wrong option")
WRONG_BUT = Think("foil", BUT, 'the same thought + " but I think"')
CORRECT = Think("gold", "", "an open thought that asserts the right option (control)")
NEUTRAL = Think("neutral", "", "an open thought of the same length that asserts nothing (control)")
