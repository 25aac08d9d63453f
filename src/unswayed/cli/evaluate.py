"""`unswayed evaluate`: all stages, ending in a report."""

from __future__ import annotations

from typing import Any

import click

from unswayed.cli.options import evaluation_options, settings_from


@click.command()
@evaluation_options
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("--no-report", is_flag=True, help="Stop at metrics.json.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a table.")
def evaluate(dry_run: bool, no_report: bool, as_json: bool, **options: Any) -> None:
    """Show a model every variant of every sample, judge, measure and report.

    RECIPE is a TOML file with settings, or the folder of a run to finish. A run that was stopped
    goes on where it stopped when the same command is given again.
    """
    from unswayed.cli.results import print_metrics
    from unswayed.pipeline import stages
    from unswayed.pipeline.plan import plan
    from unswayed.report import require, write_report

    settings, out, as_written = settings_from(options)
    if dry_run:
        click.echo(plan(settings).text())
        return
    if not no_report:
        require()
    run = stages.evaluate(settings, out, as_written)
    print_metrics(run, as_json)
    if not no_report:
        click.echo(f"report: {write_report(run)}", err=True)
