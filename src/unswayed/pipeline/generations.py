"""The stage `generations`: what the model writes for every variant, batch by batch or streamed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from unswayed import progress, prompts
from unswayed.errors import RunError, StageError
from unswayed.models import Model, Request, ServedModel, request_of
from unswayed.models.served.usage import bill, words
from unswayed.pipeline.batches import PromptDraw, answered, batches, prompts_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.run.folder import RunFolder
from unswayed.types import Generation

FAILURES_AT_START = 8
"""So many failures from the first prompt on, and the rest is not tried."""


def generate(run: RunFolder, evaluation: Evaluation) -> None:
    """Write `generations.jsonl`, batch by batch, in the order of the variants.

    Where several outputs a prompt are drawn, they stand one behind the other.

    Batches are cut at the same places whenever the run is resumed, because which prompts share a
    batch can change the last digits of a logit.

    Raises:
        RunError: the generations that are there were made with another model or profile.
        StageError: the first prompts all failed, so the rest would too; or the model did not
            return a generation for each prompt.
    """
    if run.complete("generations"):
        return
    draws = evaluation.settings.decoding.n
    done, total = run.generations.repair(), run.variants.repair() * draws
    if done < total:
        model, decoding, profile = evaluation.model, evaluation.decoding, evaluation.profile
        _describe(run, done, "model", {"name": model.name, **model.provenance()})
        _describe(run, done, "profile", profile.model_dump(mode="json"))
        _describe(run, done, "decoding", vars(decoding))
        fresh = _generated(run, evaluation, done)
        try:
            with progress.bar("generate", total, done=done) as bar:
                for generations in fresh if done else _proven(fresh):
                    run.generations.append(generations)
                    bar.update(len(generations))
        finally:
            _account(run, model)
    run.mark_complete("generations")


def _generated(run: RunFolder, evaluation: Evaluation, done: int) -> Iterator[list[Generation]]:
    """Yield the generations behind the first `done`, batch by batch."""
    model, decoding = evaluation.model, evaluation.decoding
    if isinstance(model, ServedModel):
        yield from _streamed(run, evaluation, model, done)
        return
    prompts = prompts_of(run.variants, evaluation.settings.decoding.n)
    for start, batch in batches(prompts, evaluation.settings.batch_size):
        if start + len(batch) <= done:
            continue
        generations = model.generate([_request(run, one, evaluation) for one in batch], decoding)
        yield answered(f"the model {model.name}", batch, generations)[max(done - start, 0) :]


def _streamed(
    run: RunFolder, evaluation: Evaluation, model: ServedModel, done: int
) -> Iterator[list[Generation]]:
    """Yield the generations behind the first `done` as they are ready, in order.

    A served model has many prompts in flight: it draws as many as it likes, and no batch waits
    for its slowest.
    """
    queue: deque[PromptDraw] = deque()

    def requests() -> Iterator[Request]:
        prompts = prompts_of(run.variants, evaluation.settings.decoding.n)
        for prompt in islice(prompts, done, None):
            queue.append(prompt)
            yield _request(run, prompt, evaluation)

    for generations in model.stream(requests(), evaluation.decoding):
        due = [queue.popleft() for _ in generations[: len(queue)]]
        yield answered(f"the model {model.name}", due, generations)
    answered(f"the model {model.name}", list(queue), [])


def _account(run: RunFolder, model: Model) -> None:
    """Record what the generations of a served model cost, and say it in a line."""
    if not isinstance(model, ServedModel):
        return
    spent = bill(run.generations)
    cost = model.cost(spent)
    run.add_to_description("usage", {**asdict(spent), "cost": cost})
    progress.say(f"{model.name}: {words(spent, cost)}")


def _proven(fresh: Iterator[list[Generation]]) -> Iterator[list[Generation]]:
    """Hold the first generations back until one of them is no failure.

    Raises:
        StageError: the first `FAILURES_AT_START` failed, or all there are.
    """
    held: list[Generation] = []
    for generations in fresh:
        held += generations
        if any(generation.status != "error" for generation in held):
            yield held
            yield from fresh
            return
        if len(held) >= FAILURES_AT_START:
            break
    raise StageError(f"the first {len(held)} prompts all failed; the first so: {held[0].error}")


def _request(run: RunFolder, prompt: PromptDraw, evaluation: Evaluation) -> Request:
    variant, draw = prompt
    profile = evaluation.profile
    return request_of(
        variant,
        run.folder,
        prompts.render_system(variant, profile),
        prompts.render_user(variant, profile),
        draw,
        evaluation.style,
        profile.pictures,
        profile.thinking,
    )


def _describe(run: RunFolder, done: int, what: str, now: dict[str, Any]) -> None:
    """Record the model or profile, or refuse one that differs from the first generations'.

    The settings cannot tell: a folder may hold other weights under the same name by now, a
    profile file other wording.
    """
    before: dict[str, Any] | None = run.description().get(what)
    if done and before is not None and before != now:
        keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        shown = ", ".join(f"{key} was {before.get(key)!r}, is {now.get(key)!r}" for key in keys)
        raise RunError(
            f"{run.folder} holds {done} generations of another {what} ({shown}); use another --out"
        )
    run.add_to_description(what, now)
