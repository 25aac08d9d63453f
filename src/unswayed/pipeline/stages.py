"""The pipeline: benchmark → variants → generations → verdicts → metrics.

Each stage reads the files of the stages before it and appends to one of its own, so that a killed
run goes on where it stopped, judging never generates again, and measuring never judges again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from tqdm import tqdm

from unswayed import answers, progress, prompts, registry
from unswayed.benchmarks import Benchmark
from unswayed.config.validation import first_fault
from unswayed.errors import ConfigError, DataError, RunError, StageError
from unswayed.judges import Judge, JudgeCase, batch_size, case_of, described
from unswayed.metrics.columns import Columns, columns_of
from unswayed.metrics.measure import ALL, risk_coverage
from unswayed.metrics.measure import measure as estimates_of
from unswayed.models import Decoding, Model, Request, ServedModel, Serving, request_of
from unswayed.models.served.usage import bill
from unswayed.perturbations import Context
from unswayed.perturbations.composition import Composition, compositions, variants_of
from unswayed.perturbations.texts import source
from unswayed.pipeline.settings import Settings
from unswayed.prompts import Profile
from unswayed.registry import model_spec
from unswayed.run import shards
from unswayed.run.files import write_json
from unswayed.run.folder import SHARD_FILE, Run
from unswayed.run.pictures import read_image
from unswayed.run.shards import Shard
from unswayed.types import Failure, Generation, Sample, Variant, Verdict

T = TypeVar("T")
WRITE_EVERY = 64
"""Records per write, where writing one by one would wait on the disk each time."""
FAILURES_AT_START = 8
"""So many failures from the first prompt on, and the rest is not tried."""


@dataclass(frozen=True)
class Evaluation:
    """What settings stand for: resolved on first use, so that a finished stage loads nothing."""

    settings: Settings

    @cached_property
    def benchmarks(self) -> list[Benchmark]:
        """The benchmarks.

        Raises:
            ConfigError: two of them have the same name, or one is called `all`.
        """
        made: list[Benchmark] = [
            registry.create("benchmark", spec) for spec in self.settings.benchmarks
        ]
        names = [benchmark.name for benchmark in made]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(
                f"two benchmarks are called {', '.join(sorted(twice))}; give one of them another "
                "name (for a file: file:PATH,name=…)"
            )
        if ALL in names:
            raise ConfigError(
                f"a benchmark is called {ALL!r}, which stands for all of them together; give it "
                "another name (for a file: file:PATH,name=…)"
            )
        return made

    @cached_property
    def compositions(self) -> list[Composition]:
        """The variants, in the order asked for, without repetition."""
        return compositions(self.settings.variants)

    @cached_property
    def context(self) -> Context:
        """The text source, the delivery and the seed."""
        return Context(source(self.settings.texts), self.settings.delivery, self.settings.seed)

    @cached_property
    def model(self) -> Model:
        """The model, loaded; of a served one, what its server does is proven.

        Raises:
            ConfigError: it cannot leave an assistant turn open, and a variant needs that; or a
                budget was set for a model that costs nothing.
            ModelError: it cannot be loaded or reached, or its server does not do what is needed.
        """
        model: Model = registry.create("model", model_spec(self.settings.model))
        thoughts = [one.name for one in self.compositions if one.injects_thought()]
        if thoughts and self.settings.delivery == "prefill" and not model.supports_prefill():
            raise ConfigError(
                f"{model.name} takes no assistant prefill, which {', '.join(thoughts)} need; use "
                "--delivery user-turn, which places the same texts in the user's message"
            )
        self._start(model)
        return model

    def _start(self, model: Model) -> None:
        """Start a served model, and say what the user should know of its server."""
        serving = self.settings.serving
        if isinstance(model, ServedModel):
            model.start(Serving(**dict(serving)))
            for note in model.notes:
                progress.say(note)
        elif serving.max_requests is not None or serving.max_tokens_total is not None:
            raise ConfigError(
                f"{model.name} sends no requests, so there is nothing to limit; leave "
                "--max-requests and --max-tokens-total out"
            )

    @cached_property
    def profile(self) -> Profile:
        """The prompt profile."""
        return prompts.profile(self.settings.profile or self.model.profile)

    @cached_property
    def judge(self) -> Judge:
        """The judge."""
        return registry.create("judge", self.settings.judge)

    @cached_property
    def shard(self) -> Shard | None:
        """The shard of the evaluation that is this run's; None for all of it."""
        return shards.parse(self.settings.shard) if self.settings.shard else None

    @property
    def decoding(self) -> Decoding:
        """The decoding: what the settings say, the profile's own otherwise."""
        wanted, profile = self.settings.decoding, self.profile
        own = (profile.max_new_tokens, profile.temperature, profile.top_p)
        given = (wanted.max_new_tokens, wanted.temperature, wanted.top_p)
        tokens, temperature, top_p = (
            mine if value is None else value for value, mine in zip(given, own, strict=True)
        )
        return Decoding(int(tokens), temperature, top_p, self.settings.seed, wanted.force_answer)


