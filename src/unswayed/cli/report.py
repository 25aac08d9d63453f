"""`unswayed report`: the page of a run folder, or of several runs and trainings side by side."""

from __future__ import annotations

from pathlib import Path

import click

from unswayed.errors import ConfigError


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--samples", type=click.IntRange(min=0), default=12, show_default=True)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Page of several runs. [default for one: report.html in RUN]",
)
@click.option(
    "--allow-differing",
    is_flag=True,
    help="Compare runs that did not show the same questions, such as two deliveries.",
)
def report(runs: tuple[Path, ...], samples: int, out: Path | None, allow_differing: bool) -> None:
    """Write RUN's report.html from its records; no model is called.

    With several RUN, which may be folders of trainings, one page shows them side by side, with
    paired differences from the first; --out says where it goes.
    """
    first, *further = runs
    if out is None and not further:
        _one(first, samples)
        return
    if out is None:
        raise ConfigError("a page of several runs lies in none of them; say where: --out page.html")
    from unswayed.report.several import write_comparison

    written = write_comparison(runs, out, samples, allow_differing)
    click.echo(str(written.path))
    for line in written.refused:
        click.echo(f"unswayed: warning: {line}", err=True)


def _one(run: Path, samples: int) -> None:
    from unswayed.cli.results import warn_of_losses
    from unswayed.report import require
    from unswayed.report.current import new_report
    from unswayed.run.folder import RunFolder

    require()
    opened = RunFolder.open(run)
    click.echo(str(new_report(opened, samples)))
    warn_of_losses(opened)
