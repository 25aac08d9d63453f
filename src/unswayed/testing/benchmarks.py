"""The contract of a benchmark: the same samples each time, sound golds, pictures left closed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from unswayed.answers import values
from unswayed.errors import DataError
from unswayed.run.pictures import read_image
from unswayed.testing.material import require, require_name, require_provenance
from unswayed.types import LETTERS, Failure, ImageRef, Sample

_watching: list[set[str]] = []


def check_benchmark(benchmark: Any, *, limit: int = 200, pictures: int = 5) -> None:
    """Hold a benchmark against its contract.

    Args:
        benchmark: an object of it.
        limit: rows that are read, twice.
        pictures: samples whose pictures are decoded.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    require_name(benchmark, "benchmark")
    require(hasattr(benchmark, "__iter__"), "a benchmark is iterated over: it needs __iter__")
    with _opened_files() as opened:
        rows = _rows(benchmark, limit)
    for row in rows:
        _check_row(row, benchmark.name)
    samples = [row for row in rows if isinstance(row, Sample)]
    require(samples, f"expected samples, found none among the first {len(rows)} rows")
    repeated = [id for id, times in Counter(s.id for s in samples).items() if times > 1]
    require(not repeated, f"ids must be unique; found {repeated[:1]} more than once")
    _check_left_closed(samples, opened)
    again = _rows(benchmark, limit)
    require(
        list(map(_comparable, rows)) == list(map(_comparable, again)),
        "iterating again must yield the same rows in the same order; a random choice needs a seed, "
        "and an iterator must start anew",
    )
    for sample in samples[:pictures]:
        _check_pictures(sample)
    require_provenance(benchmark, "benchmark")


def _rows(benchmark: Any, limit: int) -> list[Any]:
    return list(islice(iter(benchmark), limit))


def _check_row(row: Any, name: str) -> None:
    require(
        isinstance(row, Sample | Failure),
        f"expected each row as a Sample or a Failure, found {type(row).__name__}",
    )
    if isinstance(row, Failure):
        require(
            row.stage == "load" and row.message and row.benchmark == name,
            f"a row that cannot be used is a Failure of the stage `load`, with a message and the "
            f"benchmark {name!r}; found {row!r:.200}",
        )
        return
    require(
        row.benchmark == name,
        f"{row.id} is of {row.benchmark!r}, and the benchmark is called {name!r}",
    )
    require(row.question.strip(), f"{row.id} asks no question")
    if row.answer_kind == "choice":
        _check_choice(row)
    else:
        require(not row.options, f"{row.id} asks for a {row.answer_kind} and has options")
        problem = values.parse_value(row.answer, row.answer_kind).problem
        require(not problem, f"the gold of {row.id} is no {row.answer_kind}: {row.answer!r}")


def _check_choice(sample: Sample) -> None:
    letters = "".join(sample.options)
    require(len(letters) >= 2, f"{sample.id} has {len(letters)} options; a choice needs two")
    require(
        LETTERS.startswith(letters),
        f"the options of {sample.id} must be lettered from A on without gaps, found {letters}",
    )
    require(
        sample.answer in sample.options,
        f"the gold of {sample.id} is {sample.answer!r}, which is none of its options {letters}",
    )
    empty = [letter for letter, text in sample.options.items() if not text.strip()]
    require(not empty, f"option {', '.join(empty)} of {sample.id} has no text")


def _check_left_closed(samples: Iterable[Sample], opened: set[str]) -> None:
    files = {str(Path(i.path).resolve()): s for s in samples for i in s.images if i.path}
    open_pictures = sorted(opened & files.keys())
    require(
        not open_pictures,
        "pictures are read when they are needed, not while iterating; found "
        f"{open_pictures[:1]} opened",
    )


def _check_pictures(sample: Sample) -> None:
    for image in sample.images:
        try:
            read_image(image)
        except DataError as error:
            raise AssertionError(f"a picture of {sample.id} cannot be shown: {error}") from error


def _comparable(row: Sample | Failure) -> Any:
    if isinstance(row, Failure):
        return row
    return row.model_dump(exclude={"images"}), [_picture(image) for image in row.images]


def _picture(image: ImageRef) -> Any:
    return image.path, image.sha256, image.data


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(arguments[0], str | bytes):
        path = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
        for opened in _watching:
            opened.add(str(Path(path).resolve()))


_hooked: list[bool] = []


@contextmanager
def _opened_files() -> Generator[set[str]]:
    """Collect the files that are opened; Python keeps a hook for good, so there is one."""
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked.append(True)
    opened: set[str] = set()
    _watching.append(opened)
    try:
        yield opened
    finally:
        _watching.remove(opened)
