"""`unswayed track`: every checkpoint of a training evaluated; its curves, and signs of collapse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unswayed.cli.options import variant_names

if TYPE_CHECKING:
    from unswayed.results.loggers import LoggerName
    from unswayed.training.track.dynamics import Dynamics


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Evaluate new checkpoints until the training ends.")
@click.option("--benchmark", "benchmarks", multiple=True, help="Benchmark spec; repeatable.")
@click.option("--variants", multiple=True, help="Variant names, comma-separated or repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="Samples per benchmark.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Prompts per batch.")
@click.option("--judge", help="Judge spec.")
@click.option(
    "--model",
    metavar="SPEC",
    help="What runs a checkpoint, {} standing for its folder, such as "
    "'transformers:{},device=cuda'. [default: transformers]",
)
@click.option(
    "--log", type=click.Choice(["wandb", "trackio"]), help="Send the figures over the steps there."
)
@click.option("--no-evaluate", is_flag=True, help="Only write the table and the figures anew.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def track(
    folder: Path,
    watch: bool,
    model: str | None,
    log: LoggerName | None,
    no_evaluate: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Evaluate every checkpoint of a training; write dynamics.parquet and the curves.

    DIR is the folder of a training run, or the one with its seeds' folders. What is evaluated
    stands in the recipe's [evaluation]; the options go over it, and are the same for all steps.
    The same command resumes what was stopped.
    """
    from unswayed.results.loggers import require_logger
    from unswayed.training.track.choices import changed, run_as
    from unswayed.training.track.curves import redraw
    from unswayed.training.track.dynamics import require
    from unswayed.training.track.evaluation import track as evaluate_all
    from unswayed.training.watching import report_steps

    require()
    if log is not None:
        require_logger(log)
    change, runner = changed(_keys(options)), run_as(model)
    if not no_evaluate:
        evaluate_all(
            folder, change=change, model_of=runner, watch=watch, after=lambda: redraw(folder)
        )
    show(redraw(folder), folder, as_json)
    if log is not None:
        report_steps(log, folder)


def show(found: Dynamics, folder: Path, as_json: bool = False) -> None:
    """Print what a training changed and whether its thoughts collapsed; say where the files are."""
    from unswayed.training.seeds import folders
    from unswayed.training.track.change import training_change
    from unswayed.training.track.document import as_json as dynamics_json
    from unswayed.training.track.dynamics import FILE
    from unswayed.training.track.findings import (
        emptied_lines,
        fall_lines,
        template_lines,
        verdicts,
    )
    from unswayed.training.track.folders import rewarding_judge
    from unswayed.training.track.instability import instabilities
    from unswayed.training.track.terminal import change_text, instability_text

    if as_json:
        click.echo(dynamics_json(found))
        return
    click.echo(change_text(training_change(found, folder)))
    fallen, others = verdicts(found)
    lines = [
        *(f"COLLAPSED  {line}" for line in fallen),
        *(f"EMPTY      {line}" for line in emptied_lines(found)),
        *(f"TEMPLATES  {line}" for line in template_lines(found)),
        *(f"WARNING    {line}" for line in fall_lines(found)),
        *(f"thoughts   {line}" for line in others),
    ]
    if judge := next(filter(None, map(rewarding_judge, folders(folder))), None):
        lines.append(
            f"judge      {judge} both rewards and evaluates: its consistency is what was trained "
            "for; see what another one says (--judge, or judge in [evaluation])"
        )
    if unrest := instability_text(instabilities(found.rows)):
        lines += ["", unrest]
    click.echo("\n".join(["", *lines]) if lines else "")
    click.echo(f"table: {folder / FILE}; figures beside it", err=True)


def _keys(options: dict[str, Any]) -> dict[str, Any]:
    return {
        **options,
        "benchmarks": tuple(options["benchmarks"]) or None,
        "variants": tuple(variant_names(options["variants"])) or None,
    }
