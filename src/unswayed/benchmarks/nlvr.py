"""NLVR (Suhr et al. 2017): is a sentence about synthetic shapes true of the picture?

Read from JSONL rows {sentence, label, identifier, images} with the pictures beside the file. The
published data set has no options; the wording of the question is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unswayed.benchmarks.base import FileBenchmark
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, field
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.errors import DataError
from unswayed.types import Sample

OPTIONS = {"A": "True", "B": "False"}


@dataclass(kw_only=True)
class Nlvr(FileBenchmark[RawRow]):
    """NLVR: is a sentence about synthetic shapes true of the picture?

    An identifier is `SENTENCE-PICTURE`: a sentence was written for several pictures that were
    drawn together, so rows that share its first part are not independent and form a cluster.
    """

    PAPER = "Suhr et al. 2017"
    LICENCE = "see its repository"
    SOURCE = "github.com/lil-lab/nlvr"

    name = "nlvr"

    def _located(self) -> Iterator[tuple[str, RawRow | DataError]]:
        return self._file_rows()

    def _sample(self, row: RawRow) -> Sample:
        identifier = str(field(row, "identifier"))
        sentence = str(field(row, "sentence")).strip()
        if not sentence:
            raise DataError("expected a sentence, found an empty one")
        images, _ = Pictures(Path(self.path).parent).find(field(row, "images"))
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
