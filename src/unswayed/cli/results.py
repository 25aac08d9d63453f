"""What commands print of a run's figures."""

from __future__ import annotations

import json
from typing import Any

import click

from unswayed.errors import RunError
from unswayed.run.folder import Run


def metrics_of(run: Run) -> dict[str, Any]:
    """Return a run's metrics.

    Raises:
        RunError: it was not measured yet.
    """
    path = run.folder / "metrics.json"
    if not path.is_file():
        raise RunError(f"{run.folder} has no metrics.json yet; run: unswayed measure {run.folder}")
    return json.loads(path.read_text("utf-8"))


def print_metrics(run: Run, as_json: bool) -> None:
    """Print a run's metrics as JSON or as a table."""
    from unswayed.report.terminal import summary

    metrics = metrics_of(run)
    click.echo(json.dumps(metrics, ensure_ascii=False) if as_json else summary(metrics))
    model: dict[str, Any] = run.description().get("model", {})
    if model.get("knows_nothing"):
        click.echo(
            f"unswayed: note: {model.get('name')} has random weights and knows nothing; these "
            "figures show that the pipeline works, not what a model can do",
            err=True,
        )


def warn_if_unfinished(run: Run) -> None:
    """Say on stderr how far a run is, where it is not finished."""
    for stage in ("variants", "generations", "verdicts"):
        if not run.complete(stage):
            click.echo(
                f"unswayed: note: the {stage} of {run.folder} are not finished; the figures are of "
                f"what is there (to finish: unswayed evaluate {run.folder})",
                err=True,
            )
            return
