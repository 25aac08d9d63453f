"""`unswayed generate`: variants and generations only."""

from __future__ import annotations

from typing import Any

import click

from unswayed.cli.options import evaluation_options, settings_from


@click.command()
@evaluation_options
def generate(**options: Any) -> None:
    """Make the variants and let the model answer them; judge and measure later.

    RECIPE is a TOML file with settings, or the folder of a run to finish.
    """
    from unswayed.pipeline import stages
    from unswayed.pipeline.evaluation import Evaluation
    from unswayed.run.folder import RunFolder

    settings, out, as_written = settings_from(options)
    evaluation, run = Evaluation(settings), RunFolder(out)
    evaluation.resolve(run)
    with run.writing():
        stages.begin(run, evaluation, as_written)
        stages.make_variants(run, evaluation)
        stages.generate(run, evaluation)
    click.echo(str(run.folder))
