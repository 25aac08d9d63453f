"""`unswayed texts`: read what would be injected, before anything is asked."""

from __future__ import annotations

import json
from typing import Any

import click

VARIANTS = ("wrong-caption", "correct-caption", "wrong-think")


@click.group()
def texts() -> None:
    """The injected texts: captions and thoughts."""


@texts.command()
@click.argument("benchmark")
@click.option("--n", type=click.IntRange(min=1), default=50, show_default=True, help="Questions.")
@click.option(
    "--variants", multiple=True, help=f"Variants, as in evaluate. [default: {','.join(VARIANTS)}]"
)
@click.option("--texts", "source", default="template", show_default=True, help="Text source.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the foils.")
@click.option("--foils", type=int, default=1, show_default=True, help="Wrong options a question.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def preview(
    benchmark: str,
    n: int,
    variants: tuple[str, ...],
    source: str,
    seed: int,
    foils: int,
    as_json: bool,
) -> None:
    """Print the texts of BENCHMARK's first questions, to be read; no picture is needed."""
    from unswayed import progress
    from unswayed.cli.options import variant_names
    from unswayed.writing.preview import PreviewTally, previews

    tally = PreviewTally()
    names = variant_names(variants) or list(VARIANTS)
    for one in previews(benchmark, names, source, n=n, seed=seed, foils=foils, tally=tally):
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else _told(one))
    for line in tally.lines():
        progress.say(line)


def _told(one: dict[str, Any]) -> str:
    from unswayed.report.text import one_line

    form = "FALLBACK" if one["fallback"] else one["form"]
    asserted = "nothing" if one["asserted"] is None else one_line(one["asserted"], 60)
    question = one_line(one["question"], 110)
    return f"{one['variant']} ({form or 'no form'}) {question} → {asserted}\n    {one['text']}"
