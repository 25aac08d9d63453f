"""`unswayed report`: the page of a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from unswayed.cli.options import RUN


@click.command()
@RUN
@click.option("--samples", type=click.IntRange(min=0), default=12, show_default=True)
def report(run: Path, samples: int) -> None:
    """Write RUN's report.html from its records; no model is called."""
    from unswayed.cli.results import warn_of_losses
    from unswayed.report import require
    from unswayed.report.current import new_report
    from unswayed.run.folder import RunFolder

    require()
    opened = RunFolder.open(run)
    click.echo(str(new_report(opened, samples)))
    warn_of_losses(opened)
