"""How often do the intervals of `unswayed.metrics` hold the true value? A table by simulation.

Run `python benchmarks/coverage.py [--runs N] [--resamples N] [--kind KIND]`; its output is in
docs/metrics.md. One line per kind of metric, truth and rows per cluster: the share of simulated
runs whose 95 % interval covers the true value, for each number of clusters (n/a where more than
half of the runs have no interval); and with 50 clusters the mean width, and for contrast the
coverage of a bootstrap that takes rows as independent (percentiles, uncorrected).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from unswayed.metrics.agreement import fleiss_kappa
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.calibration import ece, ece_figures
from unswayed.metrics.intervals import (
    Figure,
    IntervalSettings,
    Mean,
    Weighted,
    mean_figure,
    weighted_figure,
)
from unswayed.metrics.ranking import auroc_figure, gain_figure
from unswayed.metrics.uncertainty import risk_area

RHO = 0.3
"""Intra-cluster correlation of the simulated rows (roughly; exact for shares)."""

CLUSTERS = (10, 20, 50, 200)
SHOWN = 50
"""Number of clusters of the columns for width and naive coverage."""

Sizes = Literal["1", "4", "4 unequal"]


class Draw(NamedTuple):
    figure: Figure
    truth: float
    values: Floats | None


@dataclass(frozen=True)
class Case:
    kind: str
    clusters: int
    size: Sizes
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
    key = [seed, case.clusters, SIZES.index(case.size), round(1000 * case.truth)]
    rng = np.random.default_rng(key)
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
    """Cluster of each row: 1 row, or 1 to 7, or, unequal, most 1 to 3 and one a quarter of all."""
    if case.size == "1":
        return np.arange(case.clusters)
    sizes = rng.integers(1, 8 if case.size == "4" else 4, case.clusters)
    if case.size == "4 unequal":
        sizes[0] = max(4, sizes[1:].sum() // 3)
    return np.repeat(np.arange(case.clusters), sizes)


def _correlated(rng: np.random.Generator, where: Ints) -> Floats:
    """Standard normal noise that is shared in part by the rows of a cluster."""
    shared = rng.normal(size=where.max() + 1)[where]
    return math.sqrt(RHO) * shared + math.sqrt(1 - RHO) * rng.normal(size=len(where))


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


def _sway(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """+1 where a text turns the answer to the foil, −1 in 1 %, where base alone was the foil."""
    where = _clusters(rng, case)
    noise = special.ndtr(_correlated(rng, where))
    values = np.where(noise < case.truth + 0.01, 1.0, np.where(noise > 0.99, -1.0, 0.0))
    mean = Mean("sway", values, where, (-1.0, 1.0))
    return Draw(mean_figure(mean, settings), case.truth, values)


def _auroc(
    rare: float, surely: bool, rng: np.random.Generator, case: Case, settings: IntervalSettings
) -> Draw:
    """Binormal scores with a cluster effect; `rare` of the rows are negative, together in clusters.

    Or, `surely`, all positive rows lie above the negative ones, but for some above all others.
    """
    where = _clusters(rng, case)
    labels = _correlated(rng, where) >= special.ndtri(rare)
    noise = _correlated(rng, where)
    scores = labels * math.sqrt(2) * float(special.ndtri(case.truth)) + noise
    if surely:
        above = _correlated(rng, where) < special.ndtri(1 - case.truth)
        scores = np.where(labels, 20.0, np.where(above, 50.0, 0.0)) + noise
    figure = auroc_figure("auroc", scores, labels, where, settings.level, "one class")
    return Draw(figure, case.truth, None)


def _half(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """A contrast with halves: base is right in 90 %, a text turns some, a suffix repairs 30 %."""
    where = _clusters(rng, case)
    noise = _correlated(rng, where)
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
    shared = _correlated(rng, where)
    scores: list[Floats] = []
    for truth in (case.truth, case.truth - 0.1):
        shift = math.sqrt(2) * float(special.ndtri(truth))
        scores.append(labels * shift + math.sqrt(0.5) * (shared + rng.normal(size=len(where))))
    both = scores[0], scores[1]
    figure = gain_figure("gain", both, labels, where, settings.level, "one class")
    return Draw(figure, 0.1, None)


def _answers(rng: np.random.Generator, where: Ints, excess: float) -> tuple[Floats, Floats]:
    """Confidence in (0.25, 1), most near 1, that exceeds the probability of being right."""
    confidence = 0.25 + 0.75 * rng.beta(3, 0.7, len(where))
    right = special.ndtr(_correlated(rng, where)) < confidence - excess
    return confidence, right.astype(np.float64)


def _ece(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Confidence that is too large by the truth."""
    where = _clusters(rng, case)
    names = ("ece", "ece_debiased")
    _, debiased = ece_figures(names, *_answers(rng, where, case.truth), where, settings, "")
    return Draw(debiased, _large_sample(case.kind, case.truth), None)


