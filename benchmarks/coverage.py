"""How often do the intervals of `unswayed.metrics` hold the true value? A table by simulation.

Run `python benchmarks/coverage.py [--runs N] [--resamples N] [--kind KIND]`; its output is in
docs/metrics.md. One line per kind of metric, number of clusters, rows per cluster and truth: the
share of simulated runs whose 95 % interval covers the true value, the mean width, how often there
was none, and, for contrast, the coverage of a bootstrap that takes rows as independent
(percentiles, uncorrected).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.intervals import (
    Figure,
    IntervalSettings,
    Mean,
    Statistic,
    Weighted,
    mean_figure,
    weighted_figure,
)
from unswayed.metrics.uncertainty import auroc

RHO = 0.3
"""Intra-cluster correlation of the simulated rows (roughly; exact for shares)."""


class Draw(NamedTuple):
    figure: Figure
    truth: float
    values: Floats | None


@dataclass(frozen=True)
class Case:
    kind: str
    clusters: int
    size: int
    truth: float


@dataclass(frozen=True)
class Coverage:
    case: Case
    covered: float
    width: float
    without: float
    naive: float | None


def simulate(case: Case, runs: int, resamples: int = 2000, seed: int = 0) -> Coverage:
    """Return how the intervals of one case did over `runs` simulated data sets."""
    rng = np.random.default_rng([seed, case.clusters, case.size, round(1000 * case.truth)])
    settings = IntervalSettings(resamples=resamples)
    draws = [KINDS[case.kind](rng, case, settings) for _ in range(runs)]
    given = [(d.figure.low, d.figure.high, d.truth) for d in draws if d.figure.low is not None]
    held = [low <= truth <= high for low, high, truth in given]
    naive = [_naive_holds(rng, d.values, d.truth) for d in draws if d.values is not None]
    return Coverage(
        case,
        float(np.mean(held)) if held else math.nan,
        float(np.mean([high - low for low, high, _ in given])) if given else math.nan,
        1 - len(given) / runs,
        float(np.mean(naive)) if naive else None,
    )


def _clusters(rng: np.random.Generator, case: Case) -> Ints:
    """Cluster of each row; sizes vary from 1 to 2·size − 1 around their mean."""
    sizes = rng.integers(1, 2 * case.size, case.clusters)
    return np.repeat(np.arange(case.clusters), sizes)


def _share(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    where = _clusters(rng, case)
    odds = (1 - RHO) / RHO
    own = rng.beta(case.truth * odds, (1 - case.truth) * odds, case.clusters)
    values = (rng.random(len(where)) < own[where]).astype(np.float64)
    return Draw(mean_figure(Mean("share", values, where), settings), case.truth, values)


def _drop(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """−1 with twice the probability of +1; rows copy their cluster's value now and then."""
    where = _clusters(rng, case)
    chances = [2 * case.truth, case.truth, 1 - 3 * case.truth]
    of_cluster = rng.choice([-1.0, 1.0, 0.0], case.clusters, p=chances)[where]
    of_row = rng.choice([-1.0, 1.0, 0.0], len(where), p=chances)
    values = np.where(rng.random(len(where)) < math.sqrt(RHO), of_cluster, of_row)
    mean = Mean("drop", values, where, (-1.0, 1.0))
    return Draw(mean_figure(mean, settings), -case.truth, values)


