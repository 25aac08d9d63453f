"""NLVR (Suhr et al. 2017): is a sentence about synthetic shapes true of the picture?

Read from JSONL rows {sentence, label, identifier, images} with the pictures beside the file. The
published data set has no options; the wording of the question is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources import provenance, rows
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

OPTIONS = {"A": "True", "B": "False"}


class Nlvr:
    """Statements of NLVR in the order of the file.

    An identifier is `SENTENCE-PICTURE`: a sentence was written for several pictures that were
    drawn together, so rows that share its first part are not independent and form a cluster.
    """

    name = "nlvr"

    def __init__(self, path: str) -> None:
        """Name the JSONL file.

        Raises:
            DataError: it is missing or empty.
        """
        self.path = Path(path)
        rows.check(self.path)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self.path])

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every statement as a sample, or as the failure that it is."""
        located = ((f"{self.path.name}:{number}", row) for number, row in rows.read(self.path))
        return collect(self.name, located, self._sample)

    def _sample(self, row: rows.Row) -> Sample:
        identifier = str(field(row, "identifier"))
        sentence = str(field(row, "sentence")).strip()
        if not sentence:
            raise DataError("expected a sentence, found an empty one")
        images, _ = Pictures(self.path.parent).find(field(row, "images"))
        return choice_sample(
            id=f"{self.name}/{identifier}",
            benchmark=self.name,
            images=images,
            question=f'Is the following statement about the image true or false? "{sentence}"',
            options=dict(OPTIONS),
            gold=field(row, "label"),
            cluster=identifier.partition("-")[0],
            answer_as="text",
        )
