"""`unswayed figures`: figures and tables of runs and trainings for a paper."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--only", "names", multiple=True, metavar="NAME", help="Comma-separated or repeated.")
@click.option("--width", type=float, default=3.3, show_default=True, help="Of a figure, in inches.")
@click.option(
    "--allow-differing",
    is_flag=True,
    help="Compare runs that did not show the same questions, such as two deliveries.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the files and what was left out.")
def figures(
    runs: tuple[Path, ...],
    out: Path,
    names: tuple[str, ...],
    width: float,
    allow_differing: bool,
    as_json: bool,
) -> None:
    """Write figures and tables of RUN... for a paper; no model is called.

    Each figure as PDF, SVG and PNG in letters of 8 points, its table as LaTeX and Markdown, and the
    data as CSV. RUN is a run folder or the folder of a training. `unswayed list figures` has the
    names.
    """
    import json

    from unswayed.report.exhibits import write_figures

    only = [name.strip() for value in names for name in value.split(",") if name.strip()]
    written = write_figures(
        runs, out, only=only, width=width, allow_differing=allow_differing, progress=_say
    )
    for line in written.left_out:
        click.echo(f"unswayed: not drawn: {line}", err=True)
    paths = [str(path) for path in written.files]
    if as_json:
        click.echo(json.dumps({"files": paths, "left_out": list(written.left_out)}))
    else:
        click.echo("\n".join(paths))


def _say(name: str) -> None:
    click.echo(f"unswayed: drawing {name}", err=True)
