"""Options that several commands share, and the settings that they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from unswayed.errors import ConfigError

if TYPE_CHECKING:
    from unswayed.pipeline.settings import Settings

_SERVING = ("concurrency", "max_requests", "max_tokens_total", "cache", "prices")
"""Options that change nothing of what is asked: they may be given beside a run folder."""
_DECODING = {
    "max_new_tokens": "max_new_tokens",
    "temperature": "temperature",
    "draws": "n",
    "force_answer": "force_answer",
}
"""Option → setting of the decoding."""
_RESUMED = {"resumed": True}
_WRITTEN = {"benchmarks": "benchmark", "overrides": "set"}
F = TypeVar("F", bound=Callable[..., Any])
RUN = click.argument("run", type=click.Path(path_type=Path))

_OPTIONS = (
    click.argument("recipe", required=False, type=click.Path(path_type=Path)),
    click.option("--model", help="Model spec, checkpoint folder or hub id."),
    click.option("--benchmark", "benchmarks", multiple=True, help="Benchmark spec; repeatable."),
    click.option(
        "--variants",
        multiple=True,
        help="Variant names or my.py:NAME, comma-separated or repeated; 'all' for every text "
        "variant. [default: the eight of the study]",
    ),
    click.option("--judge", help="Judge spec. [default: rules]"),
    click.option("--profile", help="Prompt profile. [default: the model's own]"),
    click.option(
        "--answer-style",
        type=click.Choice(["tags", "after-think", "plain"]),
        help="Where thought and answer stand in the outputs. [default: the profile's own]",
    ),
    click.option("--limit", type=int, help="Samples per benchmark."),
    click.option("--shard", metavar="K/N", help="Only the Kth of N parts; see `unswayed merge`."),
    click.option("--seed", type=int, help="Seed of foils, shuffles and sampling. [default: 0]"),
    click.option("--foils", type=int, help="Wrong options asserted per sample. [default: 1]"),
    click.option(
        "--texts", help="Injected texts: template, file:PATH or my.py:NAME. [default: template]"
    ),
    click.option(
        "--delivery",
        type=click.Choice(["prefill", "user-turn"]),
        help="Where injected thoughts go. [default: prefill]",
    ),
    click.option("--batch-size", type=int, help="Prompts per batch. [default: 16]"),
    click.option(
        "--max-new-tokens", type=int, help="Limit of a continuation. [default: profile's]"
    ),
    click.option("--temperature", type=float, help="0 is greedy. [default: the profile's]"),
    click.option(
        "--draws",
        type=int,
        metavar="K",
        help="Outputs drawn for each prompt, with a temperature (decoding.n). [default: 1]",
    ),
    click.option(
        "--force-answer",
        is_flag=True,
        default=None,
        help="Read a letter distribution also where no answer was given; flagged as forced.",
    ),
    click.option("--concurrency", type=int, help="Requests in flight at most. [default: 64]"),
    click.option("--max-requests", type=int, help="Stop after so many requests to a server."),
    click.option("--max-tokens-total", type=int, help="Stop after so many tokens of a server's."),
    click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps replies."),
    click.option("--prices", type=click.Path(path_type=Path), help="TOML file of token prices."),
    click.option(
        "--on-conflict",
        type=click.Choice(["letter", "text", "unparsed"]),
        help="What counts when an answer's letter and its text disagree. [default: letter]",
    ),
    click.option(
        "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Any other setting."
    ),
    click.option(
        "--out", type=click.Path(path_type=Path), help="Run folder. [default: below runs/]"
    ),
)


def evaluation_options(command: F) -> F:
    """Add the options that make up an evaluation's settings."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_from(options: dict[str, Any]) -> tuple[Settings, Path, dict[str, Any]]:
    """Return the settings, the run folder, and what was written to ask for them.

    A positional argument that is a run folder means: that run's settings, in that folder.

    Raises:
        ConfigError: the recipe or an option is not as it must be, or options were given beside a
            run folder, which has its own.
    """
    from unswayed.pipeline.places import default_folder
    from unswayed.pipeline.settings import as_written, settings, settings_of
    from unswayed.run.folder import RunFolder

    recipe: Path | None = options["recipe"]
    if recipe is not None and (recipe / "run.json").is_file():
        _refuse_options(options, recipe)
        run_settings = settings_of(RunFolder.open(recipe))
        serving = _serving(options, run_settings)
        return run_settings.model_copy(update={"serving": serving}), recipe, _RESUMED
    overrides = list(options["overrides"])
    for name, setting in _DECODING.items():
        if options[name] is not None:
            overrides.append(f"decoding.{setting}={str(options[name]).lower()}")
    for name in _SERVING:
        if options[name] is not None:
            value = options[name]
            text = json.dumps(str(value)) if isinstance(value, Path) else value
            overrides.append(f"serving.{name}={text}")
    plain = ("model", "judge", "profile", "limit", "shard", "seed", "foils", "texts", "delivery")
    values = {name: options[name] for name in (*plain, "answer_style", "batch_size", "on_conflict")}
    values["benchmarks"] = list(options["benchmarks"]) or None
    values["variants"] = variant_names(options["variants"]) or None
    run_settings = settings(recipe, values, overrides)
    request = {key: value for key, value in values.items() if value is not None}
    request |= {"set": overrides} if overrides else {}
    request |= as_written(recipe) if recipe else {}
    return run_settings, options["out"] or default_folder(run_settings), request


def _serving(options: dict[str, Any], settings: Settings) -> Any:
    """Return how to ask a served model: as the run did, but for what is given now."""
    from unswayed.models import Serving

    values = {name: options[name] for name in _SERVING if options[name] is not None}
    return Serving.of(**{**dict(settings.serving), **values})


def _refuse_options(options: dict[str, Any], run: Path) -> None:
    extras = [
        name
        for name, value in options.items()
        if name not in ("recipe", *_SERVING) and value not in (None, ())
    ]
    if extras:
        flags = (f"--{_WRITTEN.get(name, name).replace('_', '-')}" for name in extras)
        names = ", ".join(sorted(flags))
        raise ConfigError(
            f"{run} is a run folder with settings of its own, found {names} beside it; leave them "
            "out to finish it, or name the recipe and another --out"
        )


def variant_names(values: tuple[str, ...]) -> list[str]:
    """Return variant names as given on the command line, `all` spelt out."""
    from unswayed.perturbations.composition import TEXT_VARIANTS

    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    return [known for name in names for known in (TEXT_VARIANTS if name == "all" else (name,))]
