"""`unswayed compare`: paired differences between runs, and between trainings over their seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--level", type=float, default=0.95, show_default=True)
@click.option("--resamples", type=int, default=2000, show_default=True, help="Of runs.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the resampling.")
@click.option("--step", type=int, help="Of trainings. [default: the last that all seeds have]")
@click.option(
    "--allow-differing",
    is_flag=True,
    help="Compare runs that did not show the same questions, such as two deliveries.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def compare(
    runs: tuple[Path, ...],
    level: float,
    resamples: int,
    seed: int,
    step: int | None,
    allow_differing: bool,
    as_json: bool,
) -> None:
    """Compare every further RUN with the first, sample by sample.

    A difference is that of the later run minus the first, over the samples that both hold. Every
    setting that differs besides the model is named first; runs whose models were not shown the
    same questions (another delivery, other texts, other foils) are refused.

    Where every RUN is the folder of a training (`unswayed train --out`), the recipes are compared:
    at the same step, seed by seed, with the variance across seeds.
    """
    from unswayed.training.track.comparison import are_trainings

    if are_trainings(runs, step):
        _trainings(runs, step, level, as_json)
    else:
        _runs(
            runs,
            as_json,
            level=level,
            resamples=resamples,
            seed=seed,
            allow_differing=allow_differing,
        )


def _runs(runs: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    from unswayed.pipeline.comparison import compare_runs
    from unswayed.report.differences import comparisons_json, comparisons_text
    from unswayed.report.folding import terminal_width

    found = compare_runs(list(runs), **options)
    if as_json:
        click.echo(json.dumps(comparisons_json(found), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(comparisons_text(found, terminal_width()))


def _trainings(runs: tuple[Path, ...], step: int | None, level: float, as_json: bool) -> None:
    from dataclasses import asdict

    from unswayed.training.track.comparison import compare_several
    from unswayed.training.track.terminal import comparison_text

    comparisons = compare_several(runs, step=step, level=level)
    if as_json:
        rows = {str(run): asdict(one) for run, one in comparisons.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, allow_nan=False))
        return
    for run, one in comparisons.items():
        click.echo(f"{comparison_text(one, str(runs[0]), str(run))}\n")
