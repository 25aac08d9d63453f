"""A model: it answers with the first option, whatever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unswayed.models import Decoding, Request
from unswayed.types import Generation, LetterDistribution


class Stubborn:
    """Answers with the first option, whatever it is shown."""

    name = "stubborn"
    profile = "default"

    def __init__(self, *, confidence: float = 0.9) -> None:
        if not 0 < confidence <= 1:
            raise ValueError(f"expected a confidence in (0, 1], found {confidence}")
        self.confidence = confidence

    def provenance(self) -> dict[str, Any]:
        return {"confidence": self.confidence}

    def supports_prefill(self) -> bool:
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Generation:
        first, *others = request.options
        opened = "<think>" if "<think>" not in request.prefill else ""
        closed = "" if request.prefill.endswith("</think>") else f"{opened} It is {first}.</think>"
        rest = (1 - self.confidence) / len(others)
        chances = {first: self.confidence, **dict.fromkeys(others, rest)}
        return Generation(
            id=request.id,
            status="stop",
            text=f"{closed}<answer>{first}</answer>",
            tokens=9,
            letters=LetterDistribution(probabilities=chances, other_mass=0.0, method="logits"),
        )
