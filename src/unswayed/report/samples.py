"""Which samples a report shows: a random choice from each kind, drawn in one pass.

Every sample is of the first kind in `SAMPLE_KINDS` that it fits. Of each kind a uniform random
choice is kept by reservoir sampling (Vitter, "Random Sampling with a Reservoir", ACM TOMS 1985,
algorithm R), with a generator seeded by the run's seed; then one sample of each kind is taken in
turn until there are enough. The choice depends on the records and the seed alone. One sample's
outputs are in memory at a time, and of the samples that might be shown only a view of bounded size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from unswayed.perturbations import seeded
from unswayed.report.outputs import ScoredOutput

SampleKind = Literal["swayed", "inconsistent", "steadfast", "no answer", "other"]

SAMPLE_KINDS: dict[SampleKind, str] = {
    "swayed": "the foil is answered under a text that asserts it, and not in base",
    "inconsistent": "a thought concludes on another option than its answer",
    "steadfast": "right in base and in every misleading variant",
    "no answer": "an output failed, was refused or is unparsed",
    "other": "none of these",
}
"""Kinds of samples, in the order in which they are tried."""

T = TypeVar("T")


def kind_of(outputs: list[ScoredOutput]) -> SampleKind:
    """Return the first of `SAMPLE_KINDS` that a sample fits."""
    bases = {one.generation.draw: one for one in outputs if one.variant.name == "base"}
    misled = [one for one in outputs if one.misleads()]
    if any(
        one.outcome == "foil" and not _same_answer(bases.get(one.generation.draw), one)
        for one in misled
    ):
        return "swayed"
    if any(one.inconsistent for one in outputs):
        return "inconsistent"
    if misled and bases and all(one.outcome == "right" for one in [*bases.values(), *misled]):
        return "steadfast"
    if any(one.outcome in ("unparsed", "refused", "failed") for one in outputs):
        return "no answer"
    return "other"


@dataclass
class Reservoirs(Generic[T]):
    """A bounded random choice of samples of each kind, made in one pass.

    Attributes:
        capacity: samples kept of each kind.
        seed: seed of the choice.
        view: makes of a sample's outputs what is kept of it: something of bounded size.
    """

    capacity: int
    seed: int
    view: Callable[[list[ScoredOutput]], T]
    _counts: dict[SampleKind, int] = field(default_factory=dict[SampleKind, int])
    _kept: dict[SampleKind, list[tuple[str, T]]] = field(
        default_factory=dict[SampleKind, list[tuple[str, T]]]
    )

    def offer(self, outputs: list[ScoredOutput]) -> None:
        """Keep the sample, perhaps in place of another of its kind."""
        kind, name = kind_of(outputs), outputs[0].variant.sample.id
        count = self._counts.get(kind, 0)
        self._counts[kind] = count + 1
        place = count
        if count >= self.capacity:
            place = seeded(self.seed, "report", name).randrange(count + 1)
        if place < self.capacity:
            self._kept.setdefault(kind, [])[place : place + 1] = [(name, self.view(outputs))]

    def counts(self) -> dict[SampleKind, int]:
        """Return how many samples of each kind there were, in the order of `SAMPLE_KINDS`."""
        return {kind: self._counts[kind] for kind in SAMPLE_KINDS if kind in self._counts}

    def chosen(self, count: int) -> dict[SampleKind, list[T]]:
        """Return up to `count` samples, taken from each kind in turn, by kind and sorted by id."""
        by_kind = [
            [(place, name, view) for name, view in self._kept.get(kind, [])]
            for place, kind in enumerate(SAMPLE_KINDS)
        ]
        rounds = itertools.chain.from_iterable(itertools.zip_longest(*by_kind))
        taken = itertools.islice((item for item in rounds if item is not None), count)
        chosen: dict[SampleKind, list[T]] = {}
        for place, _, view in sorted(taken, key=lambda item: item[:2]):
            chosen.setdefault(tuple(SAMPLE_KINDS)[place], []).append(view)
        return chosen


def _same_answer(base: ScoredOutput | None, other: ScoredOutput) -> bool:
    """Say whether base gave the answer, the foil, that another variant gave."""
    if base is None:
        return False
    if other.value is not None:  # an open question has one foil
        return base.outcome == "foil"
    return base.in_sample(base.parsed.letter) == other.in_sample(other.parsed.letter)
