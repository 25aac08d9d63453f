"""`unswayed list`: what can be named, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unswayed.errors import ConfigError

if TYPE_CHECKING:
    from unswayed.registry import Kind

_KINDS: dict[str, Kind] = {
    "benchmarks": "benchmark",
    "variants": "perturbation",
    "models": "model",
    "judges": "judge",
    "texts": "text source",
    "rewards": "reward",
    "profiles": "profile",
}
_FIGURES = "figures"
_RUNS = "runs"


@click.command("list")
@click.argument("kind", type=click.Choice([*_KINDS, _FIGURES, _RUNS]))
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def list_names(kind: str, folder: Path | None, as_json: bool) -> None:
    """List the names of a KIND and what each is.

    Plug-ins are among them. What lies in a file of your own is named as my_file.py:NAME.

    `unswayed list runs DIR` lists the evaluations in a folder and below it, by default in runs:
    model, benchmarks, n, accuracy in base, the lowest accuracy under a misleading variant, and
    steadfastness.
    """
    import json

    if kind == _RUNS:
        _list_runs(folder or Path(_RUNS), as_json)
        return
    if folder is not None:
        raise ConfigError(f"expected a folder behind `list runs` alone, found {folder}")
    rows = _figures() if kind == _FIGURES else _rows(_KINDS[kind])
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not rows:
        click.echo(f"no package brings {kind}; yours are named as my_file.py:NAME", err=True)
    width = max((len(name) for name in rows), default=0)
    for name, row in rows.items():
        click.echo(f"{name:{width}}  {row['about']}")
        if facts := _facts(row):
            click.echo(f"{'':{width}}  {facts}")


def _list_runs(folder: Path, as_json: bool) -> None:
    import json

    from unswayed.report.folding import folded, terminal_width
    from unswayed.report.run_list import runs_below

    runs = runs_below(folder)
    if as_json:
        click.echo(json.dumps([one.record() for one in runs], ensure_ascii=False))
        return
    found = False
    for one in runs:
        found = True
        click.echo(str(one.folder))
        for line in (one.line(), one.headline()):
            for part in folded(f"  {line}", terminal_width(), "    ") if line else ():
                click.echo(part)
    if not found:
        click.echo(f"no evaluation in {folder} or below", err=True)


def _rows(kind: Kind) -> dict[str, dict[str, Any]]:
    """Return name → what is known of it, under `about` a sentence."""
    from dataclasses import asdict

    from unswayed import registry
    from unswayed.registry.about import about

    if kind == "profile":
        return _profiles()
    if kind == "perturbation":
        return _variants()
    rows: dict[str, dict[str, Any]] = {}
    for name, place in sorted(registry.names(kind).items()):
        known = asdict(about(place))
        facts = {key: known[key] for key in ("rows", "licence", "hub_id")}
        rows[name] = {
            "about": known["sentence"],
            "code": known["place"],
            **(facts if kind == "benchmark" else {}),
        }
    return rows


def _facts(row: Mapping[str, Any]) -> str:
    """Return a benchmark's size, licence and place on the hub, as far as they are known."""
    parts: dict[str, int] = row.get("rows", {})
    counts = {"": parts["all"]} if "all" in parts else parts
    rows = ", ".join(f"{part} {count:,}".strip() for part, count in counts.items())
    licence = row.get("licence", "")
    known = [
        f"rows: {rows}" if rows else "",
        f"licence: {licence}" if licence else "",
        row.get("hub_id", ""),
    ]
    return "; ".join(fact for fact in known if fact)


def _variants() -> dict[str, dict[str, Any]]:
    """Return the variants in the order of the protocol's table; a plug-in may not be importable."""
    from unswayed import registry
    from unswayed.errors import UserError
    from unswayed.perturbations.composition import TEXT_VARIANTS
    from unswayed.perturbations.lookup import perturbation

    places = registry.names("perturbation")
    order = [*(name for name in TEXT_VARIANTS if name in places)]
    order += sorted(set(places) - set(order))
    rows: dict[str, dict[str, Any]] = {}
    for name in order:
        try:
            rows[name] = {"about": perturbation(name)[1].summary, "code": places[name]}
        except UserError as error:
            rows[name] = {"about": f"cannot be used: {error}", "code": places[name]}
    return rows


def _figures() -> dict[str, dict[str, Any]]:
    from unswayed.report.exhibits import SUMMARIES

    return {name: {"about": summary} for name, summary in SUMMARIES.items()}


def _profiles() -> dict[str, dict[str, Any]]:
    from unswayed import prompts
    from unswayed.errors import UserError

    rows: dict[str, dict[str, Any]] = {}
    for name in prompts.profile_names():
        try:
            profile = prompts.profile(name)
        except UserError as error:
            rows[name] = {"about": f"cannot be used: {error}"}
            continue
        decoding = f"temperature {profile.temperature:g}" if profile.temperature else "greedy"
        form = f"answers with the option's {profile.answer_form}, {decoding}"
        rows[name] = {"about": f"{form}; source: {profile.source}", "source": profile.source}
    return rows
