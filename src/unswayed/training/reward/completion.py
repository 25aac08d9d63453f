"""A completion as it is rewarded: read by evaluation's parser, and compared with the gold.

Prefill and completion are read together, because together they are what the model says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field

from unswayed import answers
from unswayed.answers import values
from unswayed.answers.blocks import OPEN_THINK, TAG, TAGS
from unswayed.config.section import Section
from unswayed.types import Variant, Verdict

_WORD = re.compile(r"\w+")


class Grading(Section):
    """When an answer that is no letter is right.

    Attributes:
        box: reward of a box: 1 from `least_iou` on, or its IoU.
        least_iou: overlap from which a box is right.
        tolerance: largest difference of two numbers that are the same answer.
    """

    box: Literal["threshold", "graded"] = "threshold"
    least_iou: float = Field(default=0.5, gt=0, le=1)
    tolerance: float = Field(default=0.0, ge=0)


@dataclass(frozen=True)
class Completion:
    """What a model wrote, read against its prompt.

    Attributes:
        variant: the prompt, with its sample, options, gold and prefill.
        text: what was written, without prefill and end token.
        output: prefill + completion.
        parsed: the thought and answer blocks and, for a choice, the letter.
        value: the number, text or box of an open answer; None if unparsed, or for a choice.
        gold: the value that an open question asks for; None for a choice.
        well_formed: strictly one thought with a word in it, then one answer, and nothing else.
        thought: the part of the thought that the model wrote itself, behind the prefill.
        correct: how right the answer is, in [0, 1]: 0 or 1, but for boxes graded by their IoU.
        verdict: the judge's; None where it was not asked.
        consistent: whether the thought says the answer; None if it was not asked or is not known.
        log_likelihood: mean over the answer's tokens under the reference model, at most 0; None
            without a reference or an answer.
        second: the option, as a letter of the sample, that the policy names behind the same thought
            once the options are shuffled; None if it was not asked.
    """

    variant: Variant
    text: str
    output: str
    parsed: answers.ParsedAnswer
    value: values.Value | None
    gold: values.Value | None
    well_formed: bool
    thought: str
    correct: float
    verdict: Verdict | None = None
    consistent: bool | None = None
    log_likelihood: float | None = None
    second: str | None = None

    @property
    def readable(self) -> bool:
        """Whether there is one answer of the kind that was asked for; a conflict gives two."""
        if self.parsed.conflicts:
            return False
        return self.parsed.letter is not None or self.value is not None

    @property
    def answer(self) -> str | None:
        """The answer in the sample's terms, so that answers under two variants compare.

        A letter of the sample for a choice; None if unparsed.
        """
        if self.variant.sample.answer_kind == "choice":
            letter = self.parsed.letter
            return None if letter is None else self.variant.origin.get(letter, letter)
        return None if self.value is None else str(self.value)


def read_completion(
    variant: Variant, text: str, grading: Grading | None = None, *, opens_thought: bool = False
) -> Completion:
    """Read a completion.

    Args:
        variant: the prompt.
        text: what the model wrote, without its end token.
        grading: when an open answer is right; None for the defaults.
        opens_thought: the chat template writes `<think>` itself where there is no prefill.
    """
    opened = OPEN_THINK if opens_thought and not variant.prefill else ""
    output = opened + variant.prefill + text
    parsed = answers.parse_output(output, variant.options)
    kind = variant.sample.answer_kind
    value = gold = None
    if kind == "choice":
        # An answer that names one option and repeats another one's text is right whichever counts.
        conflict = parsed.conflicts
        correct = float(parsed.letter == variant.answer and not conflict)
    else:
        value = values.parse_output(output, kind).value
        gold = values.parse_value(variant.answer, kind).value
        correct = _graded(value, gold, grading or Grading())
    return Completion(
        variant=variant,
        text=text,
        output=output,
        parsed=parsed,
        value=value,
        gold=gold,
        well_formed=_well_formed(output),
        thought=_own(variant, parsed),
        correct=correct,
    )


def words(text: str) -> list[str]:
    """Return the words of a text, case folded."""
    return _WORD.findall(text.casefold())


def ngrams(tokens: list[str], n: int) -> list[tuple[str, ...]]:
    """Return all runs of n words, in order; none if there are fewer words."""
    return [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]


def _graded(value: values.Value | None, gold: values.Value | None, grading: Grading) -> float:
    """Return how right the value of an open answer is."""
    if value is None or gold is None:
        return 0.0
    if grading.box == "graded" and isinstance(value, tuple) and isinstance(gold, tuple):
        return values.iou(value, gold)
    if isinstance(value, Fraction) and isinstance(gold, Fraction):
        return float(values.same(value, gold, tolerance=grading.tolerance))
    return float(values.same(value, gold, least_iou=grading.least_iou))


def _well_formed(output: str) -> bool:
    """Say whether the output is one thought with a word in it, one answer, and blanks."""
    tags = list(TAG.finditer(output))
    if tuple(tag[0] for tag in tags) != TAGS:
        return False
    think_start, think_end, answer_start, answer_end = tags
    around = (
        output[: think_start.start()],
        output[think_end.end() : answer_start.start()],
        output[answer_end.end() :],
    )
    thought = output[think_start.end() : think_end.start()]
    return bool(words(thought)) and not any(text.strip() for text in around)


def _own(variant: Variant, parsed: answers.ParsedAnswer) -> str:
    """Return the thought without what the prefill had put there."""
    thought = parsed.think or ""
    prefill = TAG.sub("", variant.prefill).strip()
    return thought.removeprefix(prefill).strip() if prefill else thought
