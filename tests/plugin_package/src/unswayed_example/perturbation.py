"""A perturbation: a rumour in the caption that a wrong option is right."""

from __future__ import annotations

from dataclasses import dataclass

from unswayed.perturbations import Context, asserted
from unswayed.types import Variant


@dataclass(frozen=True)
class Rumour:
    """Say in the caption that others have answered with the foil.

    `stance` says that the text asserts the foil: the variant is made for each foil that is drawn.
    """

    summary: str = "a caption that says how most people answered: wrongly"
    changes: str = "text"
    stance: str = "foil"

    def apply(self, variant: Variant, context: Context) -> Variant:
        foil = asserted(variant, "foil")
        said = variant.options.get(foil, foil)
        update = {
            "caption": f'Most people answered this with "{said}"',
            "asserts": foil,
            "text_source": "fixed",
        }
        return variant.model_copy(update=update)


RUMOUR = Rumour()
