"""What a training changed: its last evaluated step against its first.

Over several seeds the interval of a change is over seeds. A single seed has none; what can be said
of it is how far the questions bear its change out, pair by pair (see `metrics.compare`), and that
says nothing of another seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from unswayed.metrics.columns import Columns
from unswayed.metrics.compare import compare
from unswayed.pipeline.metrics import columns_of_run
from unswayed.run.folder import RunFolder
from unswayed.training.seeds import folders
from unswayed.training.track.contrasts import BySeed, Contrast, Spread, contrast
from unswayed.training.track.dynamics import ALL, TRAINING, Dynamics
from unswayed.training.track.folders import evaluations
from unswayed.training.track.measures import EVALUATED

Key = tuple[str, str, str]
"""Benchmark, variant, metric."""
Values = dict[Key, dict[int, float]]
"""… → seed → value."""


@dataclass(frozen=True)
class TrainingChange:
    """A training's first and last evaluated step.

    Attributes:
        first: the first step that every seed has.
        last: the last one.
        seeds: the seeds.
        rows: the changes; empty with fewer than two steps.
    """

    first: int
    last: int
    seeds: tuple[int, ...]
    rows: tuple[Contrast, ...]


def training_change(found: Dynamics, out: Path) -> TrainingChange | None:
    """Return what a training changed; None where nothing was evaluated.

    Args:
        found: its table.
        out: its folder.

    Raises:
        RunError: an evaluation cannot be read.
    """
    steps = common_steps([found])
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    before, after = values_at(found, first), values_at(found, last)
    paired = _over_questions(out, first, last) if len(found.evaluated) == 1 else {}
    rows = [
        _change(key, before[key], after[key], paired.get(key))
        for key in before
        if key in after and first != last
    ]
    return TrainingChange(first, last, tuple(found.evaluated), tuple(rows))


def _change(key: Key, before: BySeed, after: BySeed, paired: Spread | None) -> Contrast:
    """Compare the steps within the seeds that have a value at both."""
    both = sorted(before.keys() & after.keys())
    a, b = ({seed: side[seed] for seed in both} for side in (before, after))
    first, last = (fmean(side.values()) if both else None for side in (a, b))
    if paired is not None:
        return Contrast(*key, first, last, paired, "questions")
    return Contrast(*key, first, last, contrast(a, b))


def _over_questions(out: Path, first: int, last: int) -> dict[Key, Spread]:
    """Return the changes of the only seed with intervals that resample its questions."""
    runs = evaluations(folders(out)[0])
    before, after = (_outcomes(runs[step]) for step in (first, last))
    return {
        (one.benchmark, one.variant, one.metric.removesuffix("_difference")): Spread(
            one.value, one.low, one.high, seeds=1, paired=True, reason=one.reason
        )
        for one in compare(before, after)
    }


def _outcomes(path: Path) -> Columns:
    return columns_of_run(RunFolder.open(path))


def common_steps(trainings: Sequence[Dynamics]) -> list[int]:
    """Return the steps that every seed of every training was evaluated at."""
    steps = [of_seed for training in trainings for of_seed in training.evaluated.values()]
    if not steps or not all(training.evaluated for training in trainings):
        return []
    return sorted(set[int].intersection(*steps))


def values_at(found: Dynamics, step: int) -> Values:
    """Return the figures of a step that are known, in the order of `measures.EVALUATED`."""
    order = {one.metric: place for place, one in enumerate(EVALUATED)}
    values: Values = {}
    rows = (r for r in found.rows if r.step == step and r.benchmark != TRAINING)
    for row in sorted(
        (r for r in rows if r.metric in order and r.variant != ALL),
        key=lambda r: (r.benchmark, order[r.metric], r.variant != "base", r.variant),
    ):
        if row.value is not None:
            values.setdefault((row.benchmark, row.variant, row.metric), {})[row.seed] = row.value
    return values
