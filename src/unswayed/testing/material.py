"""What contract tests are made of: questions, variants, and sentences about what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unswayed import prompts
from unswayed.benchmarks.scenes import Scenes
from unswayed.errors import UnswayedError
from unswayed.models import Request, request_of
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compositions, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.prompts import Profile
from unswayed.run.folder import RunFolder
from unswayed.types import Sample, Variant

SEED = 7


def require(condition: object, sentence: str) -> None:
    """Raise an AssertionError with a sentence unless the condition holds.

    `assert` is left out under `python -O`, and a contract test must not be.
    """
    if not condition:
        raise AssertionError(sentence)


def require_name(thing: Any, kind: str) -> None:
    """Require an attribute `name` that can stand in a table."""
    name: Any = getattr(thing, "name", None)
    require(isinstance(name, str), f"a {kind} needs an attribute `name`, a text; found {name!r}")
    require(
        name.strip() == name and name.isprintable() and name,
        f"the name of a {kind} stands in tables: expected a word in one line, found {name!r}",
    )


def require_provenance(thing: Any, kind: str, *, needed: bool = False) -> None:
    """Require that `provenance()`, if there is one, returns a JSON object."""
    if not hasattr(thing, "provenance") and not needed:
        return
    require(
        callable(getattr(thing, "provenance", None)),
        f"a {kind} needs a method provenance(), which run.json keeps",
    )
    record: Any = thing.provenance()
    require(
        isinstance(record, dict), f"expected provenance() to return a dict, found {record!r:.80}"
    )
    try:
        json.dumps(record, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"provenance() must hold JSON values only: {error}") from error


def samples(count: int = 6) -> list[Sample]:
    """Return questions about scenes."""
    return list(Scenes(n=count, seed=SEED))


def variants(*names: str, count: int = 6, foils: int = 1) -> list[Variant]:
    """Return variants of those questions."""
    context = Context(Templates(), seed=SEED)
    by_sample = (
        variants_of(sample, compositions(names), context, foils) for sample in samples(count)
    )
    return [variant for of_one in by_sample for variant in of_one]


def prompts_of(folder: Path, profile: Profile, *names: str) -> Iterator[Request]:
    """Yield the prompts of variants, their pictures stored in a folder."""
    run = RunFolder(folder)
    for variant in variants(*names, count=2):
        images = tuple(run.store_image(image) for image in variant.sample.images)
        stored = variant.model_copy(
            update={"sample": variant.sample.model_copy(update={"images": images})}
        )
        yield request_of(
            stored,
            folder,
            prompts.render_system(stored, profile),
            prompts.render_user(stored, profile),
        )


def profile_of(name: Any) -> Profile:
    """Return the prompt profile that a model names as its own."""
    require(isinstance(name, str), f"expected `profile` to name a prompt profile, found {name!r}")
    try:
        return prompts.profile(name)
    except UnswayedError as error:
        raise AssertionError(f"`profile` must name a prompt profile: {error}") from error