def evaluate(settings: Settings, out: Path, written: dict[str, Any] | None = None) -> Run:
    """Run every stage up to `metrics.json`; a folder that was begun is finished.

    Args:
        settings: what to evaluate.
        out: the run folder.
        written: the settings as the user wrote them, for the record.

    Raises:
        UnswayedError: see `errors`.
    """
    work, run = Evaluation(settings), Run(out)
    check(work, run)
    with run.writing():
        begin(run, work, written)
        make_variants(run, work)
        generate(run, work)
        judge(run, work.judge, settings)
        measure(run, settings)
    return run


def begin(run: Run, work: Evaluation, written: dict[str, Any] | None = None) -> None:
    """Write `run.json`, or check that the folder was begun with the same settings."""
    settings = work.settings
    run.start(settings.deciding(), written or {}, settings.seed)
    run.add_to_description("measuring", settings.measuring())
    run.add_to_description("serving", settings.serving.model_dump(mode="json"))


def settings_of(run: Run) -> Settings:
    """Return the settings that a run folder was made with.

    Raises:
        RunError: they are not settings of this version, or the run was stopped before they were
            all written.
    """
    description = run.description()
    if not isinstance(description.get("measuring"), dict):
        raise RunError(
            f"{run.folder} was stopped before its settings were written; give the command that "
            "began it again"
        )
    try:
        serving: dict[str, Any] = {"serving": description.get("serving") or {}}
        return Settings.model_validate(
            {**description["settings"], **description["measuring"], **serving}
        )
    except ValidationError as error:
        raise RunError(
            f"{run.folder / 'run.json'} holds settings of another version ("
            f"{first_fault(error).text('settings')}); use the version that made it"
        ) from error


def check(work: Evaluation, run: Run | None = None) -> None:
    """Resolve every name before the first file is written: a slip costs no time.

    Args:
        work: what to resolve.
        run: if given, the model is loaded as well, unless all generations are there.
    """
    _ = (work.benchmarks, work.compositions, work.context, work.judge)
    if work.settings.profile:
        _ = prompts.profile(work.settings.profile)
    registry.load("model", model_spec(work.settings.model).name)
    if run and not run.complete("generations"):
        _ = work.model


def make_variants(run: Run, work: Evaluation) -> None:
    """Write `variants.jsonl`, the pictures, and the failures of loading and perturbing.

    Raises:
        RunError: the benchmark gives other samples than when the run was begun.
        DataError: not one sample could be used.
    """
    if run.complete("variants"):
        return
    before, known = run.variants.repair(), iter(run.variants)
    failed_before = run.failures.repair()
    pending: list[Variant] = []
    count = failed = 0
    dealer = shards.Dealer(work.shard)
    for item in _items(run, work, dealer):
        dealer.note(item)
        if isinstance(item, Failure):
            failed += 1
            if failed > failed_before:
                run.failures.append([item])
            continue
        count += 1
        if count <= before:
            if next(known).id != item.id:
                raise _other_samples(run, f"{item.sample.id} ({item.name}) is not what it holds")
            continue
        pending.append(item)
        if len(pending) >= WRITE_EVERY:
            run.variants.append(pending)
            pending = []
    if count < before or failed < failed_before:
        held = f"{before} variants and {failed_before} failures"
        raise _other_samples(run, f"it holds {held}, now there are {count} and {failed}")
    run.variants.append(pending)
    if count == 0:
        raise _no_sample(run, work.shard)
    if work.shard:
        write_json(run.folder / SHARD_FILE, dealer.places())
    run.add_to_description("data", [_source(benchmark) for benchmark in work.benchmarks])
    run.mark_complete("variants")


