"""What k outputs of one prompt say that one does not: agreement, majority, marginal distribution.

The expected accuracy of one output is `accuracy` itself: the mean over a prompt's outputs, then
over prompts. Here each prompt (a variant of a sample, with one foil) is one row of a figure, and
intervals resample images or scenes, never outputs. Questions with options alone: two texts that
answer an open question may be the same answer or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unswayed.metrics import calibration, uncertainty
from unswayed.metrics.accuracy import NO_CHOICES
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.codes import ABSTAINED, BASE, UNPARSED, is_misleading
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean
from unswayed.metrics.robustness import Pairs
from unswayed.types import LETTERS

_ABSTAIN = len(LETTERS)
"""Place of abstaining among the answers, behind the letters."""


def metrics(
    variant: str, rows: Columns, pairs: Pairs, settings: IntervalSettings
) -> Iterator[Mean | Figure]:
    """Yield the metrics of a variant that has several outputs a prompt.

    Args:
        variant: its name.
        rows: its completed rows.
        pairs: its rows with their base rows.
        settings: of the intervals.
    """
    prompts = prompts_of(rows.of_kind("choice"))
    yield agreement(prompts)
    yield majority(prompts)
    yield from marginal(prompts, settings)
    if variant != BASE:
        yield from uncertainty.prediction(pairs, settings.level, "_marginal")
    if is_misleading(variant):
        yield uncertainty.prediction_gain(pairs, settings.level, "_marginal")


@dataclass(frozen=True)
class Prompts:
    """The prompts of a variant.

    Attributes:
        first: the first completed row of each prompt.
        outputs: (prompts,) number of its completed rows, at least 1.
        answers: (prompts, 27) how often each letter was answered, and abstained last; an unparsed
            output answers nothing.
    """

    first: Columns
    outputs: Ints
    answers: Ints


def prompts_of(rows: Columns) -> Prompts:
    """Return the prompts of completed rows of one variant, all of them questions with options."""
    foils = 1 + int(rows.foil_index.max(initial=0))
    _, first, prompt = np.unique(
        rows.sample * foils + rows.foil_index, return_index=True, return_inverse=True
    )
    places = np.where(rows.chosen == ABSTAINED, _ABSTAIN, rows.chosen)
    answered = rows.chosen != UNPARSED
    answers = np.zeros((len(first), _ABSTAIN + 1), dtype=np.int64)
    np.add.at(answers, (prompt[answered], places[answered]), 1)
    outputs = np.bincount(prompt, minlength=len(first)).astype(np.int64)
    return Prompts(rows.take(first.astype(np.int64)), outputs, answers)


def agreement(prompts: Prompts) -> Mean:
    """Return `draw_agreement`: the probability that two outputs of a prompt answer the same.

    Over the pairs of a prompt's m outputs, Σ c (c − 1) / (m (m − 1)) with c outputs of each answer,
    which is unbiased whatever m (Simpson, *Measurement of Diversity*, Nature 1949). An unparsed
    output gives no answer and agrees with none, not with another unparsed one either. Prompts with
    fewer than two outputs are left out.
    """
    several = prompts.outputs >= 2
    counts, m = prompts.answers[several], prompts.outputs[several]
    same = (counts * (counts - 1)).sum(axis=1) / (m * (m - 1))
    missing = "no prompt has two outputs" if len(m) or len(several) else NO_CHOICES
    return Mean("draw_agreement", same, prompts.first.cluster[several], missing=missing)


def majority(prompts: Prompts) -> Mean:
    """Return `majority_accuracy`: the answer that most of a prompt's outputs give is right.

    Self-consistency (Wang et al., arXiv 2203.11171). Where several answers tie for the most, it
    counts the share of them that is right. Abstaining is an answer; an unparsed output has no vote,
    and a prompt without any vote is not right.
    """
    counts = prompts.answers
    tied = (counts == counts.max(axis=1, initial=0)[:, None]) & (counts > 0)
    right = tied[np.arange(len(counts)), prompts.first.gold]
    values: Floats = right / np.maximum(tied.sum(axis=1), 1)
    return Mean("majority_accuracy", values, prompts.first.cluster, missing=NO_CHOICES)


def marginal(prompts: Prompts, settings: IntervalSettings) -> list[Mean | Figure]:
    """Return mean entropy, mean P(correct) and the calibration error of marginal distributions.

    Outputs without a distribution (`letters_rate` says how many) are not in the mean of their
    prompt; prompts without any are left out.
    """
    rows = prompts.first.take(np.isfinite(prompts.first.p_top_marginal))
    ceiling = float(np.log(rows.options.max(initial=1)))
    missing = uncertainty.NO_LETTERS
    names = ("ece_marginal", "ece_debiased_marginal")
    return [
        Mean("entropy_marginal", rows.entropy_marginal, rows.cluster, (0.0, ceiling), missing),
        Mean("p_correct_marginal", rows.p_correct_marginal, rows.cluster, missing=missing),
        *calibration.ece_figures(
            names, rows.p_top_marginal, rows.top_correct_marginal, rows.cluster, settings, missing
        ),
    ]