def _aurc(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """The same answers, ranked by confidence; the truth is how much it is too large."""
    where = _clusters(rng, case)
    confidence, right = _answers(rng, where, case.truth)
    weighted = Weighted("aurc", risk_area(confidence, right < 1), where)
    return Draw(weighted_figure(weighted, settings), _large_sample(case.kind, case.truth), None)


def _agreement(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Five outputs a prompt, and how often two are alike: half of the unsure ones, all others."""
    where = _clusters(rng, case)
    unsure = _correlated(rng, where) < special.ndtri(2 * (1 - case.truth))
    right = rng.binomial(5, np.where(unsure, 0.5, 1.0))
    values = (right * (right - 1) + (5 - right) * (4 - right)) / 20
    return Draw(mean_figure(Mean("agreement", values, where), settings), case.truth, values)


def _kappa(rng: np.random.Generator, case: Case, settings: IntervalSettings) -> Draw:
    """Three judges: each says of an item what it is, or by chance `yes` in 80 %."""
    where = _clusters(rng, case)
    item = _correlated(rng, where) < special.ndtri(0.8)
    knows = rng.random((3, len(where))) < math.sqrt(case.truth)
    said = np.where(knows, item, rng.random((3, len(where))) < 0.8)
    names = [["yes" if one else "no" for one in judge] for judge in said]
    return Draw(fleiss_kappa(names, where, settings), case.truth, None)


@cache
def _large_sample(kind: str, excess: float) -> float:
    """Return what a million independent rows give."""
    rng = np.random.default_rng(0)
    confidence, right = _answers(rng, np.arange(1_000_000), excess)
    if kind == "ece_debiased":
        return 0.0 if excess == 0 else ece(confidence, right)
    return risk_area(confidence, right < 1)(np.ones(len(right), dtype=np.int64))


KINDS: dict[str, Callable[[np.random.Generator, Case, IntervalSettings], Draw]] = {
    "share": _share,
    "drop": _drop,
    "sway": _sway,
    "contrast with halves": _half,
    "entropy": _entropy,
    "draw_agreement": _agreement,
    "fleiss_kappa": _kappa,
    "auroc": partial(_auroc, 1 / 3, False),
    "auroc, 10 % negative": partial(_auroc, 0.1, False),
    "auroc, surely wrong": partial(_auroc, 1 / 3, True),
    "auroc_gain": _gain,
    "ece_debiased": _ece,
    "aurc": _aurc,
}
TRUTHS = {
    "share": (0.02, 0.5, 0.9, 0.98),
    "drop": (0.1, 0.02),
    "sway": (0.5, 0.1, 0.0),
    "contrast with halves": (0.4, 0.1, 0.02),
    "entropy": (0.3, 0.05),
    "draw_agreement": (0.6, 0.97),
    "fleiss_kappa": (0.6, 0.9),
    "auroc": (0.55, 0.75, 0.94, 0.99),
    "auroc, 10 % negative": (0.75, 0.94, 0.99),
    "auroc, surely wrong": (0.75, 0.94),
    "auroc_gain": (0.8, 0.94),
    "ece_debiased": (0.0, 0.05, 0.15),
    "aurc": (0.0, 0.15),
}
"""Kind → its true values; of a contrast with halves, the share of right answers that are turned; of
`ece_debiased` and `aurc`, by how much the confidence is too large."""

SIZES: tuple[Sizes, ...] = ("1", "4", "4 unequal")


def _naive_holds(rng: np.random.Generator, values: Floats, truth: float) -> bool:
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), 200)
    low, high = np.quantile(weights @ values / len(values), [0.025, 0.975])
    return bool(low <= truth <= high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--kind", choices=KINDS, help="only the lines of one kind")
    options = parser.parse_args()
    head = [f"{clusters} clusters" for clusters in CLUSTERS]
    print("| " + " | ".join(["metric", "truth", "rows each", *head, "width", "naive"]) + " |")
    print("|---" * (5 + len(CLUSTERS)) + "|")
    for kind, truths in TRUTHS.items():
        if options.kind not in (None, kind):
            continue
        for truth in truths:
            for size in SIZES:
                runs = options.runs // 2 if kind in ("fleiss_kappa", "aurc") else options.runs
                _print_line(kind, truth, size, runs, options.resamples)


def _print_line(kind: str, truth: float, size: Sizes, runs: int, resamples: int) -> None:
    by_clusters = {n: simulate(Case(kind, n, size, truth), runs, resamples) for n in CLUSTERS}
    covered = [
        f"{one.covered:.3f}" if one.without <= 0.5 else "n/a" for one in by_clusters.values()
    ]
    shown = by_clusters[SHOWN]
    naive = "" if shown.naive is None else f"{shown.naive:.3f}"
    cells = [kind, f"{truth:g}", size, *covered, f"{shown.width:.3f}", naive]
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
