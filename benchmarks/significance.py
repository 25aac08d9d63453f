"""How often does `unswayed compare` mark a difference that is not there, and find one that is?

Run `python benchmarks/significance.py [--runs N]`; its output is in docs/metrics.md. One line per
number of clusters, rows per cluster and share of pairs that change: how often the 95 % interval
leaves 0 out and p ≤ 0.01 where nothing differs, how often any of 20 such differences stands after
Holm's correction, and how often a true difference of the size that n shows is found.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import norm

from unswayed.metrics.intervals import IntervalSettings, Mean, figures_by_level
from unswayed.metrics.significance import detectable, holm, p_value

RHO = 0.3
"""Correlation of the (latent) change of rows in one cluster."""
FAMILY = 20
SETTINGS = IntervalSettings(level=0.95, resamples=1000)
CASES = [
    (clusters, rows, changes)
    for clusters, rows in ((20, 1), (50, 1), (200, 1), (50, 4), (200, 4))
    for changes in (0.05, 0.2, 0.5)
]


def pairs(rng: np.random.Generator, clusters: int, rows: int, changes: float, true: float) -> Mean:
    """Draw paired differences: +1 and −1 with probability (changes ± true) / 2, else 0."""
    cluster = np.repeat(np.arange(clusters), rows)
    shared, own = rng.normal(size=clusters)[cluster], rng.normal(size=len(cluster))
    place = norm.cdf(shared * np.sqrt(RHO) + own * np.sqrt(1 - RHO))
    up, down = (changes + true) / 2, (changes - true) / 2
    values = np.where(place < down, -1.0, np.where(place > 1 - up, 1.0, 0.0))
    return Mean("change", values, cluster, (-1.0, 1.0))


def p_of(mean: Mean) -> float:
    """Return the p-value of a mean; 1 without an interval."""
    (at,) = figures_by_level([mean], SETTINGS)
    p = p_value(mean, at, SETTINGS)
    return 1.0 if p is None else p


def line(clusters: int, rows: int, changes: float, runs: int) -> str:
    """Simulate one case."""
    rng = np.random.default_rng([clusters, rows, round(100 * changes)])
    nothing = np.array([p_of(pairs(rng, clusters, rows, changes, 0)) for _ in range(runs)])
    families = nothing[: runs // FAMILY * FAMILY].reshape(-1, FAMILY).tolist()
    stands = np.mean([min(p or 1 for p in holm(family)) <= 0.05 for family in families])
    shown = [detectable(pairs(rng, clusters, rows, changes, 0), 0.95) for _ in range(50)]
    least = float(np.mean([one for one in shown if one is not None]))
    power = "n/a"  # a true difference cannot be larger than the share of pairs that change
    if least <= changes:
        found = [p_of(pairs(rng, clusters, rows, changes, least)) for _ in range(runs)]
        power = f"{np.mean(np.array(found) <= 0.05):.2f}"
    cells = [
        f"{np.mean(nothing <= 0.05):.3f}",
        f"{np.mean(nothing <= 0.01):.3f}",
        f"{stands:.2f}",
        f"{least:.3f}",
        power,
    ]
    return f"| {clusters} | {rows} | {changes} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    head = "clusters | rows each | changes | starred | p ≤ 0.01 | any of 20 stands | shows | power"
    print(f"| {head} |\n|{'---|' * 8}")
    for case in CASES:
        print(line(*case, runs), flush=True)


if __name__ == "__main__":
    main()
