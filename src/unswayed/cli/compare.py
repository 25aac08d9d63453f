"""`unswayed compare`: paired differences between runs, and between trainings over their seeds."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--level", type=float, default=0.95, show_default=True)
@click.option("--resamples", type=int, default=2000, show_default=True, help="Of runs.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the resampling.")
@click.option("--step", type=int, help="Of trainings. [default: the last that all seeds have]")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
def compare(
    runs: tuple[Path, ...],
    level: float,
    resamples: int,
    seed: int,
    step: int | None,
    as_json: bool,
) -> None:
    """Compare every further RUN with the first, sample by sample.

    A difference is that of the later run minus the first, over the samples that both hold. Where
    every RUN is the folder of a training (`unswayed train --out`), the recipes are compared: at
    the same step, seed by seed, with the variance across seeds.
    """
    from unswayed.errors import ConfigError
    from unswayed.training.track.comparison import is_training

    folders = [run.resolve() for run in runs]
    if twice := [run for run, where in zip(runs, folders, strict=True) if folders.count(where) > 1]:
        raise ConfigError(f"expected different runs to compare, found {twice[0]} more than once")
    trainings = [run for run in runs if is_training(run)]
    if len(trainings) == len(runs):
        _trainings(runs, step, level, as_json)
    elif trainings:
        raise ConfigError(
            f"{trainings[0]} is a training and others are not; compare trainings with trainings, "
            "or the runs below their evaluations/ with runs"
        )
    elif step is not None:
        raise ConfigError(
            "--step is for trainings, found runs of `unswayed evaluate`; leave it out"
        )
    else:
        _runs(runs, level, resamples, seed, as_json)


def _runs(runs: tuple[Path, ...], level: float, resamples: int, seed: int, as_json: bool) -> None:
    from unswayed.pipeline.comparison import compare_runs
    from unswayed.report.differences import differences

    found = compare_runs(list(runs), level=level, resamples=resamples, seed=seed)
    if as_json:
        rows = {str(run): [e.model_dump(mode="json") for e in rows] for run, rows in found.items()}
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for run, rows in found.items():
        click.echo(f"{run} − {runs[0]}\n{differences(rows)}\n")


def _trainings(runs: tuple[Path, ...], step: int | None, level: float, as_json: bool) -> None:
    from dataclasses import asdict

    from unswayed.errors import ConfigError
    from unswayed.training.track.comparison import compare_trainings
    from unswayed.training.track.terminal import comparison_text

    if len(runs) < 2:
        raise ConfigError(f"expected at least two trainings to compare, found {len(runs)}")
    first, *others = runs
    found = {run: compare_trainings(first, run, step=step, level=level) for run in others}
    if as_json:
        rows = {str(run): asdict(one) for run, one in found.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, allow_nan=False))
        return
    for run, one in found.items():
        click.echo(f"{comparison_text(one, str(first), str(run))}\n")
