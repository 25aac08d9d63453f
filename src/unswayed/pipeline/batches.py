"""Batches of a stream, and the check that a plug-in returned one record for each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from unswayed.errors import StageError
from unswayed.types import Drawn, Generation, Variant

T = TypeVar("T")
D = TypeVar("D", bound=Drawn)
PromptDraw = tuple[Variant, int]
"""A variant, and which of its outputs is asked for: draw 0 … k − 1."""


def prompts_of(variants: Iterable[Variant], draws: int) -> Iterator[PromptDraw]:
    """Yield each variant once for each of its outputs, one behind the other."""
    return ((variant, draw) for variant in variants for draw in range(draws))


def numbered(record: D, draw: int) -> D:
    """Return a record that says which of the prompt's outputs it is: plug-ins need not."""
    return record if record.draw == draw else record.model_copy(update={"draw": draw})


def batches(items: Iterable[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """Cut a stream into batches, each with the index of its first item."""
    stream, start = iter(items), 0
    while batch := list(islice(stream, size)):
        yield start, batch
        start += len(batch)


def answered(
    who: str, asked: Sequence[PromptDraw], records: Sequence[Generation]
) -> list[Generation]:
    """Return the records, numbered; there must be one for each prompt asked, in order.

    A plugin's slip must not shift a file.

    Raises:
        StageError: there are fewer, more or others.
    """
    if [variant.id for variant, _ in asked] != [record.id for record in records]:
        raise other_records(who, len(asked))
    return [numbered(record, draw) for (_, draw), record in zip(asked, records, strict=True)]


def other_records(who: str, count: int) -> StageError:
    """Build the error of a model or judge that returned other records than it was asked for."""
    return StageError(
        f"expected {who} to return one record for each of {count} items, in their order; found "
        "fewer, more or others: mend it and run the same command again"
    )
