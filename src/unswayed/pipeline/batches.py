"""Batches of a stream, and the check that a plug-in returned one record for each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from unswayed.errors import StageError
from unswayed.types import Generation, Variant

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """Cut a stream into batches, each with the index of its first item."""
    stream, start = iter(items), 0
    while batch := list(islice(stream, size)):
        yield start, batch
        start += len(batch)


def require_same(who: str, asked: Sequence[Variant], records: Sequence[Generation]) -> None:
    """Require one record for each item asked, in order: a plugin's slip must not shift a file."""
    if [item.id for item in asked] != [record.id for record in records]:
        raise other_records(who, len(asked))


def other_records(who: str, count: int) -> StageError:
    """Build the error of a model or judge that returned other records than it was asked for."""
    return StageError(
        f"expected {who} to return one record for each of {count} items, in their order; found "
        "fewer, more or others: mend it and run the same command again"
    )
