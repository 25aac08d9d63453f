"""Figures of a run where its owner watches experiments: Weights & Biases, trackio.

Both packages have one form (`init`, `log`, `Table`, `Image`), so one module serves both. Keys are
read from the environment by the packages themselves and reach no file of ours. An error of theirs
ends nothing: what is watched is worth more than watching it.
"""

# The loggers and pandas come without types, and may not be installed.
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, Literal, get_args

from unswayed import progress
from unswayed.errors import first_line
from unswayed.extras import require
from unswayed.results import measured
from unswayed.run.folder import RunFolder

LoggerName = Literal["wandb", "trackio"]
LOGGERS: tuple[LoggerName, ...] = get_args(LoggerName)
WATCHED = (
    "accuracy",
    "faithful_accuracy",
    "consistency_rate",
    "sway",
    "entropy",
    "p_correct",
    "steadfastness",
)
"""Metrics that are sent, for each variant that has them."""
PROJECT = "unswayed"
"""Of trainings and evaluations that name no other."""
TRAINING_STEP = "train/global_step"
"""What the curves of a training are drawn over, as transformers calls it."""
STEP = "evaluation/step"
"""What the figures of a training's checkpoints are drawn over."""
_FAILED: set[str] = set()
"""Loggers whose open run failed already, which is said once."""


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


def require_logger(name: LoggerName) -> None:
    """Require the package of a logger, before what it is to watch begins.

    Raises:
        MissingExtra: it is not installed.
    """
    require(f"logging to {name}", name)


def module(name: LoggerName) -> Any:
    """Return the package of a logger.

    Raises:
        MissingExtra: it is not installed.
    """
    require_logger(name)
    if name == "wandb":
        import wandb

        return wandb
    import trackio

    return trackio


def project_of(name: LoggerName, wanted: str | None = None) -> str:
    """Return the project that runs go to; WANDB_PROJECT or TRACKIO_PROJECT goes over all else."""
    return os.environ.get(f"{name.upper()}_PROJECT") or wanted or PROJECT


@contextmanager
def tolerated(name: LoggerName) -> Generator[None]:
    """Let no error of a logger end what it watches: the first one of a run is said."""
    try:
        yield
    except Exception as error:  # whatever a client of a service raises
        if name not in _FAILED:
            _FAILED.add(name)
            reason = first_line(error)
            progress.say(
                f"{name} failed ({reason}); it may lack what it was sent, and work goes on"
            )


def begin(
    name: LoggerName,
    run: str,
    settings: Mapping[str, Any],
    project: str | None = None,
    resumed: bool = False,
) -> None:
    """Open a run; where that fails, what is sent later goes nowhere.

    Args:
        name: where to.
        run: what the run is called.
        settings: what is watched, as JSON values.
        project: what it belongs to; see `project_of`.
        resumed: whether trackio goes on in the run of that name, if it has one.
    """
    _FAILED.discard(name)
    with tolerated(name), redirect_stdout(sys.stderr):
        package = module(name)
        options: dict[str, Any] = {"resume": "allow" if resumed else "never"}
        if name == "wandb":
            options = {}
        where = project_of(name, project)
        package.init(project=where, name=run, config=dict(settings), **options)
        if name == "wandb":
            package.define_metric("train/*", step_metric=TRAINING_STEP)


def send(name: LoggerName, values: Mapping[str, Any]) -> None:
    """Send values to the run that this process has open; nothing where it has none.

    No error of the logger comes through.
    """
    with tolerated(name):
        package = module(name)
        if _is_open(name, package):
            if name == "wandb" and STEP in values:  # or they are drawn at the step of sending
                package.define_metric("evaluation/*", step_metric=STEP)
            package.log(dict(values))


def finish(name: LoggerName) -> None:
    """Close the run that this process has open, so that the next training gets one of its own."""
    with tolerated(name), redirect_stdout(sys.stderr):
        package = module(name)
        if _is_open(name, package):
            package.finish()


def report(name: LoggerName, run: RunFolder, settings: Mapping[str, Any]) -> None:
    """Open a run of its own for an evaluation, send its figures, and close it.

    Args:
        name: where to.
        run: the evaluation, measured.
        settings: what it was made with.

    Raises:
        RunError: the run was not measured.
    """
    values = figures(run)
    begin(name, run.folder.resolve().name, settings)
    send(name, values)
    finish(name)


def _is_open(name: LoggerName, package: Any) -> bool:
    """Say whether this process has a run open, of ours or of whoever else opened one."""
    if name == "wandb":
        return package.run is not None
    return package.context_vars.current_run.get() is not None


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
