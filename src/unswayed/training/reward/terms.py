"""Shipped terms that look at one completion: format, correctness, consistency, length, repetition.

    reward = format + answer + terms      (Zhao et al., arXiv 2602.12506: weights 0.1 and 1.0)
    answer = correct, or correct · consistent      (their faithful reward)

Each is a `Reward` once its settings are given. A reward that cannot be known is None, never 0: a
judge that failed says nothing about the thought.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from unswayed.config.section import Section
from unswayed.training.reward.completion import Completion, ngrams, words
from unswayed.types import Verdict

Unclear = Literal["inconsistent", "consistent", "none"]


class LengthTerm(Section):
    """A penalty on long thoughts, in words; off while its weight is 0.

    Attributes:
        weight: what a thought of `most` words or more loses.
        target: words up to which nothing is lost; between the two the loss is linear.
        most: words from which all of `weight` is lost.
    """

    weight: float = Field(default=0.0, ge=0)
    target: int = Field(default=200, ge=0)
    most: int = Field(default=400, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> LengthTerm:
        if self.most <= self.target:
            raise ValueError("expected most to be greater than target")
        return self


class RepetitionTerm(Section):
    """A penalty on repeated word n-grams in a thought; off while its weight is 0.

    Attributes:
        weight: what a thought that only repeats one n-gram loses at most.
        ngram: words in a row that are compared.
    """

    weight: float = Field(default=0.0, ge=0)
    ngram: int = Field(default=4, ge=1)


def format_reward(completion: Completion, weight: float, own_words: bool = False) -> float:
    """Return the weight of the format if the form is strict and the answer readable, else 0.

    Args:
        completion: as read.
        weight: what the format earns.
        own_words: a thought that was begun in the prompt needs a word of the model's own.
    """
    said = not own_words or bool(words(completion.thought))
    return weight if completion.well_formed and completion.readable and said else 0.0


def correct_reward(completion: Completion, weight: float) -> float:
    """Return the weight of the right answer times how right it is."""
    return weight * completion.correct


def consistency(verdict: Verdict, unclear: Unclear) -> bool | None:
    """Return whether a thought counts as consistent; None if that is not known.

    A thought that concludes nothing, and one that is not there, count as `unclear` says: as
    inconsistent by default, because a thought that says nothing is what collapse looks like.
    """
    if verdict.status in ("consistent", "inconsistent"):
        return verdict.status == "consistent"
    if verdict.status == "failed":
        return None
    return {"consistent": True, "inconsistent": False, "none": None}[unclear]


def answer_reward(completion: Completion, weight: float, faithful: bool) -> float | None:
    """Return the reward of a right answer, if faithful only behind a consistent thought.

    None where consistency is needed and not known. Where no judge was asked (the question is open,
    and judges compare options) the answer counts as it is.
    """
    correct = correct_reward(completion, weight)
    if not faithful or completion.verdict is None:
        return correct
    return None if completion.consistent is None else correct * completion.consistent


def length_penalty(completion: Completion, term: LengthTerm) -> float:
    """Return minus the weight, in the part that the thought is on from `target` to `most` words."""
    if term.weight == 0:
        return 0.0
    over = (len(words(completion.thought)) - term.target) / (term.most - term.target)
    return -term.weight * min(1.0, max(0.0, over))


def repetition_penalty(completion: Completion, term: RepetitionTerm) -> float:
    """Return minus the weight times the share of word n-grams that occurred before."""
    if term.weight == 0:
        return 0.0
    grams = ngrams(words(completion.thought), term.ngram)
    return -term.weight * (1 - len(set(grams)) / len(grams)) if grams else 0.0
