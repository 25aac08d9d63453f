"""Paired-variant invariance: a perturbed prompt should be answered as its unperturbed twin is.

Ours. Each perturbed prompt is trained on beside the same question without the text, in one batch.
A completion earns `weight` times the share of the twin's completions that give the same answer; by
default only if it is right, because two prompts that are answered wrongly alike are invariant too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pydantic import Field

from unswayed.answers import values
from unswayed.config.section import Section
from unswayed.errors import ConfigError
from unswayed.training.augmentation import BASE
from unswayed.training.reward.completion import Completion, Grading


class PairedInvariance(Section):
    """A bonus for answering a perturbed prompt as its unperturbed twin is answered.

    Attributes:
        weight: bonus of a completion that all completions of the twin prompt agree with.
        only_right: give it to right answers only, so that agreeing on a wrong one earns nothing.
    """

    weight: float = Field(default=0.5, ge=0)
    only_right: bool = True


def invariance_bonuses(
    batch: Sequence[Completion], term: PairedInvariance, grading: Grading
) -> list[float]:
    """Return the bonus of each completion of a batch.

    Args:
        batch: completions of prompts and of their twins.
        term: weight, and what is rewarded.
        grading: when two open answers are the same.

    Raises:
        ConfigError: the twin of a prompt is not in the batch.
    """
    by_sample: dict[str, list[Completion]] = defaultdict(list)
    for completion in batch:
        by_sample[completion.variant.sample.id].append(completion)
    return [
        0.0
        if term.only_right and completion.correct == 0
        else term.weight * _agreeing(completion, by_sample[completion.variant.sample.id], grading)
        for completion in batch
    ]


def _agreeing(completion: Completion, others: Sequence[Completion], grading: Grading) -> float:
    """Return the share of the completions of the twin prompt that give the same answer."""
    name = completion.variant.name
    twins = [
        other
        for other in others
        if other.variant.name != name and BASE in (name, other.variant.name)
    ]
    if not twins:
        raise ConfigError(
            f"expected {completion.variant.sample.id} with and without a text in one batch, found "
            f"{name} alone; keep the order of the prompts and whole pairs in each device's batch"
        )
    return sum(_same(completion, twin, grading) for twin in twins) / len(twins)


def _same(one: Completion, other: Completion, grading: Grading) -> bool:
    if one.variant.sample.answer_kind == "choice":
        return one.answer is not None and one.answer == other.answer
    if one.value is None or other.value is None:
        return False
    return values.same(one.value, other.value, grading.tolerance, grading.least_iou)
