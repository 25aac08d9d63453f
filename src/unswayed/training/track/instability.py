"""How unsteady a training is, and how that compares with another one's.

Of each line that is looked at (the reward, the share of consistent thoughts and the length of what
was sampled; accuracy, consistency and thought length of the checkpoints, by variant):

    along    by seed, and as the mean over seeds: the mean running variance along training
    across   the mean variance between seeds

(see `variances`). A training is called the less steady of two by the rule that was fixed before
any was compared, for the claim of Zhao et al. (arXiv 2602.12506) that a reward for faithfulness
becomes unstable with augmentation:

    the variance along training, mean over seeds, of the sampled reward and of the sampled
    consistency are both at least 2 times the other's; or thoughts collapsed or became empty
    (`collapse`, `empty`) in more of its seeds (in a larger share, where their numbers differ)

Variance is on the scale of what varies, and that of a mean over fewer or more mixed completions is
larger by sampling alone: recipes are to be compared that sample alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from unswayed.training.track.dynamics import CHECKED, LOGGED, TRAINING, Dynamics, TrackedValue
from unswayed.training.track.findings import fired
from unswayed.training.track.variances import across, along

TIMES = 2.0
"""The other's variance: from so many times on a training is the less steady one."""
RULED = ("reward", "reward/consistent")
"""What the rule looks at, as sampled in training."""

Key = tuple[str, str, str]
"""Benchmark, variant, metric."""
Lines = dict[int, dict[int, float]]
"""Seed → step → value."""


@dataclass(frozen=True)
class Instability:
    """How unsteady one line of a training is.

    Attributes:
        benchmark: benchmark, or `training` for what was sampled.
        variant: variant, or `all`.
        metric: the metric, as in `dynamics.parquet`.
        by_seed: seed → variance along training; seeds with too few values left out.
        along: its mean over the seeds; None without any.
        across: variance between seeds; None for a single one.
    """

    benchmark: str
    variant: str
    metric: str
    by_seed: dict[int, float]
    along: float | None
    across: float | None


@dataclass(frozen=True)
class InstabilityRatio:
    """One line's instability in two trainings, over the same steps.

    Attributes:
        benchmark: benchmark, or `training`.
        variant: variant, or `all`.
        metric: the metric.
        a: variance along training of the first, mean over seeds.
        b: of the second.
        ratio: b / a; None where a side has none, or a is 0.
        by_seed: seed → the same ratio, for the seeds of both.
        across_a: variance between seeds of the first.
        across_b: of the second.
    """

    benchmark: str
    variant: str
    metric: str
    a: float | None
    b: float | None
    ratio: float | None
    by_seed: dict[int, float]
    across_a: float | None
    across_b: float | None


@dataclass(frozen=True)
class Steadiness:
    """Two trainings by the rule above.

    Attributes:
        last: last step that both were looked at up to.
        ratios: every line that both have.
        fired: seeds in which thoughts collapsed or became empty, of the first and the second.
        seeds: number of seeds of the first and the second.
    """

    last: int
    ratios: tuple[InstabilityRatio, ...]
    fired: tuple[tuple[int, ...], tuple[int, ...]]
    seeds: tuple[int, int]

    @property
    def less_steady(self) -> tuple[str, ...]:
        """Which is the less steady by the rule: `first`, `second`, both (by different parts)."""
        ruled = [one for one in self.ratios if one.benchmark == TRAINING and one.metric in RULED]
        known = [one.ratio for one in ruled if one.ratio is not None]
        whole = len(known) == len(RULED)
        a, b = (len(seeds) / n for seeds, n in zip(self.fired, self.seeds, strict=True))
        first = (whole and all(one <= 1 / TIMES for one in known)) or a > b
        second = (whole and all(one >= TIMES for one in known)) or b > a
        return tuple(n for n, there in (("first", first), ("second", second)) if there)


def instabilities(rows: Iterable[TrackedValue], last: int | None = None) -> list[Instability]:
    """Return the instability of every line that is looked at.

    Args:
        rows: the table of a training.
        last: the last step to look at; None for all.
    """
    lines: defaultdict[Key, Lines] = defaultdict(dict)
    for row in rows:
        watched = LOGGED if row.benchmark == TRAINING else CHECKED
        known = row.value is not None and (last is None or row.step <= last)
        if row.metric in watched and known:
            key = (row.benchmark, row.variant, row.metric)
            lines[key].setdefault(row.seed, {})[row.step] = row.value or 0.0
    return [_instability(key, by_seed) for key, by_seed in lines.items()]


def steadiness(a: Dynamics, b: Dynamics) -> Steadiness:
    """Compare two trainings, up to the last step that both have made."""
    last = min(max((row.step for row in one.rows), default=0) for one in (a, b))
    before, after = (
        {(x.benchmark, x.variant, x.metric): x for x in instabilities(one.rows, last)}
        for one in (a, b)
    )
    ratios = tuple(_ratio(one, after[key]) for key, one in before.items() if key in after)
    seen = tuple(sorted(fired(a, last))), tuple(sorted(fired(b, last)))
    return Steadiness(last, ratios, seen, (max(len(a.seeds), 1), max(len(b.seeds), 1)))


def _instability(key: Key, lines: Lines) -> Instability:
    found = {seed: along(line) for seed, line in sorted(lines.items())}
    known = {seed: value for seed, value in found.items() if value is not None}
    mean = fmean(known.values()) if known else None
    return Instability(*key, known, mean, across(lines))


def _ratio(a: Instability, b: Instability) -> InstabilityRatio:
    both: Sequence[int] = sorted(a.by_seed.keys() & b.by_seed.keys())
    same = {seed: b.by_seed[seed] / a.by_seed[seed] for seed in both if a.by_seed[seed]}
    ratio = b.along / a.along if a.along and b.along is not None else None
    key = (a.benchmark, a.variant, a.metric)
    return InstabilityRatio(*key, a.along, b.along, ratio, same, a.across, b.across)
