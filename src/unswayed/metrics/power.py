"""What a number of questions can show, before any of them is asked.

Rows of one image are not independent: n of them count as n over the design effect (Kish, *Survey
Sampling*, 1965). The smallest paired difference is that of McNemar's test (Connor, Biometrics
1987), from the share of answers that change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed.metrics.significance import POWER

CORRELATION = 0.3
"""Assumed correlation of two questions about one image, as in benchmarks/coverage.py."""

CHANGES = (0.1, 0.2, 0.4)
"""Assumed shares of the answers whose correctness differs between two variants or two models."""


def effective(sizes: Sequence[int], correlation: float = CORRELATION) -> float:
    """Return the number of independent questions that clusters are worth.

    n / (1 + (m − 1) r), m the mean cluster size with each question counted once.

    Args:
        sizes: questions in each cluster, each at least 1.
        correlation: of two questions in a cluster, in [0, 1].
    """
    total = sum(sizes)
    if not total:
        return 0.0
    mean_size = sum(size * size for size in sizes) / total
    return total / (1 + (mean_size - 1) * correlation)


def half_width(n: float, level: float, share: float = 0.5) -> float | None:
    """Return half the width of the Wilson interval of a share of n independent rows.

    None without rows.
    """
    if n <= 0:
        return None
    z = float(special.ndtri((1 + level) / 2))
    return z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))


def detectable_change(n: float, changes: float, level: float, power: float = POWER) -> float | None:
    """Return the smallest paired difference of two shares that n independent pairs show.

    The d for which d √n = z(level) √c + z(power) √(c − d²), c the share of pairs that change
    (Connor 1987).

    Args:
        n: number of independent pairs.
        changes: share of the pairs in which the two differ, in (0, 1].
        level: confidence level of the two-sided interval, in (0, 1).
        power: probability of showing it, in (0, 1).

    Returns:
        None where even the largest difference, that of all changes in one direction, is too small.
    """
    of_level, of_power = (float(special.ndtri(q)) for q in ((1 + level) / 2, power))

    def short(d: float) -> float:
        spread = of_power * math.sqrt(max(0.0, changes - d * d))
        return of_level * math.sqrt(changes) + spread - d * math.sqrt(n)

    if short(changes) > 0:
        return None
    low, high = 0.0, changes
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if short(middle) > 0 else (low, middle)
    return high
