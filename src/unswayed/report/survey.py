"""One streaming pass over a run: what was shown, how often chance is right, and samples to show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from unswayed.report.cards import Card, card
from unswayed.report.outputs import ScoredOutput, by_sample
from unswayed.report.samples import Reservoirs
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured, variant_rank
from unswayed.run.folder import RunFolder
from unswayed.types import Failure

FIRST_FAILURES = 5
"""Failures of a stage and benchmark that are shown with their message."""


@dataclass
class VariantUse:
    """How one variant was made in this run."""

    records: int = 0
    deliveries: set[str] = field(default_factory=set[str])
    sources: set[str] = field(default_factory=set[str])


@dataclass
class Chance:
    """How often a uniform guess is right: the mean of 1 / (options shown)."""

    total: float = 0.0
    rows: int = 0
    known: bool = True

    def add(self, options: int) -> None:
        """Count a row; one without options makes chance unknown."""
        self.rows += 1
        self.known = self.known and options > 0
        self.total += 1 / options if options else 0.0

    def rate(self) -> float | None:
        """Return the rate in [0, 1], or None if it is not known."""
        return self.total / self.rows if self.known and self.rows else None


@dataclass
class FailureGroup:
    """The failures of one stage and benchmark: their number, and the first of them."""

    stage: str
    benchmark: str
    count: int = 0
    first: list[Failure] = field(default_factory=list[Failure])


@dataclass
class Survey:
    """What one pass over the records gives.

    Attributes:
        cards: reservoirs of the samples that may be shown.
        samples: benchmark → number of samples.
        records: number of outputs.
        variants: variant → how it was made.
        chance: (benchmark or `all`, variant) → how often a guess is right.
        judges: names of the judges, with the hash of their prompt or rules.
    """

    cards: Reservoirs[Card]
    samples: Counter[str] = field(default_factory=Counter[str])
    records: int = 0
    variants: dict[str, VariantUse] = field(default_factory=dict[str, VariantUse])
    chance: dict[tuple[str, str], Chance] = field(default_factory=dict[tuple[str, str], Chance])
    judges: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def add(self, outputs: list[ScoredOutput]) -> None:
        """Count the outputs of one sample."""
        self.cards.offer(outputs)
        self.samples[outputs[0].variant.sample.benchmark] += 1
        for output in outputs:
            self._add_output(output)

    def ordered_variants(self) -> list[tuple[str, VariantUse]]:
        """Return the variants in the order of the protocol's table."""
        return sorted(self.variants.items(), key=lambda item: variant_rank(item[0]))

    def chances(self, benchmark: str) -> dict[str, float]:
        """Return variant → how often a guess is right, in [0, 1], where that is known."""
        rates = {name: one.rate() for (b, name), one in self.chance.items() if b == benchmark}
        return {name: rate for name, rate in rates.items() if rate is not None}

    def _add_output(self, output: ScoredOutput) -> None:
        shown = output.variant
        self.records += 1
        use = self.variants.setdefault(shown.name, VariantUse())
        use.records += 1
        use.deliveries.add(shown.delivery)
        use.sources.add(shown.text_source)
        for benchmark in (shown.sample.benchmark, ALL):
            self.chance.setdefault((benchmark, shown.name), Chance()).add(len(shown.options))
        if output.verdict is not None:
            self.judges.add((output.verdict.judge, output.verdict.prompt_hash))


def survey(run: RunFolder, measured: Measured, samples: int, seed: int) -> Survey:
    """Read the records of a run once.

    Raises:
        RunError: the stages do not belong together.
    """
    overview = Survey(Reservoirs(samples, seed, card))
    for outputs in by_sample(run, measured.rules()):
        overview.add(outputs)
    return overview


def failures(run: RunFolder) -> list[FailureGroup]:
    """Return the failures by stage and benchmark, in the order of their first appearance."""
    groups: dict[tuple[str, str], FailureGroup] = {}
    for failure in run.failures:
        key = (failure.stage, failure.benchmark)
        group = groups.setdefault(key, FailureGroup(failure.stage, one_line(failure.benchmark)))
        group.count += 1
        if len(group.first) < FIRST_FAILURES:
            group.first.append(_visible(failure))
    return list(groups.values())


def _visible(failure: Failure) -> Failure:
    return failure.model_copy(
        update={
            "id": one_line(failure.id, 120),
            "error": one_line(failure.error, 60),
            "message": one_line(failure.message, 500),
        }
    )
