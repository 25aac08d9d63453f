"""`unswayed train`: GRPO, once for each seed; the same command again goes on."""

from __future__ import annotations

import os
import re
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
    from unswayed.training.recipe import as_toml
    from unswayed.training.seeds import commands, drawn, engine_of, plan, train_seeds

    folder = Path(recipe)
    if (folder / "run.json").is_file():
        asked = [model, seeds, out, judge, logging, engine, address, *overrides]
        _refuse([*asked, *(["--print-command"] if print_command else [])], folder)
        found, written = _begun(folder)
        if resolved:
            click.echo(as_toml(found), nl=False)
            return
        follow = _follower(found) if tracked else None
        call = follow(folder) if follow else None
        _warn(found)
        _print(engine_of(found)(found, folder, written, call))
        _finish(folder, tracked)
        return
    given = [
        *overrides,
        *([f'reward.judge="{judge}"'] if judge else []),
        *([f'verl.address="{address}"'] if address else []),
    ]
    options = {"model": model, "logging": logging, "engine": engine}
    found, written = _asked(recipe, given, options)
    if resolved:
        click.echo(as_toml(found), nl=False)
        return
    numbers = _numbers(seeds) if seeds else [found.seed]
    place = out or _default_folder(recipe, found)
    planned = plan(found, numbers, place)
    _warn(found)
    follow = _follower(found) if tracked else None
    if dry_run:
        click.echo("\n".join(drawn(found, numbers[0])), err=True)
        click.echo(planned)
        return
    if print_command:
        for command in commands(found, numbers, place, written):
            click.echo(command)
        return
    for checkpoint in train_seeds(found, numbers, place, written, follow):
        _print(checkpoint)
    _finish(place, tracked)


def _warn(recipe: Any) -> None:
    """Say which benchmarks are both trained and evaluated on."""
    from unswayed.training.data import overlaps

    for line in overlaps(recipe):
        click.echo(f"unswayed: warning: {line}", err=True)


def _print(checkpoint: Any) -> None:
    """Print where a checkpoint lies; of several processes only the first."""
    if os.environ.get("RANK", "0") == "0":
        click.echo(checkpoint.path)


def _follower(recipe: Any) -> Any:
    """Return what evaluates checkpoints as they are made; refuse now what would fail then."""
    from unswayed.training.track.dynamics import require
    from unswayed.training.track.evaluation import check_evaluation, following

    require()
    check_evaluation(recipe)
    return following


def _finish(place: Path, tracked: bool) -> None:
    """Make up for evaluations that are missing, and draw."""
    if tracked:
        from unswayed.cli.track import show
        from unswayed.training.track.curves import redraw
        from unswayed.training.track.evaluation import track

        track(place)
        show(redraw(place), place)


def _asked(
    recipe: str, overrides: list[str], options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the recipe, and what was written to ask for it."""
    from unswayed.training.recipe import as_written, training_recipe

    found = training_recipe(recipe, overrides, options)
    given = {key: value for key, value in options.items() if value is not None}
    return found, {**as_written(recipe), **given, **({"set": overrides} if overrides else {})}


def _begun(folder: Path) -> tuple[Any, dict[str, Any]]:
    from unswayed.training.folder import TrainingFolder

    return TrainingFolder(folder).recipe(), {"resumed": True}


def _refuse(given: list[Any], folder: Path) -> None:
    from unswayed.errors import ConfigError

    if any(value is not None for value in given):
        raise ConfigError(
            f"{folder} is a training run with a recipe of its own, found options beside it; leave "
            "them out to finish it, or name the recipe and another --out"
        )


def _numbers(text: str) -> list[int]:
    from unswayed.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts) or len(set(parts)) < len(parts):
        raise ConfigError(f"expected --seeds as different numbers such as 1,2,3; found {text!r}")
    return [int(part) for part in parts]


def _default_folder(recipe: str, found: Any) -> Path:
    """Name a folder by what decides the result, so that the same command finds its runs again."""
    from unswayed.run.files import content_hash

    slug = re.sub(r"[^A-Za-z0-9.]+", "-", Path(recipe).stem).strip("-")
    deciding = found.model_dump(mode="json", exclude={"logging", "evaluation", "seed", "verl"})
    return Path("runs") / f"train-{slug}-{content_hash(deciding)[:8]}"
