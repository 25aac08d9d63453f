"""From raw rows to samples: a row that is not as it must be becomes a recorded failure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from unswayed.benchmarks.parse.gold import AnswerAs, letter_of
from unswayed.config.validation import first_fault
from unswayed.errors import DataError
from unswayed.types import Failure, ImageRef, Sample

T = TypeVar("T")


def collect(
    benchmark: str,
    rows: Iterable[tuple[str, T | DataError]],
    build: Callable[[T], Sample],
) -> Iterator[Sample | Failure]:
    """Yield a sample or a failure for every row.

    Args:
        benchmark: name of the benchmark.
        rows: (where the row lies, the row or the error that reading it gave).
        build: makes the sample of a row, raising DataError for a bad one.
    """
    seen: set[bytes] = set()
    for where, row in rows:
        try:
            if isinstance(row, DataError):
                raise row
            sample = build(row)
            _claim(sample.id, seen)
        except (DataError, ValidationError) as error:
            yield _failure(benchmark, where, error)
        else:
            yield sample


def choice_sample(
    *,
    id: str,
    benchmark: str,
    images: Sequence[ImageRef],
    question: str,
    options: dict[str, str],
    gold: Any,
    cluster: str,
    group: str | None = None,
    category: str = "",
    answer_as: AnswerAs = "auto",
    statements: dict[str, str] | None = None,
) -> Sample:
    """Make a multiple-choice sample and check what the records cannot check by themselves.

    Raises:
        DataError: the question is empty, the gold is not one of the options, or a text cannot be
            written as UTF-8.
    """
    question = question.strip()
    if not question:
        raise DataError("expected a question, found an empty one")
    statements = statements or {}
    for text in (id, question, category, *options.values(), *statements.values()):
        if not text.isascii():
            _check_unicode(text)
    return Sample(
        id=id,
        benchmark=benchmark,
        images=tuple(images),
        question=question,
        options=options,
        answer=letter_of(gold, options, answer_as),
        cluster=cluster,
        group=group,
        category=category,
        statements=statements,
    )


def _check_unicode(text: str) -> None:
    """Refuse half of a surrogate pair, which JSON can spell and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"expected valid Unicode, found {text[:60]!r}") from error


def _claim(id: str, seen: set[bytes]) -> None:
    digest = hashlib.blake2b(id.encode(), digest_size=16).digest()
    if digest in seen:
        raise DataError(f"expected every id once; {id!r} is the id of an earlier row as well")
    seen.add(digest)


def _failure(benchmark: str, where: str, error: Exception) -> Failure:
    message = str(error)
    if isinstance(error, ValidationError):
        message = first_fault(error).text("the row")
    return Failure(
        stage="load",
        id=where,
        benchmark=benchmark,
        error=type(error).__name__,
        message=message,
    )
