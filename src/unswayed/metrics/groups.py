"""Scores over parts of a benchmark: groups of copies, categories, weighted sources.

Which copies form a group is the benchmark's to say: a loader gives `Sample.group` for the way of
scoring that was asked for (flipped pairs, circular copies, or both), and one metric serves all.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unswayed.metrics.accuracy import share
from unswayed.metrics.arrays import Bools, Ints
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Mean, Strata

MAX_CATEGORIES = 100
"""More names than this are no categories but something like ids: they get no figure each."""

SOURCE_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "cv_bench_score": {"ADE20K": 0.25, "COCO": 0.25, "Omni3D": 0.5},
    "cv_bench_2d_score": {"ADE20K": 0.5, "COCO": 0.5},
    "cv_bench_3d_score": {"Omni3D": 1.0},
}
"""CV-Bench scores → weight of each source of pictures: mean(mean(ADE20K, COCO), Omni3D) and its
two halves (Tong et al., *Cambrian-1*, arXiv 2406.16860, the vision-centric benchmark)."""


def group_accuracy(rows: Columns, failed: Columns) -> Mean:
    """Return `group_accuracy`: the share of circular groups whose copies are ALL right.

    A group with a copy that failed or was refused is left out (Liu et al., *MMBench*, arXiv
    2307.06281, circular evaluation). With k outputs a prompt, draw j of all copies is one trial.

    Args:
        rows: completed rows.
        failed: the rows of the same variant without an output: failed, or refused.
    """
    draws = max(rows.draws, failed.draws)
    trials, lost = (each.group * draws + each.draw for each in (rows, failed))
    inside = (rows.group >= 0) & ~np.isin(trials, lost[failed.group >= 0])
    grouped = rows.take(inside)
    groups, member = _first_and_codes(trials[inside])
    wrong = np.bincount(member, ~grouped.correct, minlength=len(groups))
    right = (wrong == 0).astype(np.float64)
    return Mean("group_accuracy", right, grouped.cluster[groups], missing="no complete groups")


def category_accuracies(rows: Columns, failed: Columns) -> list[Mean]:
    """Return `accuracy[CATEGORY]` for each of the benchmark's own categories.

    Empty with fewer than two categories (it would repeat the accuracy), with more than
    `MAX_CATEGORIES`, and over several benchmarks, whose categories have nothing in common.

    Args:
        rows: completed rows of one benchmark and variant.
        failed: the rows of the same variant without an output: failed, or refused.
    """
    codes = np.union1d(rows.category, failed.category)
    codes = codes[codes >= 0]
    several = len(np.unique(np.union1d(rows.benchmark, failed.benchmark))) > 1
    if several or not 2 <= len(codes) <= MAX_CATEGORIES:
        return []
    named = ((f"accuracy[{rows.categories[code]}]", rows.category == code) for code in codes)
    return [_accuracy(name, rows, inside) for name, inside in named]


def source_scores(rows: Columns) -> list[Strata]:
    """Return CV-Bench's scores, whose sources weigh the same however many questions they have.

    They apply where every row's category is `TYPE/TASK/SOURCE` with a source of CV-Bench; a score
    is left out if none of its sources is there, and has no value if only some of them are.
    """
    known = SOURCE_WEIGHTS["cv_bench_score"]
    parts = [name.split("/") for name in rows.categories]
    sources = np.array([p[-1] if len(p) == 3 else "" for p in parts] + [""], dtype=np.str_)
    source = sources[rows.category]
    if len(rows) == 0 or not np.isin(source, list(known)).all():
        return []
    return [
        Strata(metric, tuple((weights[name], _of_source(rows, source, name)) for name in weights))
        for metric, weights in SOURCE_WEIGHTS.items()
        if np.isin(source, list(weights)).any()
    ]


def _of_source(rows: Columns, source: NDArray[np.str_], name: str) -> Mean:
    return _accuracy(f"accuracy of {name}", rows, source == name, f"no completed rows from {name}")


def _accuracy(
    metric: str, rows: Columns, inside: Bools, missing: str = "no completed rows"
) -> Mean:
    part = rows.take(inside)
    return share(metric, part.correct, part, missing)


def _first_and_codes(keys: Ints) -> tuple[Ints, Ints]:
    """Return the first row of each distinct key, and for each row the number of its key."""
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return first.astype(np.int64), codes.astype(np.int64)
