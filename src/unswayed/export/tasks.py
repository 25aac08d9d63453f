"""A variant of a benchmark as a task, as other harnesses know one."""

from __future__ import annotations

from unswayed.metrics.accuracy import accuracy
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import spread
from unswayed.metrics.scopes import within


def task(benchmark: str, variant: str) -> str:
    """Return the name of the task that stands for a variant of a benchmark."""
    return f"{benchmark}/{variant}"


def standard_error(columns: Columns, benchmark: str, variant: str) -> float | None:
    """Return the standard error of a variant's accuracy, between images or scenes.

    Returns:
        None where the variant has no row, or its rows do not say how much accuracy varies: they
        are of one image or scene, or all of them are right, or all wrong.
    """
    if variant not in columns.variants:
        return None
    rows = columns.take(within(columns, benchmark, variant)).completed()
    if len(rows) == 0:
        return None
    error, clusters = spread(accuracy(rows)[0])
    return error if clusters > 1 and error > 0 else None
