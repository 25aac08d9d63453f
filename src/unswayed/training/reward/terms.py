"""Rewards: pure functions of what a model wrote, read by the same parser as in evaluation.

    reward = format + answer + terms      (Zhao et al., arXiv 2602.12506: weights 0.1 and 1.0)
    answer = correct, or correct · consistent      (their faithful reward)

Prefill and completion are judged together, because together they are what the model says. A reward
that cannot be known is None, never 0: a judge that failed says nothing about the thought.
`scorer` asks the judge and adds what depends on the other completions of a prompt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction

from unswayed import answers
from unswayed.answers import values
from unswayed.errors import StageError
from unswayed.training.tables import LengthTerm, RepetitionTerm, RewardSettings
from unswayed.types import Consistency, Variant, Verdict

TERMS = (
    "length",
    "repetition",
    "likelihood",
    "invariance",
    "constraint",
    "thin",
    "duplicate",
)
"""Parts of a reward beside format and answer; 0 where they are off."""

_TAG = re.compile(r"</?(?:think|answer)>", re.IGNORECASE | re.ASCII)
_FORM = ["<think>", "</think>", "<answer>", "</answer>"]
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Outcome:
    """What a completion says, read against its prompt.

    Attributes:
        variant: the prompt.
        output: prefill + completion.
        reading: the blocks and, for a choice, the letter.
        value: the number, text or box of an open answer; None if unparsed, or for a choice.
        gold: the value that an open question asks for; None for a choice.
        well_formed: strictly one thought, then one answer, and nothing else.
        own: the part of the thought that the model wrote itself, behind the prefill.
    """

    variant: Variant
    output: str
    reading: answers.ParsedAnswer
    value: values.Value | None
    gold: values.Value | None
    well_formed: bool
    own: str

    @property
    def readable(self) -> bool:
        """Whether there is an answer of the kind that was asked for."""
        return self.reading.letter is not None or self.value is not None

    @property
    def said(self) -> str | None:
        """The answer in the sample's terms, so that answers under two variants compare.

        A letter of the sample for a choice; None if unparsed.
        """
        if self.variant.sample.answer_kind == "choice":
            letter = self.reading.letter
            return None if letter is None else self.variant.origin.get(letter, letter)
        return None if self.value is None else str(self.value)


@dataclass(frozen=True)
class RewardParts:
    """A reward and what it is made of; every part is weighted, so that parts sum to the total.

    Attributes:
        format: reward of the strict format.
        correct: reward of the right answer, before consistency.
        answer: the same after it; None if consistency is needed and not known.
        consistent: whether the thought says the answer; None if it was not asked or not known.
        verdict: the judge's status, None where it was not asked.
        length: penalty on a long thought, at most 0.
        repetition: penalty on repetition, at most 0.
        likelihood: bonus of GRPO-CARE.
        invariance: bonus for answering as under the twin prompt.
        constraint: consistency times the learned multiplier; None if it is not known.
        thin: penalty on a thought with little in it, at most 0.
        duplicate: penalty on a thought that the group shares, at most 0.
        total: the reward; None if a part of it is.
    """

    format: float
    correct: float
    answer: float | None
    consistent: bool | None = None
    verdict: Consistency | None = None
    length: float = 0.0
    repetition: float = 0.0
    likelihood: float = 0.0
    invariance: float = 0.0
    constraint: float | None = 0.0
    thin: float = 0.0
    duplicate: float = 0.0

    @property
    def total(self) -> float | None:
        """The sum of format, answer and terms."""
        parts: list[float | None] = [getattr(self, name) for name in ("format", "answer", *TERMS)]
        known = [part for part in parts if part is not None]
        return math.fsum(known) if len(known) == len(parts) else None


def read_completion(variant: Variant, completion: str, *, opens_thought: bool = False) -> Outcome:
    """Read a completion; prefill and completion together are the output.

    Args:
        variant: the prompt.
        completion: what the model wrote, without its end token.
        opens_thought: the chat template writes `<think>` itself where there is no prefill.
    """
    opened = "<think>" if opens_thought and not variant.prefill else ""
    output = opened + variant.prefill + completion
    reading = answers.parse_output(output, variant.options)
    kind = variant.sample.answer_kind
    value = gold = None
    if kind != "choice":
        value = values.parse_output(output, kind).value
        gold = values.parse_value(variant.answer, kind).value
    return Outcome(
        variant, output, reading, value, gold, _well_formed(output), _own(variant, reading)
    )


def format_reward(outcome: Outcome, settings: RewardSettings) -> float:
    """Return the weight of the format if the form is strict and the answer readable, else 0."""
    return settings.format if outcome.well_formed and outcome.readable else 0.0


def correctness(outcome: Outcome, settings: RewardSettings) -> float:
    """Return how right the answer is, in [0, 1]: 0 or 1, but for boxes graded by their IoU."""
    if outcome.variant.sample.answer_kind == "choice":
        return float(outcome.reading.letter == outcome.variant.answer)
    said, gold = outcome.value, outcome.gold
    if said is None or gold is None:
        return 0.0
    if settings.box == "graded" and isinstance(said, tuple) and isinstance(gold, tuple):
        return values.iou(said, gold)
    if isinstance(said, Fraction) and isinstance(gold, Fraction):
        return float(values.same(said, gold, tolerance=settings.tolerance))
    return float(values.same(said, gold, least_iou=settings.least_iou))


def correct_reward(outcome: Outcome, settings: RewardSettings) -> float:
    """Return the weight of the right answer times how right it is."""
    return settings.correct * correctness(outcome, settings)


def consistency(verdict: Verdict, settings: RewardSettings) -> bool | None:
    """Return whether a thought counts as consistent; None if that is not known.

    A thought that concludes nothing, and one that is not there, count as `settings.unclear` says:
    as inconsistent by default, because a thought that says nothing is what collapse looks like.
    """
    if verdict.status in ("consistent", "inconsistent"):
        return verdict.status == "consistent"
    if verdict.status == "failed":
        return None
    return {"consistent": True, "inconsistent": False, "none": None}[settings.unclear]


def reward_parts(
    outcome: Outcome,
    verdict: Verdict | None,
    settings: RewardSettings,
    terms: Mapping[str, float] | None = None,
    multiplier: float = 0.0,
) -> RewardParts:
    """Return the reward of one completion.

    Args:
        outcome: the completion as read.
        verdict: the judge's; None where it was not asked: no judge is needed, or the question is
            open and judges compare options (then the answer counts as it is).
        settings: weights and choices.
        terms: weighted terms that depend on other completions, by their names in `TERMS`.
        multiplier: of the constraint, if there is one.

    Raises:
        StageError: a part is NaN or infinite; the message names it.
    """
    correct = correct_reward(outcome, settings)
    consistent = None if verdict is None else consistency(verdict, settings)
    answer: float | None = correct
    constraint: float | None = 0.0
    if verdict is not None and settings.faithful:
        answer = None if consistent is None else correct * consistent
    if verdict is not None and settings.lagrangian is not None:
        constraint = None if consistent is None else multiplier * consistent
    parts = RewardParts(
        format=format_reward(outcome, settings),
        correct=correct,
        answer=answer,
        consistent=consistent,
        verdict=None if verdict is None else verdict.status,
        length=length_penalty(outcome, settings.length),
        repetition=repetition_penalty(outcome, settings.repetition),
        constraint=constraint,
        **(terms or {}),
    )
    _check_finite(parts, outcome.variant)
    return parts


def length_penalty(outcome: Outcome, term: LengthTerm) -> float:
    """Return minus the weight, in the part that the thought is on from `target` to `most` words."""
    if term.weight == 0:
        return 0.0
    over = (len(words(outcome.own)) - term.target) / (term.most - term.target)
    return -term.weight * min(1.0, max(0.0, over))


def repetition_penalty(outcome: Outcome, term: RepetitionTerm) -> float:
    """Return minus the weight times the share of word n-grams that occurred before."""
    if term.weight == 0:
        return 0.0
    found = ngrams(words(outcome.own), term.ngram)
    return -term.weight * (1 - len(set(found)) / len(found)) if found else 0.0


def words(text: str) -> list[str]:
    """Return the words of a text, case folded."""
    return _WORD.findall(text.casefold())


def ngrams(tokens: list[str], n: int) -> list[tuple[str, ...]]:
    """Return all runs of n words, in order; none if there are fewer words."""
    return [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]


def _well_formed(output: str) -> bool:
    """Say whether the output is one thought that says something, one answer, and blanks."""
    tags = list(_TAG.finditer(output))
    if [tag[0] for tag in tags] != _FORM:
        return False
    opened, closed, asked, ended = tags
    around = (output[: opened.start()], output[closed.end() : asked.start()], output[ended.end() :])
    thought = output[opened.end() : closed.start()]
    return bool(thought.strip()) and not any(text.strip() for text in around)


def _own(variant: Variant, reading: answers.ParsedAnswer) -> str:
    """Return the thought without what the prefill had put there."""
    thought = reading.think or ""
    given = _TAG.sub("", variant.prefill).strip()
    return thought.removeprefix(given).strip() if given else thought


def _check_finite(parts: RewardParts, variant: Variant) -> None:
    for field in fields(parts):
        value = getattr(parts, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise StageError(
                f"expected a finite number for the reward part {field.name!r} of "
                f"{variant.sample.id} ({variant.name}), found {value}; mend that part"
            )
