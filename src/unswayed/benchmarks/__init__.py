"""Benchmarks: questions about pictures, one file per benchmark.

`scenes` draws its own, `file` reads your own, the others read a published folder as it is, and
`replay` reads questions with outputs that were recorded elsewhere. A benchmark is any object with
what `Benchmark` names; name your own as `my_file.py:MyBenchmark`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from unswayed.types import Failure, Sample


class Benchmark(Protocol):
    """What the pipeline asks of a benchmark.

    Iterating yields the samples in a fixed order and may be done again from the start. It reads
    no picture that lies in a file of its own, and holds one row at a time (and a digest of every
    id, to find duplicates). A row that cannot be used comes as a `Failure` of the stage `load`;
    a benchmark that cannot be used at all raises `unswayed.errors.DataError`.

    A benchmark may also have `provenance()`, which returns a JSON object that says which data was
    read: digests of files, or the commit on the hub. It is asked after the last row, and the
    answer is kept in `run.json`. It may have `rows`, the number of rows that there should be with
    its options, which `unswayed data check` compares with what it finds.
    """

    name: str

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every row as a sample, or as the failure that it is."""
        ...
