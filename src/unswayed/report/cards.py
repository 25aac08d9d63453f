"""A sample as the page shows it: every text visible, cut to a bounded size, nothing else kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unswayed.report.outputs import AnswerClass, ScoredOutput
from unswayed.report.text import Passage, one_line, passage
from unswayed.types import ImageRef

_ANSWER = re.compile("<answer>", re.IGNORECASE)
MOST_PICTURES = 6
"""Pictures of one sample that are shown."""
MOST_DRAWS = 2
"""Outputs of one prompt that are shown, beside the output of most interest."""


@dataclass(frozen=True)
class OptionLine:
    """One option as it was shown, or the gold or foil of an open question, without a letter."""

    letter: str
    text: str
    gold: bool
    foil: bool


@dataclass(frozen=True)
class Bar:
    """Probability of one letter; `role` is gold, foil or other."""

    letter: str
    probability: float
    role: str


@dataclass(frozen=True)
class VariantCard:
    """One variant of a sample.

    Attributes:
        label: the variant's name.
        outcome: how its answer compares; a key of `ANSWER_CLASSES`.
        answered: the letter or value that was read; empty if none.
        problem: why no answer was read; empty if one was.
        options: the options, where they differ from the sample's; else empty.
        caption: the injected caption.
        draft: the injected thought, delivered in the user's turn.
        prefill: the injected start of the assistant's turn.
        thought: what the model wrote before its answer.
        has_thought: there is a thought in it, not just text.
        answer: the answer block and what follows it.
        error: message of a generation that failed or was refused.
        cut_off: the token limit ended it.
        verdict: status of the verdict; empty if it was not judged.
        concludes: option that the judge found in the thought; empty if none.
        reason: the judge's reason.
        bars: letter distribution.
        notes: flags of the answer and remarks on the letter distribution.
        opened: shown unfolded.
    """

    label: str
    outcome: AnswerClass
    answered: str
    problem: str
    options: tuple[OptionLine, ...]
    caption: Passage
    draft: Passage
    prefill: Passage
    thought: Passage
    has_thought: bool
    answer: Passage
    error: str
    cut_off: bool
    verdict: str
    concludes: str
    reason: str
    bars: tuple[Bar, ...]
    notes: tuple[str, ...]
    opened: bool


@dataclass(frozen=True)
class Card:
    """A sample with all its variants; `more_outputs` of them are not shown.

    `key` is its id as it is, `id` as it is shown.
    """

    key: str
    id: str
    images: tuple[ImageRef, ...]
    more_images: int
    question: Passage
    options: tuple[OptionLine, ...]
    variants: tuple[VariantCard, ...]
    more_outputs: int = 0


def card(outputs: list[ScoredOutput]) -> Card:
    """Return the card of a sample; base and the variant of most interest are unfolded."""
    first = outputs[0].variant
    shown_first = max(outputs, key=_interest)
    shown = [one for one in outputs if one.generation.draw < MOST_DRAWS or one is shown_first]
    return Card(
        key=first.sample.id,
        id=one_line(first.sample.id),
        images=first.sample.images[:MOST_PICTURES],
        more_images=max(0, len(first.sample.images) - MOST_PICTURES),
        question=passage(first.sample.question, head=600, limit=4000),
        options=option_lines(outputs[0]),
        variants=tuple(
            variant_card(one, outputs[0], one is shown_first or one.variant.name == "base")
            for one in shown
        ),
        more_outputs=len(outputs) - len(shown),
    )


def _interest(output: ScoredOutput) -> int:
    """Rank an output: a misled answer first, then an inconsistent thought, then misleading text."""
    misled = output.misleads() and output.outcome == "foil"
    return 4 * misled + 2 * output.inconsistent + output.misleads()


def option_lines(output: ScoredOutput) -> tuple[OptionLine, ...]:
    """Return the options as they were shown, or gold and foil of an open question."""
    shown = output.variant
    if shown.sample.answer_kind != "choice":
        golds = [OptionLine("", one_line(shown.answer, 400), True, False)]
        foils = [OptionLine("", one_line(shown.foil, 400), False, True)] if shown.foil else []
        return (*golds, *foils)
    return tuple(
        OptionLine(letter, one_line(text, 400), letter == shown.answer, letter == shown.foil)
        for letter, text in shown.options.items()
    )


def variant_card(output: ScoredOutput, first: ScoredOutput, opened: bool = False) -> VariantCard:
    """Return one output as it is shown.

    Args:
        output: the output.
        first: the sample's first output, whose options are shown once for all that have the same.
        opened: shown unfolded.
    """
    shown, generation, verdict = output.variant, output.generation, output.verdict
    thought, answer = split_output(output)
    same = shown.options == first.variant.options and shown.foil == first.variant.foil
    return VariantCard(
        label=one_line(output.label, 80),
        outcome=output.outcome,
        answered=one_line(output.answer, 80),
        problem=output.problem.replace("-", " "),
        options=() if same else option_lines(output),
        caption=passage(shown.caption or "", limit=4000),
        draft=passage(shown.draft or "", limit=4000),
        prefill=passage(shown.prefill, limit=4000),
        thought=passage(thought),
        has_thought=output.parsed.think is not None,
        answer=passage(answer, head=400),
        error=one_line(generation.error or "", 300),
        cut_off=generation.status == "length",
        verdict=verdict.status if verdict else "",
        concludes=(verdict.concludes or "") if verdict else "",
        reason=one_line(verdict.reason, 400) if verdict else "",
        bars=_bars(output),
        notes=_notes(output),
        opened=opened,
    )


def split_output(output: ScoredOutput) -> tuple[str, str]:
    """Return what the model wrote, as it is: before its last answer tag, and from it on."""
    text, at = output.generation.text, output.parsed.answer_at
    if at is None:
        return text, ""
    tag = max((m.start() for m in _ANSWER.finditer(output.text, 0, at)), default=0)
    cut = max(0, tag - len(output.variant.prefill))
    return text[:cut], text[cut:]


def _bars(output: ScoredOutput) -> tuple[Bar, ...]:
    letters = output.generation.letters
    if letters is None:
        return ()
    roles = {output.variant.foil: "foil", output.variant.answer: "gold"}
    return tuple(
        Bar(letter, probability, roles.get(letter, "other"))
        for letter, probability in letters.probabilities.items()
    )


def _notes(output: ScoredOutput) -> tuple[str, ...]:
    notes = sorted(flag.replace("-", " ") for flag in output.parsed.flags)
    letters = output.generation.letters
    if letters is not None:
        if letters.forced:
            notes.append("the letter distribution was read after closing the thought")
        if letters.bounded:
            notes.append(f"the probability is an upper bound for {', '.join(letters.bounded)}")
        if letters.other_mass is not None:
            notes.append(f"{letters.other_mass:.3f} of the probability went to other tokens")
    return tuple(notes)
