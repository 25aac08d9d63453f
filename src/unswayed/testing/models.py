"""The contract of a model: one generation a prompt, in order, and failures that are recorded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from unswayed.models import Decoding, Request, ServedModel, Serving
from unswayed.testing.material import (
    profile_of,
    prompts_of,
    require,
    require_name,
    require_provenance,
)
from unswayed.types import Generation

TOKENS = 24
_SUM = 1e-6


def check_model(model: Any, *, deterministic: bool = True) -> None:
    """Hold a model against its contract: it is asked a few short prompts with pictures.

    Args:
        model: an object of it; a served one is started.
        deterministic: greedy decoding must give the same text again.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    require_name(model, "model")
    profile = profile_of(getattr(model, "profile", None))
    for method in ("generate", "provenance", "supports_prefill"):
        require(callable(getattr(model, method, None)), f"a model needs a method {method}()")
    require_provenance(model, "model", needed=True)
    prefills: Any = model.supports_prefill()
    require(isinstance(prefills, bool), f"expected supports_prefill() to be a bool: {prefills!r}")
    if isinstance(model, ServedModel):
        model.start(Serving())
    names = ["base", "wrong-caption", *(["wrong-think", "stop-think"] if prefills else [])]
    decoding = Decoding(max_new_tokens=TOKENS)
    with TemporaryDirectory(prefix="unswayed-check-") as folder:
        requests = list(prompts_of(Path(folder), profile, *names))
        first = _generated(model, requests, decoding)
        if deterministic:
            again = _generated(model, requests, decoding)
            require(
                [one.text for one in first] == [one.text for one in again],
                "the same prompts, asked greedily, must give the same texts",
            )
        require(not model.generate([], decoding), "no prompts must give no generations")
        broken = replace(requests[0], id="broken", images=(Path(folder) / "missing.png",))
        _generated(model, [broken, *requests[1:2]], decoding)


def _generated(model: Any, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
    try:
        generations: Any = list(model.generate(requests, decoding))
    except Exception as error:
        raise AssertionError(
            "a prompt that fails, such as one whose picture is missing, must come back with the "
            f"status `error`; found that generate() raises {type(error).__name__}: {error}"
        ) from error
    require(
        all(isinstance(one, Generation) for one in generations),
        "expected generate() to return Generation records",
    )
    require(
        [one.id for one in generations] == [request.id for request in requests],
        "expected one generation for each prompt, in the order of the prompts, with its id",
    )
    for generation, request in zip(generations, requests, strict=True):
        _check_generation(generation, request, decoding)
    return generations


def _check_generation(one: Generation, request: Request, decoding: Decoding) -> None:
    try:
        Generation.model_validate(one.model_dump())
    except ValidationError as error:
        raise AssertionError(f"the generation of {request.sample_id} is none: {error}") from error
    if one.status == "error":
        require(one.error, "a generation with the status `error` needs a message in `error`")
    prefilled = bool(request.prefill) and one.text.startswith(request.prefill)
    require(not prefilled, "`text` is the continuation only; found the prefill in front of it")
    require(
        one.tokens is None or one.tokens <= decoding.max_new_tokens,
        f"expected at most {decoding.max_new_tokens} new tokens, found {one.tokens}",
    )
    if one.letters is None:
        return
    chances = one.letters.probabilities
    require(
        set(chances) == set(request.options),
        f"a letter distribution is over the options {''.join(request.options)}, found "
        f"{''.join(chances)}",
    )
    require(
        abs(math.fsum(chances.values()) - 1) <= _SUM and min(chances.values()) >= 0,
        f"the probabilities of the letters must sum to 1, found {dict(chances)}",
    )
