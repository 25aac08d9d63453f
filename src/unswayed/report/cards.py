"""A sample as the page shows it: every text visible, cut to a bounded size, nothing else kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unswayed.report.samples import Outcome, Row
from unswayed.report.text import Passage, one_line, passage
from unswayed.types import ImageRef

OUTCOMES: dict[Outcome, str] = {
    "right": "right",
    "foil": "the foil",
    "wrong": "wrong",
    "abstained": "abstained",
    "unparsed": "no readable answer",
    "refused": "refused by the model",
    "failed": "generation failed",
    "unscored": "not compared: its gold cannot be read",
}
"""Words for the outcomes: colour alone never tells them apart."""

_ANSWER = re.compile("<answer>", re.IGNORECASE)
MOST_PICTURES = 6
"""Pictures of one sample that are shown."""


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
        outcome: how its answer compares; a key of `OUTCOMES`.
        said: the letter or value that was read; empty if none.
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
        notes: what was odd about it, in words.
        opened: shown unfolded.
    """

    label: str
    outcome: Outcome
    said: str
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
    """A sample with all its variants."""

    id: str
    images: tuple[ImageRef, ...]
    more_images: int
    question: Passage
    options: tuple[OptionLine, ...]
    variants: tuple[VariantCard, ...]


def card(rows: list[Row]) -> Card:
    """Make a card of the rows of one sample; base and the most telling variant are unfolded."""
    first = rows[0].variant
    telling = max(rows, key=_weight)
    return Card(
        id=one_line(first.sample.id),
        images=first.sample.images[:MOST_PICTURES],
        more_images=max(0, len(first.sample.images) - MOST_PICTURES),
        question=passage(first.sample.question, head=600, limit=4000),
        options=_options(rows[0]),
        variants=tuple(
            _variant_card(r, rows[0], r is telling or r.variant.name == "base") for r in rows
        ),
    )


def _weight(row: Row) -> int:
    """Rank a row by how much it tells: a sway first, then a thought that differs."""
    differs = row.verdict is not None and row.verdict.status == "inconsistent"
    return 4 * (row.misleads() and row.outcome == "foil") + 2 * differs + row.misleads()


def _options(row: Row) -> tuple[OptionLine, ...]:
    shown = row.variant
    if shown.sample.answer_kind != "choice":
        golds = [OptionLine("", one_line(shown.answer, 400), True, False)]
        foils = [OptionLine("", one_line(shown.foil, 400), False, True)] if shown.foil else []
        return (*golds, *foils)
    return tuple(
        OptionLine(letter, one_line(text, 400), letter == shown.answer, letter == shown.foil)
        for letter, text in shown.options.items()
    )


def _variant_card(row: Row, first: Row, opened: bool) -> VariantCard:
    shown, made, verdict = row.variant, row.generation, row.verdict
    thought, answer = split_output(row)
    same = shown.options == first.variant.options and shown.foil == first.variant.foil
    return VariantCard(
        label=one_line(row.label, 80),
        outcome=row.outcome,
        said=one_line(row.said, 80),
        problem=row.problem.replace("-", " "),
        options=() if same else _options(row),
        caption=passage(shown.caption or "", limit=4000),
        draft=passage(shown.draft or "", limit=4000),
        prefill=passage(shown.prefill, limit=4000),
        thought=passage(thought),
        has_thought=row.reading.think is not None,
        answer=passage(answer, head=400),
        error=one_line(made.error or "", 300),
        cut_off=made.status == "length",
        verdict=verdict.status if verdict else "",
        concludes=(verdict.concludes or "") if verdict else "",
        reason=one_line(verdict.reason, 400) if verdict else "",
        bars=_bars(row),
        notes=_notes(row),
        opened=opened,
    )


def split_output(row: Row) -> tuple[str, str]:
    """Return what the model wrote, as it is: before its last answer tag, and from it on."""
    text, at = row.generation.text, row.reading.answer_at
    if at is None:
        return text, ""
    tag = max((m.start() for m in _ANSWER.finditer(row.output, 0, at)), default=0)
    cut = max(0, tag - len(row.variant.prefill))
    return text[:cut], text[cut:]


def _bars(row: Row) -> tuple[Bar, ...]:
    letters = row.generation.letters
    if letters is None:
        return ()
    roles = {row.variant.foil: "foil", row.variant.answer: "gold"}
    return tuple(
        Bar(letter, probability, roles.get(letter, "other"))
        for letter, probability in letters.probabilities.items()
    )


def _notes(row: Row) -> tuple[str, ...]:
    notes = sorted(flag.replace("-", " ") for flag in row.reading.flags)
    letters = row.generation.letters
    if letters is not None:
        if letters.forced:
            notes.append("the thought was closed for it: this distribution was read by force")
        if letters.bounded:
            notes.append(f"only an upper bound for {', '.join(letters.bounded)}")
        if letters.other_mass is not None:
            notes.append(f"{letters.other_mass:.3f} of the probability went to other tokens")
    return tuple(notes)
