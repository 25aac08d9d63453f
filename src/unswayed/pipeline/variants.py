"""The stage `variants`: what is shown to the model, its pictures, and what could not be used."""

from __future__ import annotations

from collections.abc import Iterator

from unswayed.errors import DataError, RunError
from unswayed.pipeline import pictures
from unswayed.pipeline.data import data_of, texts_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.walk import walk
from unswayed.run.files import write_json
from unswayed.run.folder import SHARD_FILE, RunFolder
from unswayed.run.shards import Dealer, Shard
from unswayed.types import Failure, Variant

WRITE_EVERY = 64
"""Records per write, where writing one by one would wait on the disk each time."""


def make_variants(run: RunFolder, evaluation: Evaluation) -> None:
    """Write `variants.jsonl`, the pictures, and the failures of loading and perturbing.

    Raises:
        RunError: the benchmark gives other samples than when the run was begun, or pictures would
            be shown otherwise.
        DataError: not one sample could be used.
    """
    if run.complete("variants"):
        if not run.complete("generations"):
            pictures.require_shown_alike(run)
        return
    dealer, changed = Dealer(evaluation.shard), pictures.ChangedPictures()
    if not _write(run, _records(run, evaluation, dealer), changed):
        raise _no_sample(run, evaluation.shard)
    if evaluation.shard:
        write_json(run.folder / SHARD_FILE, dealer.places())
    run.add_to_description("pictures", changed.record())
    pictures.say(changed.record())
    run.add_to_description("data", [data_of(benchmark) for benchmark in evaluation.benchmarks])
    if texts := texts_of(evaluation.context.texts):
        run.add_to_description("texts", texts)
    run.mark_complete("variants")


def _write(
    run: RunFolder, records: Iterator[Variant | Failure], changed: pictures.ChangedPictures
) -> int:
    """Write the records that are not there yet, and return the number of variants.

    Raises:
        RunError: those that are there are others.
    """
    before, known = run.variants.repair(), iter(run.variants)
    failed_before = run.failures.repair()
    pending: list[Variant] = []
    count = failed = 0
    for record in records:
        if isinstance(record, Failure):
            failed += 1
            if failed > failed_before:
                run.failures.append([record])
            continue
        count += 1
        changed.add(record)
        if count <= before:
            if next(known).id != record.id:
                held = f"{record.sample.id} ({record.name}) is not what it holds"
                raise _other_samples(run, held)
            continue
        pending.append(record)
        if len(pending) >= WRITE_EVERY:
            run.variants.append(pending)
            pending = []
    if count < before or failed < failed_before:
        held = f"{before} variants and {failed_before} failures"
        raise _other_samples(run, f"it holds {held}, now there are {count} and {failed}")
    run.variants.append(pending)
    return count


def _records(run: RunFolder, evaluation: Evaluation, dealer: Dealer) -> Iterator[Variant | Failure]:
    """Yield what is to be written down, in order, and note for which item each line stands."""
    for benchmark in evaluation.benchmarks:
        for item in walk(benchmark, evaluation, dealer, run.store_image):
            for record in item.records():
                dealer.note(record)
                yield record


def _no_sample(run: RunFolder, shard: Shard | None) -> DataError:
    first = next(iter(run.failures), None)
    if first is None and shard is not None:
        return DataError(
            f"there is no sample for shard {shard}: the benchmarks have fewer pictures than "
            "shards; use fewer shards"
        )
    return DataError(
        f"no sample could be used{f'; the first failed so: {first.message}' if first else ''}"
    )


def _other_samples(run: RunFolder, how: str) -> RunError:
    return RunError(f"{run.folder} was begun with other samples: {how}; use another --out")
