"""`unswayed organism`: remake the shipped model, and say what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from unswayed.organism.card import Score


@click.group()
def organism() -> None:
    """The tiny model that comes with the package: train it again, or read its card."""


@organism.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for state, log and checkpoint; the same folder again resumes.",
)
@click.option("--seed", default=0, show_default=True, help="Of weights and training rows.")
@click.option(
    "--minutes",
    type=float,
    help="Scale the curriculum to about so many minutes of one core; all of it by default.",
)
@click.option(
    "--dtype",
    type=click.Choice(["bfloat16", "float32"]),
    help="Of the matrix products; by default the one in which this machine is faster.",
)
@click.option("--device", default="cpu", show_default=True, help="Such as cuda.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Other processes that draw the scenes; on a GPU four keep it busy.",
)
@click.option("--early", is_flag=True, help="Train the sibling that is stopped early.")
@click.option(
    "--from",
    "start",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Carry this checkpoint on, instead of training from scratch: with the last two phases, or "
    "with --early by calibrating it alone, such as exams/swayed-1000 of a training.",
)
def train(
    out: Path,
    seed: int,
    minutes: float | None,
    dtype: str | None,
    device: str,
    workers: int,
    early: bool,
    start: Path | None,
) -> None:
    """Train an organism from scratch, or carry one on."""
    from unswayed import organism as package
    from unswayed.extras import require

    require("training an organism", "transformers")
    click.echo(package.train(out, seed, minutes, dtype, early, start, device, workers))


@organism.command()
@click.option(
    "--weights",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Another checkpoint of the organism; the shipped one by default.",
)
@click.option("--early", is_flag=True, help="The shipped sibling that was stopped early.")
@click.option("--measure", "again", is_flag=True, help="Measure again instead of reading the card.")
@click.option(
    "--fog",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Add what this evaluation of it, on foggy scenes, says of its probabilities.",
)
@click.option("--save", is_flag=True, help="Keep what was measured or added beside the weights.")
@click.option(
    "--n",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Questions a condition, to measure.",
)
def card(
    weights: Path | None, early: bool, again: bool, fog: Path | None, save: bool, n: int
) -> None:
    """Print what the organism is and does."""
    from unswayed.organism import card as cards
    from unswayed.organism import card_page, weights_folder
    from unswayed.organism.doubt import doubt

    if weights and early:
        raise click.UsageError("expected --weights or --early, found both")
    if save and not (again or fog):
        raise click.UsageError(
            "expected --measure or --fog with --save: there is nothing new to keep"
        )
    folder = weights or weights_folder("early" if early else "final")
    told = (
        cards.OrganismCard(cards.made(folder), _measured(folder, n))
        if again
        else cards.read(folder)
    )
    if fog:
        told = replace(told, doubt=doubt(fog, folder))
    if save:
        card_page.write(folder, told)
    click.echo(card_page.page(told))


def _measured(folder: Path, n: int) -> list[Score]:
    from unswayed.organism.card import CONDITIONS, measure
    from unswayed.progress import bar

    scores: list[Score] = []
    with bar("measuring", len(CONDITIONS), unit="condition") as shown:
        for score in measure(folder, n):
            scores.append(score)
            shown.update(score.kind == "all")
    return scores
