"""`unswayed show`: one sample, all its variants, in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from unswayed.cli.options import RUN


@click.command()
@RUN
@click.option("--sample", help="Id of the sample; without one, the samples are listed.")
def show(run: Path, sample: str | None) -> None:
    """Show a sample of RUN with all its variants, the injected text marked.

    Lines are folded to the terminal, or to 80 columns where there is none (COLUMNS=N says another
    number); ids and paths of pictures stay whole.
    """
    from unswayed.cli.results import warn_of_losses
    from unswayed.report.folding import terminal_width
    from unswayed.report.sample_text import show_sample
    from unswayed.run.folder import RunFolder

    opened = RunFolder.open(run)
    for line in show_sample(opened, sample, terminal_width()):
        click.echo(line)
    if sample is None:
        warn_of_losses(opened)
