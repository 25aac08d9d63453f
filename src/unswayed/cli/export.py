"""`unswayed export`: a run in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

FORMATS = ("parquet", "csv", "jsonl")


@click.command()
@click.argument("runs", metavar="RUN", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "name", required=True, type=click.Choice(FORMATS), help="The format.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File or folder. [default: below RUN/exports]"
)
def export(runs: tuple[Path, ...], name: Any, out: Path | None) -> None:
    """Write RUN in the format of another tool, and print where it is.

    \b
    parquet      one row a generation, for pandas, polars, DuckDB
    csv, jsonl   the same rows

    An earlier export is replaced; a file of anyone else's is not.
    """  # noqa: D301 - click reads the \b as a character
    from unswayed.cli.results import warn_if_unfinished
    from unswayed.errors import ConfigError
    from unswayed.export.exporting import export as write
    from unswayed.run.folder import RunFolder

    run, *others = runs
    if others:
        raise ConfigError(f"expected one run, found {len(runs)}; export each to a place of its own")
    opened = RunFolder.open(run)
    warn_if_unfinished(opened)
    click.echo(str(write(opened, name, out)))
