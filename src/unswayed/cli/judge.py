"""`unswayed judge`: the judging stage on a run folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from unswayed.cli.options import RUN


@click.command()
@RUN
@click.option("--judge", "spec", help="Judge spec. [default: the run's own]")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def judge(run: Path, spec: str | None, as_json: bool) -> None:
    """Judge the generations of RUN again, or for the first time.

    Verdicts of another judge are kept beside, under that judge's name.
    """
    import json

    from unswayed import registry
    from unswayed.pipeline import verdicts
    from unswayed.pipeline.settings import settings_of
    from unswayed.run.folder import RunFolder

    opened = RunFolder.open(run)
    settings = settings_of(opened)
    settings = settings.model_copy(update={"judge": spec or settings.judge})
    instance = registry.create("judge", settings.judge)
    with opened.writing():
        verdicts.judge(opened, instance, settings)
        opened.add_to_description("measuring", settings.measuring())
    counts = Counter(verdict.status for verdict in opened.verdicts)
    lines = [f"{status:13}{count:8}" for status, count in counts.most_common()]
    click.echo(json.dumps(counts) if as_json else "\n".join(lines))
    metrics = run / "metrics.json"
    if metrics.exists() and metrics.stat().st_mtime_ns < opened.verdicts.path.stat().st_mtime_ns:
        text = f"unswayed: note: metrics.json is of earlier verdicts; run: unswayed measure {run}"
        click.echo(text, err=True)
