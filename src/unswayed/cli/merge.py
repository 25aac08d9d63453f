"""`unswayed merge`: the shards of an evaluation as one run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--no-report", is_flag=True, help="Stop at metrics.json.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a table.")
def merge(out: Path, runs: tuple[Path, ...], no_report: bool, as_json: bool) -> None:
    """Merge RUNS, all shards of one evaluation, into the new run folder OUT.

    The shards are left as they are. OUT is measured if all of them were judged.
    """
    from unswayed.cli.results import print_metrics
    from unswayed.pipeline import merge as merging
    from unswayed.report import require
    from unswayed.report.current import current_report

    if not no_report:
        require()
    merged = merging.merge(out, runs)
    for key in merged.differing:
        click.echo(f"unswayed: note: the shards differ in {key}; see run.json", err=True)
    if not merged.judged:
        click.echo(
            "unswayed: note: the shards were not all judged by one judge; to judge and measure the "
            f"merged run: unswayed evaluate {out}",
            err=True,
        )
        return
    print_metrics(merged.run, as_json)
    if not no_report:
        click.echo(f"report: {current_report(merged.run)}", err=True)
