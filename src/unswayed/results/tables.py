"""Figures, differences and failures as tables: one row each, its columns those of the record."""

# pandas comes without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from unswayed.pipeline.comparison import RunComparison
from unswayed.results.frames import Column, records_frame
from unswayed.types import Estimate, Failure

if TYPE_CHECKING:
    from pandas import DataFrame

ESTIMATE_COLUMNS = (
    Column("benchmark", "text", "benchmark, or `all` of the run's"),
    Column(
        "variant",
        "text",
        "variant, `all` where the metric spans several, or the name of a contrast of variants",
    ),
    Column("metric", "text", "name of the metric"),
    Column("value", "number", "the estimate; missing where it cannot be computed"),
    Column("low", "number", "lower end of the interval; missing without one"),
    Column("high", "number", "upper end of the interval; missing without one"),
    Column("level", "number", "confidence level of the interval, in (0, 1)"),
    Column("method", "text", "how the interval was made; empty without one"),
    Column("n", "count", "rows that the value is computed on"),
    Column("n_clusters", "count", "independent images or scenes among them"),
    Column("n_unparsed", "count", "rows of the variant whose answer could not be read"),
    Column("n_failed", "count", "items of the variant that failed and are in no figure"),
    Column("n_refused", "count", "prompts that the model refused, in no figure but their rate"),
    Column("reason", "text", "why there is no value or no interval; empty otherwise"),
)
"""Of `Run.metrics`."""
COMPARISON_COLUMNS = (
    Column("reference", "text", "folder of the run or training that is taken off"),
    Column("run", "text", "folder of the one that it is taken off from"),
    *ESTIMATE_COLUMNS,
    Column("p", "number", "two-sided p-value, in agreement with the interval; missing without"),
    Column("p_holm", "number", "p corrected by Holm for all rows of the table"),
    Column("detectable", "number", "smallest true difference that this n would show (power 80 %)"),
    Column("clear", "flag", "the interval leaves 0 out"),
    Column("stands", "flag", "so it does after Holm's correction"),
)
"""Of `compare` for runs."""
FAILURE_COLUMNS = (
    Column("stage", "text", "`load`, `perturb`, `generate` or `judge`"),
    Column("benchmark", "text", "benchmark of the item"),
    Column("id", "text", "the item: a sample's id, or file and row"),
    Column("error", "text", "class name of the error"),
    Column("message", "text", "what was expected, what was found"),
)
"""Of `Run.failures`."""


def estimates_frame(estimates: Sequence[Estimate]) -> DataFrame:
    """Return figures as a table.

    Raises:
        MissingExtra: pandas is not installed.
    """
    return records_frame(ESTIMATE_COLUMNS, [dict(one) for one in estimates])


def differences_frame(found: Sequence[RunComparison]) -> DataFrame:
    """Return the paired differences of several runs from the first as a table.

    `attrs["differing"]` has for each run the settings that differ from the first one's, and
    `attrs["other_questions"]` where the two were not shown the same, as lists of dicts.

    Raises:
        MissingExtra: pandas is not installed.
    """
    rows = [
        {
            "reference": str(one.reference),
            "run": str(one.run),
            **dict(row),
            "clear": row.clear,
            "stands": row.stands,
        }
        for one in found
        for row in one.differences
    ]
    frame = records_frame(COMPARISON_COLUMNS, rows)
    for name in ("differing", "other_questions"):
        told = {str(one.run): [asdict(each) for each in getattr(one, name)] for one in found}
        frame.attrs[name] = told
    return frame


def failures_frame(failures: Sequence[Failure]) -> DataFrame:
    """Return failures as a table.

    Raises:
        MissingExtra: pandas is not installed.
    """
    return records_frame(FAILURE_COLUMNS, [dict(one) for one in failures])