def _source(benchmark: Benchmark) -> dict[str, Any]:
    """Return what a benchmark says of the data that it read, if it says anything."""
    provenance: Any = getattr(benchmark, "provenance", None)
    return {"benchmark": benchmark.name, **(provenance() if provenance else {})}


def _no_sample(run: Run, shard: Shard | None) -> DataError:
    first = next(iter(run.failures), None)
    if first is None and shard is not None:
        return DataError(
            f"there is no sample for shard {shard}: the benchmarks have fewer pictures than "
            "shards; use fewer shards"
        )
    return DataError(
        f"no sample could be used{f'; the first failed so: {first.message}' if first else ''}"
    )


def generate(run: Run, work: Evaluation) -> None:
    """Write `generations.jsonl`, batch by batch, in the order of the variants.

    Batches are cut at the same places whenever the run is resumed, because which prompts share a
    batch can change the last digits of a logit.

    Raises:
        RunError: the generations that are there were made with another model or profile.
        StageError: the first prompts all failed, so the rest would too; or the model did not
            return a generation for each prompt.
    """
    if run.complete("generations"):
        return
    done, total = run.generations.repair(), run.variants.repair()
    if done < total:
        model, decoding, profile = work.model, work.decoding, work.profile
        _describe(run, done, "model", {"name": model.name, **model.provenance()})
        _describe(run, done, "profile", profile.model_dump(mode="json"))
        _describe(run, done, "decoding", vars(decoding))
        fresh = _generated(run, work, done)
        try:
            with progress.bar("generate", total, done=done) as bar:
                for made in fresh if done else _proven(fresh):
                    run.generations.append(made)
                    bar.update(len(made))
        finally:
            _account(run, model)
    run.mark_complete("generations")


def _generated(run: Run, work: Evaluation, done: int) -> Iterator[list[Generation]]:
    """Yield the generations behind the first `done`, batch by batch."""
    model, decoding, profile = work.model, work.decoding, work.profile
    if isinstance(model, ServedModel):
        yield from _streamed(run, work, model, done)
        return
    for start, batch in _batches(run.variants, work.settings.batch_size):
        if start + len(batch) <= done:
            continue
        made = model.generate([_request(run, v, profile) for v in batch], decoding)
        _check_same(f"the model {model.name}", batch, made)
        yield made[max(done - start, 0) :]


def _streamed(
    run: Run, work: Evaluation, model: ServedModel, done: int
) -> Iterator[list[Generation]]:
    """Yield the generations behind the first `done` as they are ready, in order.

    A served model has many prompts in flight: it draws as many as it likes, and no batch waits
    for its slowest.
    """
    asked: deque[Variant] = deque()

    def requests() -> Iterator[Request]:
        for variant in islice(run.variants, done, None):
            asked.append(variant)
            yield _request(run, variant, work.profile)

    for made in model.stream(requests(), work.decoding):
        due = [asked.popleft() for _ in made[: len(asked)]]
        _check_same(f"the model {model.name}", due, made)
        yield made
    _check_same(f"the model {model.name}", asked, [])


def _account(run: Run, model: Model) -> None:
    """Record what the generations of a served model cost, and say it in a line."""
    if not isinstance(model, ServedModel):
        return
    found = bill(run.generations)
    cost = model.cost(found.usage, found.unknown)
    spent = {**found.usage.model_dump(), "unknown": found.unknown, "cost": cost}
    run.add_to_description("usage", spent)
    progress.say(f"{model.name}: {found.words(cost)}")


def _proven(batches: Iterator[list[Generation]]) -> Iterator[list[Generation]]:
    """Hold the first generations back until one of them is no failure.

    Raises:
        StageError: the first `FAILURES_AT_START` failed, or all there are.
    """
    held: list[Generation] = []
    for made in batches:
        held += made
        if any(generation.status != "error" for generation in held):
            yield held
            yield from batches
            return
        if len(held) >= FAILURES_AT_START:
            break
    raise StageError(f"the first {len(held)} prompts all failed; the first so: {held[0].error}")


