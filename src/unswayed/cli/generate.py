"""`unswayed generate`: variants and generations only."""

from __future__ import annotations

from typing import Any

import click

from unswayed.cli.options import evaluation_options, settings_from


@click.command()
@evaluation_options
def generate(**options: Any) -> None:
    """Make the variants and what the model writes for them; judge and measure later.

    RECIPE is a TOML file with settings, or the folder of a run to finish.
    """
    from unswayed.pipeline import stages as pipeline
    from unswayed.run.folder import Run

    settings, out, written = settings_from(options)
    work, run = pipeline.Evaluation(settings), Run(out)
    pipeline.check(work, run)
    with run.writing():
        pipeline.begin(run, work, written)
        pipeline.make_variants(run, work)
        pipeline.generate(run, work)
    click.echo(str(run.folder))
