"""`unswayed list`: what can be named, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

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


@click.command("list")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def list_names(kind: str, as_json: bool) -> None:
    """List the names of a KIND and what each is.

    Plug-ins are among them. What lies in a file of your own is named as my_file.py:NAME.
    """
    import json

    rows = _rows(_KINDS[kind])
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
