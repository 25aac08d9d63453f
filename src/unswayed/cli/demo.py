"""`unswayed demo`: a first evaluation, of the embedded model on the embedded benchmark."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/demo"),
    show_default=True,
    help="Run folder.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Pictures at most. [default: 100]")
def demo(out: Path, limit: int | None) -> None:
    """Evaluate the embedded model on drawn pictures, ending in a report; downloads nothing.

    The same as `unswayed evaluate demo`. A demo that was stopped goes on where it stopped.
    """
    # The embedded model is too small to gain from threads, which wait for each other by spinning.
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

    from unswayed.cli.evaluate import run_all
    from unswayed.pipeline.settings import as_written, settings

    request = {**as_written("demo"), **({"limit": limit} if limit else {})}
    run_all(settings("demo", {"limit": limit}), out, request)
