"""Questions with an open answer: a number or a short text instead of a letter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from unswayed.answers import values
from unswayed.benchmarks.sources.fields import is_absent
from unswayed.errors import DataError
from unswayed.types import ImageRef, Sample


def gold_text(cell: Any) -> str:
    """Write a gold as text: the edges of a box stand in a list.

    Raises:
        DataError: there is none.
    """
    if not isinstance(cell, list) and is_absent(cell):
        raise DataError("expected a gold answer, found none")
    return json.dumps(cell) if isinstance(cell, list) else str(cell).strip()


def open_sample(
    *,
    id: str,
    benchmark: str,
    images: Sequence[ImageRef],
    question: str,
    answer: str,
    kind: values.OpenKind,
    cluster: str,
    category: str = "",
) -> Sample:
    """Make a sample whose gold is a value, and check that it can be read as one.

    Raises:
        DataError: the question is empty, the gold is no value of that kind, or a text cannot be
            written as UTF-8.
    """
    if not question.strip():
        raise DataError("expected a question, found an empty one")
    try:
        "".join((id, question, answer, category)).encode()
    except UnicodeEncodeError as error:
        raise DataError(f"expected valid Unicode, found {question[:60]!r}") from error
    if values.parse_value(answer, kind).value is None:
        raise DataError(f"expected a {kind} as gold, found {answer[:60]!r}")
    return Sample(
        id=id,
        benchmark=benchmark,
        images=tuple(images),
        question=question.strip(),
        answer=answer,
        answer_kind=kind,
        cluster=cluster,
        category=category,
    )
