"""`unswayed push`: a trained checkpoint with a model card, in a folder or on the hub."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", metavar="RUN|CHECKPOINT", type=click.Path(path_type=Path))
@click.argument("repo", metavar="[OWNER/NAME]", required=False)
@click.option(
    "--local",
    type=click.Path(path_type=Path),
    help="Write the model folder here and keep it; without OWNER/NAME, nothing is sent.",
)
@click.option("--private", is_flag=True, help="To a repository that only its owner sees.")
@click.option(
    "--licence", metavar="ID", help="Of the weights, as the hub names it. [default: none is named]"
)
def push(
    source: Path, repo: str | None, local: Path | None, private: bool, licence: str | None
) -> None:
    """Write a checkpoint as a complete model folder with a model card, and send it to the hub.

    RUN is a finished training, of which the last checkpoint is taken; of several seeds, the last
    one of each, to OWNER/NAME-seed-N. The card has the recipe and, from `unswayed track`, the
    figures of that checkpoint. The token is HF_TOKEN's, or that of `hf auth login`.
    """
    from unswayed.training.push.hub import push as send

    for place in send(source, repo, private=private, local=local, licence=licence):
        click.echo(place)
