"""`unswayed data`: look at a benchmark before a model does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unswayed.cli.data_fetch import fetch

if TYPE_CHECKING:
    from unswayed.benchmarks.inventory import Inventory

_SHOWN = 40
"""Categories that are printed; --json has up to 200."""


@click.group()
def data() -> None:
    """Check a benchmark before a model is asked, or fetch its pictures."""


data.add_command(fetch)


@data.command()
@click.argument("name")
@click.option("--data", "path", type=click.Path(path_type=Path), help="Its files, as downloaded.")
@click.option("--limit", type=int, help="Rows to read. [default: all]")
@click.option("--pictures", is_flag=True, help="Decode every picture, too.")
@click.option(
    "--skip-broken",
    is_flag=True,
    help="Exit with 0 although rows are broken, if any can be used: a run leaves broken rows out "
    "and counts them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def check(
    name: str,
    path: Path | None,
    limit: int | None,
    pictures: bool,
    skip_broken: bool,
    as_json: bool,
) -> None:
    """Count what the benchmark NAME (any spec) holds, and say what is suspicious.

    Exit status 0: every row can be used; 2: rows are broken, or none can be used.
    """
    import json

    from unswayed import registry
    from unswayed.benchmarks import inventory
    from unswayed.errors import DataError

    benchmark = registry.create("benchmark", inventory.spec_of(name, path))
    summary = inventory.take(benchmark, limit, pictures=pictures)
    if as_json:
        click.echo(json.dumps(summary.to_json(), ensure_ascii=False))
    else:
        click.echo("\n".join(lines(summary)))
    if problem := inventory.problem(summary, skip_broken=skip_broken):
        raise DataError(problem)


def lines(found: Inventory) -> Iterator[str]:
    """Yield an inventory line by line; texts of the data cannot steer the terminal."""
    from unswayed.report.text import one_line

    known = "" if found.expected is None else f" of {found.expected} expected"
    yield f"{one_line(found.benchmark)}: {found.samples + found.failures} rows{known}"
    rows = {
        "source": _source(found.provenance),
        "usable": str(found.usable),
        "broken": f"{found.broken} ({_broken(found)})",
        "kinds": _counts(found.kinds),
        "options": _counts(found.options),
        "golds": _counts(found.golds),
        "longest": _longest(found),
        "clusters": str(found.clusters),
        "groups": f"{found.groups} ({found.groups_incomplete} incomplete)" if found.groups else "",
        "duplicates": f"{found.duplicates} (and {found.contradictions} with another gold)",
    }
    yield from (f"  {title:12}{text}" for title, text in rows.items() if text)
    yield from _categories(found.categories)
    for row, message in found.messages:
        yield f"  broken: {one_line(row, 80)}: {one_line(message)}"
    yield from (f"  suspicious: {one_line(sentence, 400)}" for sentence in found.odd)


def _categories(counts: Mapping[str, int]) -> Iterator[str]:
    from unswayed.report.text import one_line

    if not any(counts):
        return
    yield f"  {'categories':12}{len(counts)}"
    for name, n in list(counts.items())[:_SHOWN]:
        yield f"    {n:8}  {one_line(name, 80) or '(none)'}"
    if len(counts) > _SHOWN:
        yield f"    … {len(counts) - _SHOWN} more (--json)"


def _source(provenance: Mapping[str, Any]) -> str:
    """Say which data was read: the commit on the hub, or the digest of the files."""
    from unswayed.report.text import one_line

    if "hub_id" in provenance:
        commit = provenance["commit"] or f"{provenance['revision']} (commit not known)"
        note = f" ({provenance['note']})" if provenance["note"] else ""
        return one_line(f"{provenance['hub_id']}, {provenance['split']}, at {commit}{note}", 300)
    parts: list[Any] = [part for part in provenance.values() if isinstance(part, dict)]
    if parts:  # one for each part of the benchmark
        return "; ".join(_source(part) for part in parts)
    files: Any = provenance.get("files", [])
    if isinstance(files, int):
        return f"{files} files, SHA-256 {provenance['sha256'][:12]}…"
    if len(files) == 1 and "sha256" in files[0]:
        return one_line(f"{Path(files[0]['path']).name}, SHA-256 {files[0]['sha256'][:12]}…", 300)
    return f"{len(files)} files" if files else ""


def _broken(inventory: Inventory) -> str:
    if inventory.samples and inventory.without_picture == inventory.samples:
        return "no pictures were read"
    decoded = inventory.undecodable
    undecodable = "not decoded (--pictures)" if decoded is None else f"{decoded} undecodable"
    return f"pictures: {inventory.missing} missing, {undecodable}"


def _counts(counts: Mapping[str, int] | Mapping[int, int]) -> str:
    return ", ".join(f"{name}: {n}" for name, n in counts.items())


def _longest(inventory: Inventory) -> str:
    if inventory.longest_gold is None or inventory.longest_by_chance is None:
        return ""
    return (
        f"the gold is the one longest option in {inventory.longest_gold:.1%} of the choices that "
        f"have one ({inventory.longest_by_chance:.1%} by chance)"
    )
