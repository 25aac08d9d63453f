"""`unswayed export`: a run in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

FORMATS = ("parquet", "csv", "jsonl", "lm-eval", "inspect", "model-index", "dataset")


@click.command()
@click.argument("runs", metavar="RUN", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "name", required=True, type=click.Choice(FORMATS), help="The format.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File or folder. [default: below RUN/exports]"
)
@click.option("--push", metavar="OWNER/NAME", help="Send the data set to this repository too.")
@click.option("--private", is_flag=True, help="To a repository that only its owner sees.")
@click.option(
    "--all-pictures",
    is_flag=True,
    help="A data set has the pictures of every benchmark: you may pass them on.",
)
def export(
    runs: tuple[Path, ...],
    name: Any,
    out: Path | None,
    push: str | None,
    private: bool,
    all_pictures: bool,
) -> None:
    """Write RUN in the format of another tool, and print where it is.

    \b
    parquet      one row a generation, for pandas, polars, DuckDB
    csv, jsonl   the same rows
    lm-eval      results.json of lm-evaluation-harness
    inspect      a folder of .eval logs, one for each variant of each benchmark
    model-index  the figures as metadata of a model card on the Hugging Face hub
    dataset      the questions with their variants, a folder that `datasets` loads

    An earlier export is replaced; a file of anyone else's is not. A data set has the pictures of
    benchmarks whose licence is known to let them be passed on. The token of --push is HF_TOKEN's,
    or that of `hf auth login`.
    """  # noqa: D301 - click reads the \b as a character
    from unswayed.cli.results import warn_if_unfinished
    from unswayed.errors import ConfigError
    from unswayed.export.exporting import export as write
    from unswayed.export.pushing import push_dataset, require_pushable
    from unswayed.run.folder import RunFolder

    run, *others = runs
    if others:
        raise ConfigError(f"expected one run, found {len(runs)}; export each to a place of its own")
    opened = RunFolder.open(run)
    warn_if_unfinished(opened)
    options: dict[str, Any] = {"all_pictures": True} if all_pictures else {}
    if name != "dataset" and (push or private or all_pictures):
        raise ConfigError("--push, --private and --all-pictures belong to --to dataset")
    if push is None:
        click.echo(str(write(opened, name, out, **options)))
        return
    token = require_pushable(opened, push, private, all_pictures)
    folder = write(opened, name, out, **options)
    click.echo(push_dataset(folder, push, token, private))
