"""The walk over benchmarks: which samples an evaluation uses, and what becomes of each of them.

The plan (`--dry-run`), the variants of a run, the writer of texts and the prompts of a training
all ask here, so that they cannot disagree about what is usable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from unswayed import progress
from unswayed.benchmarks import Benchmark
from unswayed.errors import DataError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import Composition, variants_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.run.pictures import read_image
from unswayed.run.shards import Dealer
from unswayed.types import Failure, ImageRef, Sample, Variant

KeepPicture = Callable[[ImageRef], ImageRef]
"""Decodes a picture, perhaps stores it, and returns where it lies; raises DataError if it cannot
be decoded."""


@dataclass(frozen=True)
class Item:
    """What one row of a benchmark becomes.

    Attributes:
        variants: its variants in the order of the compositions; empty if it cannot be used.
        failure: why it cannot be used, or why some of its variants cannot be made.
    """

    variants: tuple[Variant, ...]
    failure: Failure | None = None

    def records(self) -> Sequence[Variant | Failure]:
        """Return what a run writes down of it."""
        return self.variants if self.failure is None else (*self.variants, self.failure)


def walk(
    benchmark: Benchmark, evaluation: Evaluation, dealer: Dealer, keep: KeepPicture
) -> Iterator[Item]:
    """Yield what becomes of every row of a benchmark that is this shard's, up to the limit.

    Samples of other shards count towards the limit, so that the shards together hold what a single
    run would. A row that cannot be used does not count.

    Args:
        benchmark: one of the evaluation's.
        evaluation: gives the compositions, the context, the number of foils and the limit.
        dealer: deals the rows of all benchmarks out to the shards.
        keep: what to do with the pictures of this shard's samples; the others are only decoded.
    """
    limit, usable = evaluation.settings.limit, 0
    with progress.bar(benchmark.name, limit) as bar:
        for row in benchmark:
            if limit is not None and usable >= limit:
                break
            ours = dealer.takes(row)
            if isinstance(row, Failure):
                if ours:
                    yield Item((), row)
                continue
            if ours or limit is not None:
                item = item_of(row, evaluation, keep if ours else decoded)
                usable += bool(item.variants)
                if ours:
                    yield item
            bar.update(1)


def item_of(sample: Sample, evaluation: Evaluation, keep: KeepPicture) -> Item:
    """Return what becomes of a sample in an evaluation; see `expand`."""
    foils = evaluation.settings.foils
    return expand(sample, evaluation.compositions, evaluation.context, foils, keep)


def expand(
    sample: Sample,
    compositions: Sequence[Composition],
    context: Context,
    foils: int,
    keep: KeepPicture,
) -> Item:
    """Return a sample's variants, or the one failure that excludes it.

    Variants that cannot be made of an open question come as a failure beside the others: each of
    them counts the sample as missing.

    Args:
        sample: the sample, its pictures where the benchmark has them.
        compositions: the variants that are asked for.
        context: text source, delivery and seed.
        foils: wrong options to draw, at most.
        keep: what to do with the pictures.
    """
    try:
        images = tuple(keep(image) for image in sample.images)
    except DataError as error:
        return Item((), Failure.of("load", sample, error))
    fitting = [one for one in compositions if one.applies_to(sample)]
    try:
        stored = sample.model_copy(update={"images": images})
        variants = tuple(variants_of(stored, fitting, context, foils))
    except DataError as error:
        return Item((), Failure.of("perturb", sample, error))
    without = [one.name for one in compositions if one not in fitting]
    return Item(variants, _left_out(sample, without) if without else None)


def decoded(image: ImageRef) -> ImageRef:
    """Decode a picture and leave it where it is.

    Raises:
        DataError: it cannot be read or decoded.
    """
    read_image(image)
    return image


def _left_out(sample: Sample, variants: Sequence[str]) -> Failure:
    return Failure.of(
        "perturb",
        sample,
        DataError(
            f"a question for a {sample.answer_kind} has no options to change and, if it asks for "
            f"a text, no foil, so it has no {', '.join(variants)}; its other variants are there"
        ),
    )
