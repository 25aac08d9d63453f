"""What a variant changes: every metric here is paired, variant row with the base row of its sample.

With K foils a sample has K rows in a wrong-* variant; each is paired with the one base row, and
the cluster of the sample carries their dependence. With k outputs a prompt, draw j is paired with
base's draw j: all are drawn independently, so each figure estimates what a run with one output a
prompt would give, with less noise. A row that failed in either drops out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.arrays import Bools, Floats
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure, Mean

NO_PAIRS = "no base rows to pair with"


@dataclass(frozen=True)
class Pairs:
    """Rows of a variant and, at the same index, the base rows of their samples."""

    base: Columns
    variant: Columns

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.variant)


def paired(outcomes: Columns, mask: Bools) -> Pairs:
    """Pair the completed rows of a mask with the completed base rows of their samples."""
    base = outcomes.base_rows()
    indices = np.flatnonzero(mask & outcomes.has_output() & (base >= 0))
    return Pairs(outcomes.take(base[indices]), outcomes.take(indices))


def flips(pairs: Pairs) -> list[Mean]:
    """Return `drop` (variant − base accuracy, in [−1, 1]) and the two `flips_…` shares of pairs."""
    before, after = pairs.base.correct, pairs.variant.correct
    drop = after.astype(np.float64) - before
    clusters = pairs.variant.cluster
    return [
        Mean("drop", drop, clusters, (-1.0, 1.0), NO_PAIRS),
        Mean("flips_right_wrong", (before & ~after).astype(np.float64), clusters, missing=NO_PAIRS),
        Mean("flips_wrong_right", (~before & after).astype(np.float64), clusters, missing=NO_PAIRS),
    ]


def mcnemar(pairs: Pairs, level: float) -> Figure:
    """Return `mcnemar_p`, the exact two-sided p of McNemar's test on the flips.

    The test takes pairs as independent (McNemar, Psychometrika 1947); where several share an image
    its p is too small, which `reason` then says. Of several outputs a prompt it takes the first.
    """
    first = pairs.variant.draw == 0
    before, after = pairs.base.correct[first], pairs.variant.correct[first]
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    n, clusters = len(before), len(np.unique(pairs.variant.cluster[first]))
    if n == 0:
        return Figure("mcnemar_p", None, 0, 0, level=level, reason=NO_PAIRS)
    reason = "a p-value has no interval"
    if not first.all():
        reason += "; of the first output of each prompt, for outputs of one are not independent"
    if clusters < n:
        reason += f"; too small if the {n} pairs in {clusters} clusters are not independent"
    p = exact_mcnemar(lost, won)
    return Figure("mcnemar_p", p, n, clusters, level=level, method="exact", reason=reason)


def exact_mcnemar(lost: int, won: int) -> float:
    """Return the two-sided binomial p of `lost` against `won` discordant pairs; 1 if none."""
    # At a chance of 1/2 both tails are equal, so that scipy.stats, slow to import, is not needed.
    return min(1.0, 2 * float(special.bdtr(min(lost, won), lost + won, 0.5)))


def foil_rate(rows: Columns) -> Mean:
    """Return `foil_rate`: the share of the rows with a foil that answer it."""
    foiled = rows.take(rows.foil >= 0)
    hits = (foiled.chosen == foiled.foil).astype(np.float64)
    return Mean("foil_rate", hits, foiled.cluster, missing="no foils")


def sway(pairs: Pairs) -> Mean:
    """Return `sway`: share answering the foil minus the base's share answering that same option."""
    values = sway_values(pairs)
    known = np.isfinite(values)
    missing = "no foils" if len(pairs) else NO_PAIRS
    return Mean("sway", values[known], pairs.variant.cluster[known], (-1.0, 1.0), missing)


def sway_values(pairs: Pairs) -> Floats:
    """Return (n,) −1, 0 or 1 per pair: foil answered under the variant, less under base.

    NaN where the sample has no foil.
    """
    foil = pairs.variant.foil
    moved = (pairs.variant.chosen == foil).astype(np.float64) - (pairs.base.chosen == foil)
    return np.where(foil >= 0, moved, np.nan)
