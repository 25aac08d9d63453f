"""`unswayed measure`: the measuring stage on a run folder."""

from __future__ import annotations

from pathlib import Path

import click

from unswayed.cli.options import RUN


@click.command()
@RUN
@click.option(
    "--on-conflict",
    type=click.Choice(["letter", "text", "unparsed"]),
    help="What counts when an answer's letter and its text disagree. [default: the run's own]",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    help="Largest difference at which a number counts as the gold. [default: the run's own]",
)
@click.option("--level", type=float, help="Confidence level of the intervals, in (0, 1).")
@click.option("--resamples", type=int, help="Bootstrap resamples, at least 100.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of a table.")
def measure(
    run: Path,
    on_conflict: str | None,
    tolerance: float | None,
    level: float | None,
    resamples: int | None,
    as_json: bool,
) -> None:
    """Compute every metric of RUN again; nothing is generated or judged."""
    from unswayed.cli.results import print_metrics, warn_if_unfinished
    from unswayed.pipeline import metrics
    from unswayed.pipeline.settings import settings, settings_of
    from unswayed.run.folder import RunFolder

    opened = RunFolder.open(run)
    before = settings_of(opened).model_dump(mode="json")
    options = {"on_conflict": on_conflict, "tolerance": tolerance}
    overrides = [f"statistics.level={level}"] if level is not None else []
    overrides += [f"statistics.resamples={resamples}"] if resamples is not None else []
    changed = settings(
        None, {**before, **{k: v for k, v in options.items() if v is not None}}, overrides
    )
    warn_if_unfinished(opened)
    with opened.writing():
        metrics.measure(opened, changed)
        opened.add_to_description("measuring", changed.measuring())
    print_metrics(opened, as_json)
