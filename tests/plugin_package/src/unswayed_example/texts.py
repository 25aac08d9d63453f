"""A text source: short sentences, as blunt as one likes."""

from __future__ import annotations

from typing import Literal

from unswayed.perturbations import Part, Stance, asserted
from unswayed.types import Variant

_WORDS = {1: "It may be", 2: "It is", 3: "Without any doubt it is"}


class Blunt:
    """Blunt sentences that name the option and give no reason."""

    name = "blunt"

    def __init__(self, *, level: Literal[1, 2, 3] = 2) -> None:
        self.level = level

    def text(self, part: Part, stance: Stance, variant: Variant) -> str:
        said = asserted(variant, stance)
        if said is None:
            return "Let me have a look at the picture" if part == "think" else "This is a picture"
        return f'{_WORDS[self.level]} "{variant.options.get(said, said)}"'
