"""Selective prediction: answer only above a threshold of confidence. Does it protect from texts?

Who deploys a model can decline to answer where it is unsure. So a threshold on the confidence
under base (the probability of the likeliest letter, which needs no gold) is chosen on one half of
a benchmark: the lowest one at which the error among the answered is at most half of base's error.
On the other half it is tried: how many are answered, and how many of those are wrong, in base and
under each variant. An answer that base is sure of and that a text still turns is a failure that no
threshold on base prevents.

Geifman and El-Yaniv, *Selective Classification for Deep Neural Networks* (NeurIPS 2017), whose
bound on the risk needs more rows than most benchmarks have: here the held-out risk under base says
whether the target is met. The halves divide clusters by a hash of their names and the seed, so that
a question is in the same half in every run. Intervals take the threshold as given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unswayed.metrics.arrays import Bools
from unswayed.metrics.codes import BASE
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean, mean_figures
from unswayed.metrics.robustness import NO_PAIRS, Pairs, paired
from unswayed.metrics.scopes import records, variant_names, within
from unswayed.metrics.uncertainty import NO_LETTERS, curve
from unswayed.types import Estimate

TARGET = 0.5
"""The error among the answered that is aimed at, as a share of base's error."""

LEAST_CLUSTERS, LEAST_ERRORS = 20, 4
"""Clusters in each half, and wrong answers in the first, below which no threshold is chosen."""

LEAST_ANSWERED = 20
"""Prompts of the first half that a threshold must answer: among fewer, few errors are chance."""

_BITS = 64


@dataclass(frozen=True)
class Threshold:
    """A threshold, and what it was chosen on.

    Attributes:
        value: base rows with at least this confidence are answered; None if none was chosen.
        n: rows that it was chosen on.
        n_clusters: clusters among them.
        reason: why none was chosen.
    """

    value: float | None
    n: int
    n_clusters: int
    reason: str = ""


def measured(outcomes: Columns, benchmark: str, settings: IntervalSettings) -> list[Estimate]:
    """Return threshold, coverage and risk of a benchmark (or `all`), the last two by variant.

    Args:
        outcomes: the run's rows.
        benchmark: a benchmark of the run, or `all`.
        settings: how the intervals are made; the seed also divides the halves.
    """
    threshold = Threshold(None, 0, 0, NO_PAIRS)
    if BASE in outcomes.variants:
        base = outcomes.take(within(outcomes, benchmark, BASE) & outcomes.has_output())
        threshold = choose(base, settings.seed)
    found: list[Estimate] = []
    for variant in variant_names(outcomes, benchmark):
        pairs = paired(outcomes, within(outcomes, benchmark, variant))
        figures = mean_figures(tried(pairs, threshold, settings.seed), settings)
        if variant == BASE:
            figures = [_figure(threshold, settings.level), *figures]
        found += records(outcomes, benchmark, variant, (variant,), figures)
    return found


def first_half(rows: Columns, seed: int) -> Bools:
    """Return (n,) flags of the rows whose cluster is in the half that the threshold is chosen on.

    A bit of the hash of the cluster's name: the same in every run, another bit for other seeds.
    """
    return (rows.cluster_hash >> (seed % _BITS) & 1) == 1


def choose(base: Columns, seed: int) -> Threshold:
    """Return the threshold with the most answers whose error is at most `TARGET` of base's.

    Args:
        base: completed base rows.
        seed: divides the halves.
    """
    known = base.take(base.method >= 0)
    half = first_half(known, seed)
    rows = known.take(half)
    sizes = [len(np.unique(known.cluster[side])) for side in (half, ~half)]
    reason = _unfit(base, known, sizes, int((~rows.correct).sum()))
    if reason:
        return Threshold(None, len(rows), sizes[0], reason)
    thresholds, coverage, risks = curve(rows.p_top, ~rows.correct, len(rows))
    enough = np.round(coverage * len(rows)) >= LEAST_ANSWERED * base.draws
    reached = np.flatnonzero(enough & (risks <= TARGET * (~rows.correct).mean()))
    if len(reached) == 0:
        reason = (
            f"no threshold that answers at least {LEAST_ANSWERED} halves the error: the surest "
            "answers are wrong nearly as often as the others"
        )
        return Threshold(None, len(rows), sizes[0], reason)
    return Threshold(float(thresholds[reached[-1]]), len(rows), sizes[0])


def tried(pairs: Pairs, threshold: Threshold, seed: int) -> list[Mean]:
    """Return coverage, risk among the answered, and risk if all were answered: the other half.

    Args:
        pairs: rows of a variant with their base rows.
        threshold: on the confidence under base.
        seed: divides the halves.
    """
    held_out = (pairs.base.method >= 0) & ~first_half(pairs.base, seed)
    if threshold.value is None:
        held_out &= False
    base, after = pairs.base.take(held_out), pairs.variant.take(held_out)
    answered = base.p_top >= (threshold.value or 0.0)
    wrong = (~after.correct).astype(np.float64)
    missing = threshold.reason or NO_PAIRS
    nothing = "nothing is sure enough to be answered" if len(after) else missing
    return [
        Mean("selective_coverage", answered.astype(np.float64), after.cluster, missing=missing),
        Mean("selective_risk", wrong[answered], after.cluster[answered], missing=nothing),
        Mean("selective_risk_all", wrong, after.cluster, missing=missing),
    ]


def _unfit(base: Columns, known: Columns, sizes: list[int], errors: int) -> str:
    """Say why no threshold can be chosen; empty if one can."""
    if len(base) == 0:
        return NO_PAIRS
    if len(known) == 0:
        return NO_LETTERS
    if min(sizes) < LEAST_CLUSTERS:
        return (
            f"too few images or scenes to choose a threshold on one half: {sizes[0]} and "
            f"{sizes[1]} in the halves, each needs {LEAST_CLUSTERS}"
        )
    if errors < LEAST_ERRORS * base.draws:
        return (
            f"too few errors to halve: {errors} in base on the half that the threshold is chosen "
            f"on, at least {LEAST_ERRORS * base.draws} are needed"
        )
    return ""


def _figure(threshold: Threshold, level: float) -> Figure:
    reason = threshold.reason or "it was chosen, not estimated: it has no interval"
    return Figure(
        "selective_threshold",
        threshold.value,
        threshold.n,
        threshold.n_clusters,
        level=level,
        reason=reason,
    )
