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
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import HubRows, choose, text
from unswayed.benchmarks.sources.rows import Row
from unswayed.errors import DataError
from unswayed.types import LETTERS, Failure, Sample

ROWS = {"en/dev": 4329, "cn/dev": 4329}
"""Rows with their copies, where the number is known."""

LANGUAGES = ("en", "cn", "cc")
SCORINGS = ("circular", "plain")
COPY = 1_000_000
"""Copies of a question are numbered up by this."""

_COLUMNS = ("index", "question", "A", "B")


class MMBench:
    """Questions of MMBench; the copies of one form a group and a cluster."""

    def __init__(
        self,
        path: str = "",
        *,
        language: str = "en",
        split: str = "dev",
        scoring: str = "circular",
        images: str = "",
        revision: str = "",
        hub_id: str = "lmms-lab/MMBench",
    ) -> None:
        """Say what to read, and from where.

        Args:
            path: the files as downloaded (Parquet, or the TSV with pictures in base64); empty to
                fetch them from the hub.
            language: `en`, `cn`, or `cc` for CCBench.
            split: `dev`; CCBench has only `test`. The golds of MMBench's test split are not public.
            scoring: `circular` reads all copies, `plain` each question once.
            images: folder of the pictures where rows name them; `none` for no pictures.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.
            hub_id: name on the hub.

        Raises:
            DataError: the path holds no such files.
            ConfigError: there is no such language or scoring.
        """
        config = choose("language", language, LANGUAGES)
        self.scoring = choose("scoring", scoring, SCORINGS)
        self.name = f"mmbench/{language}-{split}" + ("" if scoring == "circular" else f"-{scoring}")
        self.source = HubRows(
            hub_id, split, config, revision, path, images, pictures=("image",), columns=_COLUMNS
        )
        self.source.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every row as a sample, or as the failure that it is."""
        return collect(self.name, self.source.keep(self._asked), self._sample)

    def _asked(self, row: Row) -> bool:
        return self.scoring == "circular" or _index(row) < COPY

    def _sample(self, row: Row) -> Sample:
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


def _index(row: Row) -> int:
    value = str(field(row, "index")).strip().removesuffix(".0")  # pandas writes gaps as floats
    if not (value.isascii() and value.isdigit()):
        raise DataError(f"expected a whole number as index, found {value[:40]!r}")
    return int(value)