def judge(run: Run, judge: Judge, settings: Settings) -> None:
    """Write `verdicts.jsonl`; verdicts of another judge are set aside, not lost.

    A verdict does not depend on which cases are asked together, so a resumed run asks only for
    those that are missing: they may cost money. Verdicts are written as they come, also those that
    came before an error.

    Raises:
        RunError: the run holds no generation yet.
        StageError: the judge did not return a verdict for each case.
    """
    first = next(iter(run.verdicts), None)
    if first and (first.judge, first.prompt_hash) != (judge.name, judge.prompt_hash):
        run.set_aside_verdicts()
    if run.complete("verdicts") and run.complete("generations"):
        return
    done, total = run.verdicts.repair(), run.generations.repair()
    if total == 0:
        raise _no_generations(run)
    run.add_to_description("judge", described(judge))
    with progress.bar("judge", total, done=done) as bar:
        for _, batch in _batches(islice(_pairs(run), done, None), batch_size(judge)):
            _write_verdicts(run, _verdicts(batch, judge, settings), bar)
    run.mark_complete("verdicts", complete=run.complete("generations"))


def _write_verdicts(run: Run, verdicts: Iterator[Verdict], bar: tqdm[Any]) -> None:
    """Write verdicts as they come; what came before an error is written too."""
    pending: list[Verdict] = []
    try:
        for verdict in verdicts:
            pending.append(verdict)
            if len(pending) >= WRITE_EVERY:
                full, pending = pending, []
                run.verdicts.append(full)
                bar.update(len(full))
    finally:
        run.verdicts.append(pending)
        bar.update(len(pending))


def measure(run: Run, settings: Settings) -> None:
    """Write `metrics.json`."""
    statistics = settings.statistics
    outcomes = outcomes_of(run, settings.on_conflict, settings.tolerance)
    found = estimates_of(
        outcomes, level=statistics.level, resamples=statistics.resamples, seed=settings.seed
    )
    values = {
        "schema_version": 1,
        "settings": {
            **statistics.model_dump(),
            "seed": settings.seed,
            "on_conflict": settings.on_conflict,
            "tolerance": settings.tolerance,
        },
        "estimates": [estimate.model_dump(mode="json") for estimate in found],
        "risk_coverage": risk_coverage(outcomes),
    }
    write_json(run.folder / "metrics.json", values)


def outcomes_of(
    run: Run, on_conflict: answers.ConflictPolicy = "letter", tolerance: float = 0.0
) -> Columns:
    """Return a run's records as columns.

    Raises:
        RunError: the run holds no generation yet.
    """
    outcomes = columns_of(run.joined(), run.failures, on_conflict, tolerance)
    if len(outcomes) == 0:
        raise _no_generations(run)
    return outcomes


def _no_generations(run: Run) -> RunError:
    return RunError(f"{run.folder} holds no generations yet; run: unswayed generate {run.folder}")


def _items(run: Run, work: Evaluation, dealer: shards.Dealer) -> Iterator[Variant | Failure]:
    """Yield the variants of every usable sample, and a failure for each that is not.

    Samples of other shards count towards the limit, so that the shards together hold what a single
    run would.
    """
    for benchmark in work.benchmarks:
        good = 0
        with progress.bar(benchmark.name, work.settings.limit) as bar:
            for item in benchmark:
                if work.settings.limit is not None and good >= work.settings.limit:
                    break
                ours = dealer.takes(item)
                if isinstance(item, Failure):
                    if ours:
                        yield item
                    continue
                if ours:
                    made = _made(run, item, work)
                    yield from made
                    good += not isinstance(made[0], Failure)
                elif work.settings.limit is not None:
                    good += _usable(item, work)
                bar.update(1)


def _usable(sample: Sample, work: Evaluation) -> bool:
    """Say whether variants can be made of a sample of another shard, without keeping anything."""
    applying = [one for one in work.compositions if one.applies_to(sample)]
    try:
        for image in sample.images:
            read_image(image)
        return bool(list(variants_of(sample, applying, work.context, work.settings.foils)))
    except DataError:
        return False


def _made(run: Run, sample: Sample, work: Evaluation) -> Sequence[Variant | Failure]:
    """Return a sample's variants, or the one failure that excludes it.

    Variants that cannot be made of an open question come as a failure behind the others: each of
    them counts the sample as missing.
    """
    try:
        images = tuple(run.store_image(image) for image in sample.images)
    except DataError as error:
        return [Failure.of("load", sample, error)]
    stored = sample.model_copy(update={"images": images})
    applying = [one for one in work.compositions if one.applies_to(sample)]
    try:
        made = list(variants_of(stored, applying, work.context, work.settings.foils))
    except DataError as error:
        return [Failure.of("perturb", sample, error)]
    without = [one.name for one in work.compositions if one not in applying]
    return [*made, _left_out(sample, without)] if without else made


