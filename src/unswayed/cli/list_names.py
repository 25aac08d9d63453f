"""`unswayed list`: what can be named."""

from __future__ import annotations

from typing import Any

import click


@click.command("list")
@click.argument(
    "kind", type=click.Choice(["benchmarks", "variants", "models", "judges", "profiles"])
)
@click.option("--json", "as_json", is_flag=True)
def list_names(kind: str, as_json: bool) -> None:
    """List the names of a KIND, with what stands behind each."""
    import json

    rows = _rows(kind)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    width = max(len(name) for name in rows)
    for name, text in rows.items():
        click.echo(f"{name:{width}}  {text}")


def _rows(kind: str) -> dict[str, str]:
    from unswayed import prompts, registry
    from unswayed.perturbations.composition import TEXT_VARIANTS

    if kind == "profiles":
        return {name: profile.source for name, profile in prompts.shipped().items()}
    if kind != "variants":
        singular: Any = kind.removesuffix("s")
        return dict(sorted(registry.names(singular).items()))
    known = registry.names("perturbation")
    order = [*(name for name in TEXT_VARIANTS if name in known)]
    order += sorted(set(known) - set(order))
    found: dict[str, Any] = {name: registry.load("perturbation", name) for name in order}
    return {name: perturbation.summary for name, perturbation in found.items()}
