"""Paired-variant invariance: a perturbed prompt should be answered as its unperturbed twin is.

Ours. Each perturbed prompt is trained on beside the same question without the text, in one batch.
A completion earns `weight` times the share of the twin's completions that give the same answer; by
default only if it is right, because two prompts that are answered wrongly alike are invariant too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from unswayed.answers import values
from unswayed.errors import ConfigError
from unswayed.training.reward.terms import Outcome, correctness
from unswayed.training.tables import RewardSettings

BASE = "base"


def bonuses(outcomes: Sequence[Outcome], settings: RewardSettings) -> list[float]:
    """Return the bonus of each completion of a batch.

    Raises:
        ConfigError: the twin of a prompt is not in the batch.
    """
    term = settings.paired_invariance
    if term is None:
        return [0.0] * len(outcomes)
    by_sample: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_sample[outcome.variant.sample.id].append(outcome)
    return [
        0.0
        if term.only_right and correctness(outcome, settings) == 0
        else term.weight * _agreeing(outcome, by_sample[outcome.variant.sample.id], settings)
        for outcome in outcomes
    ]


def _agreeing(outcome: Outcome, others: Sequence[Outcome], settings: RewardSettings) -> float:
    """Return the share of the completions of the twin prompt that give the same answer."""
    name = outcome.variant.name
    twins = [
        other
        for other in others
        if other.variant.name != name and BASE in (name, other.variant.name)
    ]
    if not twins:
        raise ConfigError(
            f"expected {outcome.variant.sample.id} with and without a text in one batch, found "
            f"{name} alone; keep the order of the prompts and whole pairs in each device's batch"
        )
    return sum(_same(outcome, twin, settings) for twin in twins) / len(twins)


def _same(one: Outcome, other: Outcome, settings: RewardSettings) -> bool:
    if one.variant.sample.answer_kind == "choice":
        return one.said is not None and one.said == other.said
    if one.value is None or other.value is None:
        return False
    return values.same(one.value, other.value, settings.tolerance, settings.least_iou)
