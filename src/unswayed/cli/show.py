"""`unswayed show`: one sample, all its variants, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from unswayed.cli.options import RUN


@click.command()
@RUN
@click.option("--sample", help="Id of the sample; without one, the samples are listed.")
def show(run: Path, sample: str | None) -> None:
    """Show a sample of RUN with all its variants, the injected text marked."""
    from unswayed.cli.results import warn_of_losses
    from unswayed.report.sample_text import show_sample
    from unswayed.run.folder import RunFolder

    opened = RunFolder.open(run)
    for line in show_sample(opened, sample):
        click.echo(line)
    if sample is None:
        warn_of_losses(opened)
