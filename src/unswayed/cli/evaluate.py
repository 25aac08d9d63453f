"""`unswayed evaluate`: all stages, ending in a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unswayed.cli.options import evaluation_options, settings_from

if TYPE_CHECKING:
    from unswayed.pipeline.settings import Settings
    from unswayed.results.loggers import LoggerName


@click.command()
@evaluation_options
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("--log", type=click.Choice(["wandb", "trackio"]), help="Send the figures there.")
@click.option("--no-report", is_flag=True, help="Stop at metrics.json.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a table.")
def evaluate(
    dry_run: bool, log: LoggerName | None, no_report: bool, as_json: bool, **options: Any
) -> None:
    """Show a model every variant of every sample, judge, measure and report.

    RECIPE is a TOML file with settings, the name of a shipped one (demo), or the folder of a run to
    finish. The same command resumes a run that was stopped.
    """
    from unswayed.pipeline.plan import plan

    settings, out, as_written = settings_from(options)
    if dry_run:
        click.echo(plan(settings).text())
        return
    if log is not None:
        from unswayed.results.loggers import require_logger

        require_logger(log)
    run_all(settings, out, as_written, report=not no_report, as_json=as_json)
    if log is not None:
        from unswayed.results import loggers
        from unswayed.run.folder import RunFolder

        loggers.report(log, RunFolder(out), settings.model_dump(mode="json"))


def run_all(
    settings: Settings,
    out: Path,
    as_written: dict[str, Any],
    *,
    report: bool = True,
    as_json: bool = False,
) -> None:
    """Run all stages, print the table and where the report lies.

    Raises:
        MissingExtra: packages are missing; all of them are named before anything is done.
    """
    from unswayed.cli.results import print_metrics
    from unswayed.pipeline import stages
    from unswayed.pipeline.requirements import require
    from unswayed.report import require as require_report
    from unswayed.report.current import current_report
    from unswayed.run.folder import RunFolder

    if not RunFolder(out).complete("generations"):
        require(settings, "report" if report else None)
    elif report:  # no model is needed, and to import one can take seconds
        require_report()
    run = stages.evaluate(settings, out, as_written)
    print_metrics(run, as_json)
    if report:
        click.echo(f"report: {current_report(run)}", err=True)
