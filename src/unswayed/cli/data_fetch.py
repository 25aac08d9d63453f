"""`unswayed data fetch`: the pictures of a benchmark whose rows name them by URL."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

_SHOWN = 5
"""Reasons that are printed."""


@click.command()
@click.argument("name")
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--data", "path", type=click.Path(path_type=Path), help="Its files, as downloaded.")
@click.option("--limit", type=click.IntRange(min=1), help="Links to fetch. [default: all]")
@click.option("--workers", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def fetch(
    name: str, folder: Path, path: Path | None, limit: int | None, workers: int, as_json: bool
) -> None:
    """Fetch the pictures of the benchmark NAME (any spec) into a folder.

    What is there and right is not fetched again; a link that gives no picture is skipped.
    Exit status 0: pictures are there; 2: not one is.
    """
    import json
    from itertools import islice

    from unswayed import registry
    from unswayed.benchmarks import inventory
    from unswayed.benchmarks.sources import fetch as fetching
    from unswayed.errors import ConfigError, DataError
    from unswayed.report.text import one_line

    benchmark = registry.create("benchmark", inventory.spec_of(name, path))
    if not hasattr(benchmark, "links"):
        raise ConfigError(f"{name} names no pictures by URL; there is nothing to fetch")
    states, reasons = Counter[str](), Counter[str]()
    links = islice(benchmark.links(), limit)
    for picture in fetching.fetch(links, folder, fetching.FetchLimits(workers=workers)):
        states[picture.state] += 1
        if picture.state == "skipped":
            reasons[picture.reason] += 1
    counts = {state: states[state] for state in ("fetched", "present", "skipped")}
    if as_json:
        click.echo(json.dumps({**counts, "reasons": dict(reasons.most_common(200))}))
    else:
        click.echo(", ".join(f"{state}: {count}" for state, count in counts.items()))
        for reason, count in reasons.most_common(_SHOWN):
            click.echo(f"  skipped {count}: {one_line(reason, 200)}")
    if not (counts["fetched"] or counts["present"]):
        raise DataError(f"not one picture of {name} could be fetched into {folder}")
