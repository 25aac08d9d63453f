"""MMBench and CCBench: twenty abilities in multiple-choice questions, asked in rotated orders.

Liu et al. 2024, *MMBench: Is Your Multi-modal Model an All-around Player?* (ECCV 2024, arXiv
2307.06281). Hub: `lmms-lab/MMBench` (also under `lmms-lab-encoder`), configs `en`, `cn`, `cc`.
The authors' code is under Apache-2.0, and their hub page says CC BY 4.0; the photos keep the terms
of their sources.

An index of a million and more is a copy of the question `index % 1000000` with its options in
another order; a question counts in the official score only if all its copies are right. Absent
options and hints are the text "nan" in the files, which reaches no prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark, choose
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, field, text
from unswayed.errors import DataError
from unswayed.types import LETTERS, Sample

LANGUAGES = ("en", "cn", "cc")
SCORINGS = ("circular", "plain")
COPY = 1_000_000
"""Copies of a question are numbered up by this."""


@dataclass(kw_only=True)
class MMBench(HubBenchmark[RawRow]):
    """MMBench and CCBench: twenty abilities in multiple choice, asked in rotated orders.

    The copies of a question form a group and a cluster.

    Attributes:
        language: `en`, `cn`, or `cc` for CCBench.
        split: `dev`; CCBench has only `test`. The golds of MMBench's test split are not public.
        scoring: `circular` reads all copies, `plain` each question once.
    """

    PAPER = "Liu et al. 2024, arXiv 2307.06281"
    LICENCE = "CC BY 4.0"
    HUB_ID = "lmms-lab/MMBench"
    REVISION = "56ba1af8954932c4804bd3f522e05ed96e63b654"
    ROWS: ClassVar = {"en/dev": 4329, "cn/dev": 4329}  # with the copies
    COLUMNS = ("index", "question", "A", "B")

    language: str = "en"
    split: str = "dev"
    scoring: str = "circular"

    def __post_init__(self) -> None:
        """Open the source; refuse a language or scoring that there is not."""
        choose("language", self.language, LANGUAGES)
        circular = choose("scoring", self.scoring, SCORINGS) == "circular"
        self.name = f"mmbench/{self.language}-{self.split}"
        if circular:
            self.rows = self.ROWS.get(f"{self.language}/{self.split}")
        else:
            self.name += f"-{self.scoring}"
        self.source = self._open(self.language)

    def _located(self) -> Iterator[tuple[str, RawRow | DataError]]:
        return self.source.keep(self._in_scoring)

    def _in_scoring(self, row: RawRow) -> bool:
        return self.scoring == "circular" or _index(row) < COPY

    def _sample(self, row: RawRow) -> Sample:
        index = _index(row)
        if not text(row, "answer"):
            raise DataError(
                "expected a gold answer, found none: the golds of the test split are not public; "
                "read split=dev"
            )
        hint, question = text(row, "hint"), text(row, "question")
        return choice_sample(
            id=f"{self.name}/{index}",
            benchmark=self.name,
            images=self.source.find(row),
            question=f"{hint}\n{question}" if hint and question else question,
            options=parsing.from_columns({k: row[k] for k in LETTERS if k in row}),
            gold=row["answer"],
            cluster=str(index % COPY),
            group=str(index % COPY) if self.scoring == "circular" else None,
            category=text(row, "category"),
            answer_as="letter",
        )


def _index(row: RawRow) -> int:
    value = str(field(row, "index")).strip().removesuffix(".0")  # pandas writes gaps as floats
    if not (value.isascii() and value.isdigit()):
        raise DataError(f"expected a whole number as index, found {value[:40]!r}")
    return int(value)
