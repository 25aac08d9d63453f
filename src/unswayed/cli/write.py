"""`unswayed write`: captions and thoughts by a language model, into an annotation file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@click.option("--writer", required=True, help="PRESET:MODEL, such as vllm:Qwen/Qwen3-32B.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Annotation file to add to."
)
@click.option("--benchmark", "benchmarks", multiple=True, help="Benchmark spec; repeatable.")
@click.option("--variants", multiple=True, help="Variants that the texts are for, as in evaluate.")
@click.option("--limit", type=int, help="Samples per benchmark.")
@click.option("--seed", type=int, help="Seed of the foils; the evaluation's. [default: 0]")
@click.option("--foils", type=int, help="Wrong options per sample. [default: 1]")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps replies.")
@click.option("--concurrency", type=int, help="Most requests in flight. [default: 64]")
@click.option("--max-requests", type=int, help="Most requests to send.")
@click.option("--max-tokens-total", type=int, help="Most tokens to spend.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def write(recipe: Path | None, writer: str, out: Path, as_json: bool, **options: Any) -> None:
    """Have a language model write the texts of an evaluation, and check each of them.

    RECIPE is a TOML file of settings, whose benchmarks, variants, limit, seed and foils are used.
    Texts that are in the file already are not asked for again. Then:
    unswayed evaluate --texts file:OUT
    """
    from unswayed.chat.client import ChatClient
    from unswayed.chat.limits import Limits
    from unswayed.cli.options import variant_names
    from unswayed.errors import StageError
    from unswayed.pipeline.evaluation import Evaluation
    from unswayed.pipeline.settings import settings
    from unswayed.writing.writer import write as write_texts
    from unswayed.writing.writer import writer_spec

    values = {name: options[name] for name in ("limit", "seed", "foils")}
    values["benchmarks"] = list(options["benchmarks"]) or None
    values["variants"] = variant_names(options["variants"]) or None
    without_model = {"model": "replay", "judge": "rules", "texts": "template"}
    evaluation = Evaluation(settings(recipe, values | without_model))
    evaluation.resolve()
    spec = writer_spec(writer)
    bounds = ("concurrency", "max_requests", "max_tokens_total")
    limits = Limits.of(**{name: options[name] for name in bounds})
    with ChatClient(spec.endpoint, limits, options["cache"]) as client:
        report = write_texts(evaluation, client, spec.sampling, out)
        spent = client.spent
    counts = dataclasses.asdict(report) | {"spent": dataclasses.asdict(spent)}
    click.echo(json.dumps(counts) if as_json else _text(counts, out))
    if report.errors:
        raise StageError(
            f"{report.errors} texts could not be had; the first so: {report.first_error}; run the "
            "same command again, it asks only for what is missing"
        )


def _text(counts: dict[str, Any], out: Path) -> str:
    rejected: dict[str, int] = counts["rejected"]
    kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(rejected.items()))
    why = f"   ({kinds})" if kinds else ""
    lines = [
        f"samples with all their texts {counts['samples']:8}",
        f"texts written now            {counts['written']:8}"
        f"   ({counts['rewritten']} of them at the second attempt)",
        f"there before                 {counts['before']:8}",
        f"rejected now                 {sum(rejected.values()):8}{why}",
        f"without a reply              {counts['errors']:8}",
        f"requests                     {counts['spent']['requests']:8}",
    ]
    return "\n".join([*lines, f"texts: {out}"])
