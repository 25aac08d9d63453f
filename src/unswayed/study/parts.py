"""The parts of a claim: one comparison each, with its interval, its p-value and what it could show.

A part says that something lies on one side of a bound, mostly that a difference is above or below
0. Over seeds the interval is Student's (`metrics.seeds`), and the p-value that of his test, so that
p ≤ 0.05 and a 95 % interval that leaves the bound out are the same thing. The checkpoint that all
trainings start from has no seeds: there the interval is over its questions, and the p-value is read
off it as of a normal estimate about its middle. At least three seeds make a part; with fewer it was
not run, whatever they say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.closed_forms import SAME
from unswayed.metrics.seeds import over_seeds
from unswayed.metrics.significance import POWER
from unswayed.training.track.contrasts import FEW
from unswayed.training.track.dynamics import TrackedValue

ClaimStatus = Literal["reproduced", "contradicted", "undecided", "not run"]
LEVEL = 0.95
ALPHA = 1 - LEVEL
_NORMAL = float(special.ndtri((1 + LEVEL) / 2))
_NO_SEEDS: Mapping[int, float] = {}


@dataclass(frozen=True)
class ClaimPart:
    """One comparison.

    Attributes:
        name: what is compared, for people.
        side: 1 where the claim says that the value lies above the bound, −1 for below.
        value: the estimate; None where there is none.
        low: lower end of its interval; None without one.
        high: upper end.
        p: two-sided p-value of the value being the bound; None without an interval.
        bound: what the value is held against.
        over: what the interval is about; `count` has none and goes by the number of seeds.
        n: seeds; of an interval over questions, the questions.
        by_seed: seed → its value, where there are seeds.
        detectable: the least difference from the bound that would have been shown in 80 % of such
            studies; None where that is not known.
        scale: what the values are multiplied with for people, 100 for points.
        missing: which jobs are missing; empty if it was run.
        reason: why there is no interval though it was run.
    """

    name: str
    side: Literal[1, -1]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    bound: float = 0.0
    over: Literal["seeds", "questions", "count"] = "seeds"
    n: int = 0
    by_seed: Mapping[int, float] = field(default_factory=dict[int, float])
    detectable: float | None = None
    scale: float = 100.0
    missing: str = ""
    reason: str = ""

    @property
    def on_side(self) -> bool:
        """Whether the estimate lies on the side that is claimed."""
        return self.value is not None and self.side * (self.value - self.bound) > 0

    def towards(self, claimed: bool) -> float:
        """Return the p-value of lying on the claimed side, or on the other; 1 where it does not."""
        return self.p if self.p is not None and self.on_side == claimed else 1.0

    @property
    def status(self) -> ClaimStatus:
        """What this part says by itself."""
        if self.missing:
            return "not run"
        if self.over != "count" and (self.p is None or self.p > ALPHA):
            return "undecided"
        return "reproduced" if self.on_side else "contradicted"


def over_questions(
    name: str, side: Literal[1, -1], row: TrackedValue | None, missing: str = "", bound: float = 0.0
) -> ClaimPart:
    """Return a part about the checkpoint that all trainings start from.

    Args:
        name: what is compared.
        side: the side that is claimed.
        row: the figure with its interval over questions; None where it was not made.
        missing: what is missing then.
        bound: what it is held against.
    """
    if row is None:
        return ClaimPart(name, side, bound=bound, over="questions", missing=missing)
    if row.value is None or row.low is None or row.high is None:
        reason = "it has no interval on these questions"
        return ClaimPart(
            name, side, row.value, bound=bound, over="questions", n=row.n or 0, reason=reason
        )
    error = (row.high - row.low) / (2 * _NORMAL)
    middle = (row.high + row.low) / 2 - bound
    p = 2 * float(special.ndtr(-abs(middle) / error)) if error > SAME else None
    shown = (_NORMAL + float(special.ndtri(POWER))) * error
    return ClaimPart(
        name,
        side,
        row.value,
        row.low,
        row.high,
        p,
        bound,
        "questions",
        row.n or 0,
        detectable=shown,
    )


def over_training_seeds(
    name: str,
    side: Literal[1, -1],
    values: Mapping[int, float],
    missing: str = "",
    bound: float = 0.0,
    scale: float = 100.0,
) -> ClaimPart:
    """Return a part whose values are one a seed.

    Args:
        name: what is compared.
        side: the side that is claimed.
        values: seed → value.
        missing: which jobs are missing; empty if none is.
        bound: what the mean over seeds is held against.
        scale: what values are multiplied with for people.
    """
    summary = over_seeds(list(values.values()), LEVEL)
    kept = dict(sorted(values.items()))
    few = f"{summary.n} of {FEW} seeds have this figure" if summary.n < FEW else ""
    if missing or few or summary.low is None or summary.deviation is None or summary.mean is None:
        return ClaimPart(
            name,
            side,
            summary.mean,
            bound=bound,
            n=summary.n,
            by_seed=kept,
            scale=scale,
            missing=missing,
            reason="" if missing else few or summary.reason,
        )
    error, freedom = summary.deviation / math.sqrt(summary.n), summary.n - 1
    p = 2 * float(special.stdtr(freedom, -abs(summary.mean - bound) / error))
    shown = float(np.sum(special.stdtrit(freedom, [(1 + LEVEL) / 2, POWER]))) * error
    return ClaimPart(
        name, side, summary.mean, summary.low, summary.high, p, bound, "seeds", summary.n, kept,
        shown, scale,
    )  # fmt: skip


def between(a: Mapping[int, float], b: Mapping[int, float]) -> dict[int, float]:
    """Return seed → b − a, for the seeds of both: they drew the same prompts."""
    return {seed: b[seed] - a[seed] for seed in sorted(a.keys() & b.keys())}


def seeds_against_recipes(
    name: str, values: Mapping[str, Mapping[int, float]], missing: str = ""
) -> ClaimPart:
    """Return the part that seeds vary more than recipes: a ratio of standard deviations above 1.

    The standard deviation over seeds (pooled within the recipes) over that of the recipes' means.
    With k recipes of n seeds, MSW and MSB the mean squares within and between recipes, the ratio is
    √(n · MSW / MSB). Where values are normal with one variance and recipes are draws of many, its
    square over that of the true ratio is n-fold the inverse of a value of F(k − 1, k(n − 1)), which
    gives the interval (Searle, Casella and McCulloch, *Variance Components*, 1992, chapter 3).

    Args:
        name: what varies.
        values: recipe → seed → value; the seeds that all recipes have count.
        missing: which jobs are missing; empty if none is.
    """
    common = set[int].intersection(*(set(one) for one in values.values())) if values else set[int]()
    k, n = len(values), len(common)
    if missing or n < FEW or k < 2:
        few = "" if missing else f"{n} of {FEW} seeds that all recipes have have this figure"
        return ClaimPart(name, 1, bound=1.0, n=n, scale=1.0, missing=missing, reason=few)
    table = np.array([[one[seed] for seed in sorted(common)] for one in values.values()])
    within = float(table.var(axis=1, ddof=1).mean())
    spread = float(table.mean(axis=1).var(ddof=1))
    if within < SAME**2 or spread < SAME**2:
        reason = "the seeds, or the recipes, agree to the last digit"
        return ClaimPart(name, 1, bound=1.0, n=n, scale=1.0, reason=reason)
    ratio = within / spread
    law = (k - 1, k * (n - 1))
    low, high = (
        math.sqrt(ratio * float(special.fdtri(*law, q))) for q in (ALPHA / 2, 1 - ALPHA / 2)
    )
    below = float(special.fdtr(*law, 1 / ratio))
    p = min(1.0, 2 * min(below, 1 - below))
    return ClaimPart(name, 1, math.sqrt(ratio), low, high, p, 1.0, "seeds", n, scale=1.0)


def more_seeds(name: str, a: set[int], b: set[int], n: int, missing: str = "") -> ClaimPart:
    """Return the part that something happens in more seeds of b than of a: a count.

    The p-value is that of the sign test over the seeds in which it happens on one side alone. That
    it does not happen in more is a fact about these seeds, and needs none.

    Args:
        name: what happens.
        a: seeds of the first training in which it does.
        b: seeds of the second.
        n: seeds of each.
        missing: which jobs are missing; empty if none is.
    """
    if missing:
        return ClaimPart(name, 1, over="count", n=n, scale=1.0, missing=missing)
    more, fewer = len(b - a), len(a - b)
    p = min(1.0, 2 * float(special.bdtrc(more - 1, more + fewer, 0.5))) if more > fewer else 0.0
    return ClaimPart(name, 1, float(len(b) - len(a)), p=p, over="count", n=n, scale=1.0)
