"""`unswayed train`: GRPO, once for each seed; the same command again goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("recipe")
@click.option(
    "--from",
    "model",
    metavar="CHECKPOINT",
    help="Checkpoint folder, hub id or model spec to start from. [default: the recipe's]",
)
@click.option("--seeds", help="Seeds, comma-separated; a run each. [default: the recipe's]")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="[default: below runs/]"
)
@click.option("--judge", help="Judge spec of the reward. [default: the recipe's]")
@click.option(
    "--logging",
    type=click.Choice(["tensorboard", "wandb", "trackio", "none"]),
    help="Where curves go while training runs. [default: tensorboard]",
)
@click.option(
    "--engine",
    type=click.Choice(["trl", "verl"]),
    help="TRL in this process, or verl on Ray. [default: the recipe's]",
)
@click.option("--address", help="Ray cluster that verl runs on. [default: one of its own]")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Any recipe key.")
@click.option(
    "--track", "tracked", is_flag=True, help="Evaluate each checkpoint; draw the curves at the end."
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option(
    "--resolved", is_flag=True, help="Print the recipe as TOML with every value, and do nothing."
)
@click.option(
    "--print-command",
    is_flag=True,
    help="Write what verl reads, print the command that would run it, and do not run it.",
)
def train(
    recipe: str,
    model: str | None,
    seeds: str | None,
    out: Path | None,
    judge: str | None,
    logging: str | None,
    engine: str | None,
    address: str | None,
    overrides: tuple[str, ...],
    tracked: bool,
    dry_run: bool,
    resolved: bool,
    print_command: bool,
) -> None:
    """Train a checkpoint with GRPO; the last checkpoint of each seed is printed.

    RECIPE is a TOML file, the name of a shipped recipe, or the folder of a training run to finish.
    Each seed has a folder of its own below --out, and goes on where it stopped when the same
    command is given again.
    """
    from unswayed.training import job
    from unswayed.training.recipe import as_toml
    from unswayed.training.seeds import commands, drawn, plan

    options = {"model": model, "logging": logging, "engine": engine}
    if begun := job.is_begun(recipe):
        flags = [flag or None for flag in (dry_run, print_command)]
        beside = [*options.values(), seeds, out, judge, address, *overrides, *flags]
        wanted = job.begun(Path(recipe), beside)
    else:
        overrides += (f'reward.judge="{judge}"',) if judge else ()
        overrides += (f'verl.address="{address}"',) if address else ()
        numbers = _numbers(seeds) if seeds else []
        wanted = job.asked(recipe, overrides=overrides, options=options, seeds=numbers, out=out)
    if resolved:
        click.echo(as_toml(wanted.recipe), nl=False)
        return
    if not dry_run:
        wanted.require(tracked)
    planned = "" if begun else plan(wanted.recipe, wanted.seeds, wanted.folder)
    for line in wanted.warnings():
        click.echo(f"unswayed: warning: {line}", err=True)
    if tracked:
        job.follower(wanted.recipe)
    if dry_run:
        click.echo("\n".join(drawn(wanted.recipe, wanted.seeds[0])), err=True)
        click.echo(planned)
        return
    if print_command:
        for command in commands(wanted.recipe, wanted.seeds, wanted.folder, dict(wanted.written)):
            click.echo(command)
        return
    for checkpoint in wanted.run(tracked):
        _print(checkpoint)
    if tracked:
        from unswayed.cli.track import show
        from unswayed.training.track.curves import redraw

        show(redraw(wanted.folder), wanted.folder)


def _print(checkpoint: Any) -> None:
    """Print where a checkpoint lies; of several processes only the first."""
    if os.environ.get("RANK", "0") == "0":
        click.echo(checkpoint.path)


def _numbers(text: str) -> list[int]:
    from unswayed.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts) or len(set(parts)) < len(parts):
        raise ConfigError(f"expected --seeds as different numbers such as 1,2,3; found {text!r}")
    return [int(part) for part in parts]