def _entropy(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Skewed values in [0, ln 4]: most near zero, as after training."""
    where = _clusters(rng, case)
    of_cluster = rng.beta(0.4, 0.4 * (1 - case.truth) / case.truth, case.clusters)[where]
    of_row = rng.beta(0.4, 0.4 * (1 - case.truth) / case.truth, len(where))
    copied = rng.random(len(where)) < math.sqrt(RHO)
    values = math.log(4) * np.where(copied, of_cluster, of_row)
    mean = Mean("entropy", values, where, (0.0, math.log(4)))
    return Draw(mean_figure(mean, settings), case.truth * math.log(4), values)


def _auroc(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Binormal scores with a cluster effect; a third of the rows is negative."""
    where = _clusters(rng, case)
    labels = rng.random(len(where)) < 2 / 3
    shift = math.sqrt(2) * float(special.ndtri(case.truth))
    noise = math.sqrt(RHO) * rng.normal(size=case.clusters)[where]
    noise = noise + math.sqrt(1 - RHO) * rng.normal(size=len(where))
    weighted = Weighted("auroc", auroc(labels * shift + noise, labels), where)
    return Draw(weighted_figure(weighted, settings), case.truth, None)


def _half(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """A contrast with halves: base is right in 90 %, a text turns some, a suffix repairs 30 %."""
    where = _clusters(rng, case)
    noise = math.sqrt(RHO) * rng.normal(size=case.clusters)[where]
    noise = noise + math.sqrt(1 - RHO) * rng.normal(size=len(where))
    base = rng.random(len(where)) < 0.9
    plain = base & (noise >= special.ndtri(case.truth))
    repaired = np.where(rng.random(len(where)) < 0.3, base, plain)
    values = repaired - 0.5 * plain - 0.5 * base
    mean = Mean("contrast", values, where, (-1.0, 1.0))
    return Draw(mean_figure(mean, settings), -0.2 * 0.9 * case.truth, values)


def _gain(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Two binormal scores that share half of their noise; the second is worse by 0.1."""
    where = _clusters(rng, case)
    labels = rng.random(len(where)) < 2 / 3
    shared = math.sqrt(RHO) * rng.normal(size=case.clusters)[where]
    shared = shared + math.sqrt(1 - RHO) * rng.normal(size=len(where))
    statistics: list[Statistic] = []
    for truth in (case.truth, case.truth - 0.1):
        shift = math.sqrt(2) * float(special.ndtri(truth))
        noise = math.sqrt(0.5) * (shared + rng.normal(size=len(where)))
        statistics.append(auroc(labels * shift + noise, labels))
    better, worse = statistics
    gain = Weighted("gain", lambda w: better(w) - worse(w), where, (-1.0, 1.0))
    return Draw(weighted_figure(gain, settings), 0.1, None)


KINDS: dict[str, Callable[[np.random.Generator, Case, IntervalSettings], Draw]] = {
    "share": _share,
    "drop": _drop,
    "entropy": _entropy,
    "auroc": _auroc,
    "contrast with halves": _half,
    "auroc_gain": _gain,
}
TRUTHS = {
    "share": (0.5, 0.9, 0.98),
    "drop": (0.1, 0.02),
    "entropy": (0.3, 0.05),
    "auroc": (0.8,),
    "contrast with halves": (0.4, 0.1, 0.02),
    "auroc_gain": (0.8,),
}
"""Kind → its true values; of a contrast with halves, the share of right answers that are turned."""


def _naive_holds(rng: np.random.Generator, values: Floats, truth: float) -> bool:
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), 200)
    low, high = np.quantile(weights @ values / len(values), [0.025, 0.975])
    return bool(low <= truth <= high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--kind", choices=KINDS, help="only the lines of one kind")
    options = parser.parse_args()
    print("| metric | truth | clusters | rows each | coverage | width | no interval | naive |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, truths in TRUTHS.items():
        if options.kind not in (None, kind):
            continue
        for truth in truths:
            for clusters in (5, 10, 20, 50, 200):
                for size in (1, 4):
                    case = Case(kind, clusters, size, truth)
                    runs = options.runs if not kind.startswith("auroc") else options.runs // 2
                    got = simulate(case, runs, options.resamples)
                    naive = "" if got.naive is None else f"{got.naive:.3f}"
                    print(
                        f"| {kind} | {truth:g} | {clusters} | {size} | {got.covered:.3f} | "
                        f"{got.width:.3f} | {got.without:.3f} | {naive} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
