"""A training's table, and the differences between trainings, as pandas frames."""

# pandas comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unswayed.results.frames import Column, records_frame
from unswayed.training.track.comparison import Comparison
from unswayed.training.track.dynamics import Dynamics
from unswayed.training.track.findings import emptied_lines, fall_lines, template_lines, verdicts

if TYPE_CHECKING:
    from pandas import DataFrame

DYNAMICS_COLUMNS = (
    Column("seed", "count", "seed of the training"),
    Column("step", "count", "optimiser steps taken"),
    Column("benchmark", "text", "benchmark, `all`, or `training` for what was rewarded"),
    Column("variant", "text", "variant, or `all`"),
    Column("metric", "text", "name of the metric"),
    Column("value", "number", "the value; missing where it is not known"),
    Column("low", "number", "lower end of its interval over questions; missing without one"),
    Column("high", "number", "upper end; missing without one"),
    Column("n", "count", "outputs of an evaluation or completions of a step; else missing"),
)
"""Of `track`."""
COMPARISON_COLUMNS = (
    Column("reference", "text", "folder of the training that is taken off"),
    Column("run", "text", "folder of the one that it is taken off from"),
    Column("step", "count", "optimiser steps that both are compared at"),
    Column("benchmark", "text", "benchmark"),
    Column("variant", "text", "variant"),
    Column("metric", "text", "name of the metric"),
    Column("a", "number", "its mean over the seeds of the first training"),
    Column("b", "number", "its mean over the seeds of the second"),
    Column("value", "number", "the difference b − a; missing where a side has no value"),
    Column("low", "number", "lower end of its interval over seeds; missing without one"),
    Column("high", "number", "upper end; missing without one"),
    Column("level", "number", "confidence level of the interval, in (0, 1)"),
    Column("df", "number", "degrees of freedom; missing without an interval"),
    Column("seeds", "count", "seeds on the side that has fewer"),
    Column("paired", "flag", "the seeds of both are the same and compared one by one"),
    Column("clear", "flag", "the interval leaves 0 out, and the seeds are three or more"),
    Column("reason", "text", "why there is no interval; empty otherwise"),
)
"""Of `compare` for trainings."""


def dynamics_frame(table: Dynamics) -> DataFrame:
    """Return a training's table; its `attrs` hold what is known of its thoughts.

    Raises:
        MissingExtra: pandas is not installed.
    """
    frame = records_frame(DYNAMICS_COLUMNS, [asdict(row) for row in table.rows])
    collapsed, others = verdicts(table)
    frame.attrs = {
        "collapsed": collapsed,
        "empty": emptied_lines(table),
        "templates": template_lines(table),
        "falls": fall_lines(table),
        "thoughts": others,
    }
    return frame


def comparison_frame(reference: Path, comparisons: Mapping[Path, Comparison]) -> DataFrame:
    """Return the differences of several trainings from the first; the notes are in its `attrs`.

    Raises:
        MissingExtra: pandas is not installed.
    """
    rows = [
        row
        for folder, one in comparisons.items()
        for row in _differences(str(reference), str(folder), one)
    ]
    frame = records_frame(COMPARISON_COLUMNS, rows)
    frame.attrs = {"notes": {str(folder): list(one.notes) for folder, one in comparisons.items()}}
    return frame


def _differences(reference: str, run: str, comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "reference": reference,
            "run": run,
            "step": comparison.step,
            "level": comparison.level,
            "benchmark": one.benchmark,
            "variant": one.variant,
            "metric": one.metric,
            "a": one.a,
            "b": one.b,
            "value": one.spread.value,
            "low": one.spread.low,
            "high": one.spread.high,
            "df": one.spread.df,
            "seeds": one.spread.seeds,
            "paired": one.spread.paired,
            "clear": one.clear,
            "reason": one.spread.reason,
        }
        for one in comparison.rows
    ]
