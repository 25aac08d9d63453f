"""How the outputs of a run are read: one set of rules for figures, judges, reports and tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unswayed.answers import values
from unswayed.answers.blocks import blocks
from unswayed.answers.letters import ConflictPolicy, Flag, ParsedAnswer, parse_answer
from unswayed.answers.styles import TAGGED, AnswerStyle, parse_output
from unswayed.types import Generation, Variant


@dataclass(frozen=True)
class AnswerRules:
    """How outputs are read, and when a number is right.

    Attributes:
        style: where thought and answer stand in an output.
        on_conflict: what counts when an answer's letter and its text disagree.
        tolerance: largest difference at which a number counts as the gold.
    """

    style: AnswerStyle = TAGGED
    on_conflict: ConflictPolicy = "letter"
    tolerance: float = 0.0

    def output(self, variant: Variant, generation: Generation) -> str:
        """Return the text that counts, prefill and continuation, in the family's own marks."""
        return self.style.native(variant.prefill) + generation.text

    def read(self, variant: Variant, generation: Generation) -> ParsedAnswer:
        """Read the answer to a question with options; a recorded answer stands for its output's."""
        output = self.output(variant, generation)
        style, given = self.style.name, self._given(variant)
        reading = parse_output(output, variant.options, self.on_conflict, style, given)
        if generation.answer is None:
            return reading
        recorded = parse_answer(generation.answer, variant.options, self.on_conflict)
        flags = recorded.flags | frozenset[Flag]({"recorded"})
        think = _thought(output, variant)
        return replace(recorded, think=think, answer_at=None, flags=flags)

    def value(self, variant: Variant, generation: Generation) -> values.ParsedValue:
        """Read the answer to an open question.

        Raises:
            ValueError: the question has options.
        """
        kind = variant.sample.answer_kind
        if kind == "choice":
            raise ValueError("a question with options has no value")
        output = self.output(variant, generation)
        if generation.answer is not None:
            recorded = values.parse_value(generation.answer, kind)
            return replace(recorded, think=_thought(output, variant), answer=generation.answer)
        return values.parse_output(output, kind, self.style.name, self._given(variant))

    def _given(self, variant: Variant) -> int:
        """Return how much of an output was put into the model's mouth."""
        return len(self.style.native(variant.prefill))


def _thought(output: str, variant: Variant) -> str | None:
    """Return the thought of an output whose answer was recorded apart from it.

    Without marks all of it is thought, unless it is no more than an answer.
    """
    parts = blocks(output)
    if parts.think is not None or parts.answer is not None:
        return parts.think
    alone = parse_answer(output, variant.options)
    return output.strip() or None if alone.letter is None else None
