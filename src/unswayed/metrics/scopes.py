"""Which rows a figure is of, and its record: the counts that stand beside every figure of a scope.

A scope is a benchmark, or `all` of a run's, with one variant, several, or `all`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unswayed.errors import ConfigError
from unswayed.metrics.arrays import Bools
from unswayed.metrics.codes import ALL, BASE, UNPARSED
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import Figure
from unswayed.types import Estimate


def scopes(outcomes: Columns) -> list[str]:
    """Return the benchmarks, and `all` if there are several."""
    return [*outcomes.benchmarks, *([ALL] if len(outcomes.benchmarks) > 1 else [])]


def variant_names(outcomes: Columns, benchmark: str) -> list[str]:
    """Return the variants that a benchmark has rows or failures of, base first."""
    rows = outcomes.take(in_benchmark(outcomes, benchmark))
    failed = _failed_counts(outcomes, benchmark)
    there = [
        name
        for code, name in enumerate(outcomes.variants)
        if (rows.variant == code).any() or failed[code]
    ]
    return sorted(there, key=lambda name: (name != BASE, name))


def in_benchmark(outcomes: Columns, benchmark: str) -> Bools:
    """Return (n,) flags of the rows of a benchmark, or of every row for `all`.

    Raises:
        ConfigError: the run has no such benchmark.
    """
    if benchmark in outcomes.benchmarks:
        return outcomes.benchmark == outcomes.benchmarks.index(benchmark)
    if benchmark == ALL:
        return np.ones(len(outcomes), dtype=np.bool_)
    known = ", ".join(outcomes.benchmarks)
    raise ConfigError(f"expected a benchmark of the run ({known}) or all, found {benchmark!r}")


def n_failed(outcomes: Columns, benchmark: str, variant: str) -> int:
    """Return the number of failed items of a benchmark (or `all`) and variant (or `all`)."""
    counts = _failed_counts(outcomes, benchmark)
    return sum(counts) if variant == ALL else counts[outcomes.variants.index(variant)]


def _failed_counts(outcomes: Columns, benchmark: str) -> list[int]:
    if benchmark in outcomes.benchmarks:
        return [int(n) for n in outcomes.failed[outcomes.benchmarks.index(benchmark)]]
    return [int(n) for n in outcomes.failed.sum(axis=0)]


def within(outcomes: Columns, benchmark: str, variant: str) -> Bools:
    """Return (n,) flags of the rows of a variant in a benchmark, or in any for `all`.

    Raises:
        ConfigError: the run has no such benchmark or variant.
    """
    if variant not in outcomes.variants:
        known = ", ".join(outcomes.variants)
        raise ConfigError(f"expected a variant of the run ({known}), found {variant!r}")
    code = outcomes.variants.index(variant)
    return in_benchmark(outcomes, benchmark) & (outcomes.variant == code)


def records(
    outcomes: Columns,
    benchmark: str,
    name: str,
    variants: Sequence[str],
    figures: Sequence[Figure],
) -> list[Estimate]:
    """Return figures over some variants as records under a name, with what those rows lack."""
    codes = [outcomes.variants.index(variant) for variant in variants]
    mask = in_benchmark(outcomes, benchmark) & np.isin(outcomes.variant, codes)
    unparsed = int((outcomes.chosen[mask & outcomes.has_output()] == UNPARSED).sum())
    failed = sum(n_failed(outcomes, benchmark, variant) for variant in variants)
    refused = int(outcomes.ended("refused")[mask].sum())
    return [estimate(figure, benchmark, name, unparsed, failed, refused) for figure in figures]


def estimate(
    figure: Figure,
    benchmark: str,
    variant: str,
    n_unparsed: int,
    n_failed: int,
    n_refused: int = 0,
) -> Estimate:
    """Return a figure as the record of `metrics.json`."""
    return Estimate(
        benchmark=benchmark,
        variant=variant,
        metric=figure.metric,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        level=figure.level,
        method=figure.method,
        n=figure.n,
        n_clusters=figure.n_clusters,
        n_unparsed=n_unparsed,
        n_failed=n_failed,
        n_refused=n_refused,
        reason=figure.reason,
    )
