"""Figures of a run where its owner watches experiments: Weights & Biases, trackio.

Both packages have one form (`init`, `log`, `Table`, `Image`), so one module serves both. Keys are
read from the environment by the packages themselves and reach no file of ours.
"""

# The loggers and pandas come without types, and may not be installed.
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, get_args

from unswayed.errors import StageError
from unswayed.extras import require
from unswayed.results import measured
from unswayed.run.folder import RunFolder

LoggerName = Literal["wandb", "trackio"]
LOGGERS: tuple[LoggerName, ...] = get_args(LoggerName)
WATCHED = (
    "accuracy",
    "faithful_accuracy",
    "consistency_rate",
    "sway_rate",
    "entropy",
    "p_correct",
    "steadfastness",
)
"""Metrics that are sent, for each variant that has them."""
PROJECT = "unswayed"
STEP = "evaluation/step"
"""What the figures of a training's checkpoints are drawn over."""


def figures(run: RunFolder, prefix: str = "evaluation") -> dict[str, float]:
    """Return a measured run's main figures: `evaluation/BENCHMARK/VARIANT/METRIC` → value.

    Raises:
        RunError: the run was not measured.
    """
    found = measured.load(run)
    return {
        f"{prefix}/{one.benchmark}/{one.variant}/{one.metric}": one.value
        for one in found.estimates
        if one.metric in WATCHED and one.value is not None
    }


def module(name: LoggerName) -> Any:
    """Return the package of a logger.

    Raises:
        MissingExtra: it is not installed.
    """
    require(f"logging to {name}", name)
    if name == "wandb":
        import wandb

        return wandb
    import trackio

    return trackio


def send(name: LoggerName, values: Mapping[str, Any]) -> None:
    """Send values to the run that this process has open; nothing where it has none."""
    package = module(name)
    if name == "wandb":
        if package.run is None:
            return
        if STEP in values:  # or they would be drawn at the step at which they were sent
            package.define_metric("evaluation/*", step_metric=STEP)
    with suppress(RuntimeError):  # trackio's word for a process that has no run open
        package.log(dict(values))


def finish(name: LoggerName) -> None:
    """Close the run that this process has open, so that the next training gets one of its own."""
    package = module(name)
    if name != "wandb" or package.run is not None:
        with suppress(RuntimeError):
            package.finish()


def report(name: LoggerName, run: RunFolder, settings: Mapping[str, Any]) -> None:
    """Open a run of its own for an evaluation, send its figures, and close it.

    Args:
        name: where to.
        run: the evaluation, measured.
        settings: what it was made with.

    Raises:
        MissingExtra: the package is not installed.
        StageError: the logger could not be reached.
    """
    package = module(name)
    try:
        package.init(project=PROJECT, name=run.folder.name, config=dict(settings))
        package.log(figures(run))
        package.finish()
    except Exception as error:  # whatever a client of a service raises
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StageError(
            f"the figures of {run.folder} are measured, but were not sent to {name}: {reason}"
        ) from error


def table(package: Any, rows: Sequence[Mapping[str, Any]], pictures: Sequence[Any]) -> Any:
    """Return rows as a logger's table, each with its picture where there is one.

    Args:
        package: the logger's package.
        rows: cells of plain text and numbers, with the same keys.
        pictures: a PIL picture for each row, or None.
    """
    cells = [dict(row) for row in rows]
    if any(picture is not None for picture in pictures):
        for row, picture in zip(cells, pictures, strict=True):
            row["picture"] = None if picture is None else package.Image(picture)
    if package.__name__ == "wandb":  # its tables of data frames turn pictures into text
        columns = list(cells[0]) if cells else []
        return package.Table(columns=columns, data=[list(row.values()) for row in cells])
    import pandas as pd

    return package.Table(dataframe=pd.DataFrame(cells))
