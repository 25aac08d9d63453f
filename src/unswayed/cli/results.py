"""What commands print of a run's figures."""

from __future__ import annotations

import json
from typing import Any

import click

from unswayed.run.folder import RunFolder


def print_metrics(run: RunFolder, as_json: bool) -> None:
    """Print a run's metrics as JSON or as a table."""
    from unswayed.report.terminal import summary
    from unswayed.results import measured

    contents = measured.document(run)
    click.echo(json.dumps(contents, ensure_ascii=False) if as_json else summary(contents))
    model: dict[str, Any] = run.description().get("model", {})
    if model.get("knows_nothing"):
        click.echo(
            f"unswayed: note: {model.get('name')} has random weights and knows nothing; these "
            "figures show that the pipeline works, not what a model can do",
            err=True,
        )


def warn_of_losses(run: RunFolder) -> None:
    """Say on stderr which figures of a measured run rest on answers that were lost."""
    from unswayed.report.losses import warnings
    from unswayed.results import measured

    if measured.exists(run):
        for line in warnings(measured.load(run)):
            click.echo(f"unswayed: warning: {line}", err=True)


def warn_if_unfinished(run: RunFolder) -> None:
    """Say on stderr how far a run is, where it is not finished."""
    for stage in ("variants", "generations", "verdicts"):
        if not run.complete(stage):
            click.echo(
                f"unswayed: note: the {stage} of {run.folder} are not finished; the figures cover "
                f"what is there (to finish: unswayed evaluate {run.folder})",
                err=True,
            )
            return