def _left_out(sample: Sample, variants: Sequence[str]) -> Failure:
    return Failure.of(
        "perturb",
        sample,
        DataError(
            f"a question for a {sample.answer_kind} has no options to change and, if it asks for "
            f"a text, no foil, so it has no {', '.join(variants)}; its other variants are there"
        ),
    )


def _other_samples(run: Run, how: str) -> RunError:
    return RunError(f"{run.folder} was begun with other samples: {how}; use another --out")


def _request(run: Run, variant: Variant, profile: Profile) -> Request:
    return request_of(
        variant,
        run.folder,
        prompts.render_system(variant, profile),
        prompts.render_user(variant, profile),
    )


def _describe(run: Run, done: int, what: str, found: dict[str, Any]) -> None:
    """Record the model or profile, or refuse one that differs from the first generations'.

    The settings cannot tell: a folder may hold other weights under the same name by now, a
    profile file other wording.
    """
    before: dict[str, Any] | None = run.description().get(what)
    if done and before is not None and before != found:
        keys = [key for key in {**before, **found} if before.get(key) != found.get(key)]
        shown = ", ".join(f"{key} was {before.get(key)!r}, is {found.get(key)!r}" for key in keys)
        raise RunError(
            f"{run.folder} holds {done} generations of another {what} ({shown}); use another --out"
        )
    run.add_to_description(what, found)


def _check_same(who: str, asked: Sequence[Variant], made: Sequence[Generation]) -> None:
    """Require one record for each item asked, in order: a plugin's slip must not shift a file."""
    if [item.id for item in asked] != [record.id for record in made]:
        raise _other_records(who, len(asked))


def _other_records(who: str, count: int) -> StageError:
    return StageError(
        f"expected {who} to return one record for each of {count} items, in their order; found "
        "fewer, more or others: mend it and run the same command again"
    )


def _pairs(run: Run) -> Iterator[tuple[Variant, Generation]]:
    for variant, generation in zip(run.variants, run.generations, strict=False):
        if variant.id != generation.id:
            raise RunError(f"variants and generations of {run.folder} do not belong together")
        yield variant, generation


def _verdicts(
    pairs: Sequence[tuple[Variant, Generation]], judge: Judge, settings: Settings
) -> Iterator[Verdict]:
    """Yield a verdict a pair, in order; the judge is asked where there is something to judge."""
    asked = [_case(variant, generation, judge, settings) for variant, generation in pairs]
    cases = [case for case in asked if isinstance(case, JudgeCase)]
    verdicts = iter(judge.judge(cases))
    for case in asked:
        if isinstance(case, Verdict):
            yield case
            continue
        verdict = next(verdicts, None)
        if verdict is None or verdict.id != case.id:
            raise _other_records(f"the judge {judge.name}", len(cases))
        yield verdict
    if next(verdicts, None) is not None:
        raise _other_records(f"the judge {judge.name}", len(cases))


def _case(
    variant: Variant, generation: Generation, judge: Judge, settings: Settings
) -> JudgeCase | Verdict:
    """Return what the judge is asked, or a signed verdict where there is nothing to ask."""
    signed = {"judge": judge.name, "prompt_hash": judge.prompt_hash}
    if reason := _unjudged(generation):
        lost = Verdict(id=variant.id, judge="", status="skipped", reason=reason)
        return lost.model_copy(update=signed)
    kind = variant.sample.answer_kind
    if kind != "choice":
        open_question = f"judges compare options, and the question asks for a {kind}"
        lost = Verdict(id=variant.id, judge="", status="skipped", reason=open_question)
        return lost.model_copy(update=signed)
    reading = answers.parse_output(
        variant.prefill + generation.text, variant.options, settings.on_conflict
    )
    case = case_of(variant.id, variant.sample.question, variant.options, reading)
    return case.model_copy(update=signed) if isinstance(case, Verdict) else case


def _unjudged(generation: Generation) -> str:
    """Say why a generation is not for any judge; empty if it is."""
    if generation.status == "error":
        return "the generation failed"
    if generation.status == "refused":
        return "the model refused"
    return "the model hides its reasoning" if generation.thoughts == "hidden" else ""


def _batches(items: Iterable[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """Cut a stream into batches, each with the index of its first item."""
    stream, start = iter(items), 0
    while batch := list(islice(stream, size)):
        yield start, batch
        start += len(batch)
