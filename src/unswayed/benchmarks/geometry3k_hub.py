"""Geometry3K on the hub: with a free answer as used for training, and with four options.

Lu et al. 2021, *Inter-GPS: Interpretable Geometry Problem Solving with Formal Language and Symbolic
Reasoning* (ACL 2021, arXiv 2105.04165). `hiyouga/geometry3k`: columns images, problem
("<image>Find x.") and answer (free text, sometimes LaTeX), splits train, validation and test.
`Yang130/geometry3k_4choices_mixed`: images, problem, choices (4) and ground_truth,
split test; read its card for the licence. The first is under the MIT licence. Rows name no picture:
the cluster is the row.

A free answer is compared as text, and another way to write the same number is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.parse.open_samples import open_sample
from unswayed.benchmarks.sources.annotations import numbered
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import HubRows, text
from unswayed.benchmarks.sources.rows import Row
from unswayed.types import Failure, Sample

ROWS = {"train": 2101, "validation": 300, "test": 601}
"""Rows of the splits of the copy with free answers, as of the official folders."""

_PLACEHOLDER = "<image>"
_LETTER = re.compile(r"\(?[A-D]\)?\.?")


class Geometry3KText:
    """Problems with a free answer."""

    name = "geometry3k-text"

    def __init__(
        self,
        path: str = "",
        *,
        split: str = "test",
        images: str = "",
        revision: str = "",
        hub_id: str = "hiyouga/geometry3k",
    ) -> None:
        """Say what to read, and from where.

        Args:
            path: the Parquet files as downloaded; empty to fetch them from the hub.
            split: split.
            images: `none` for no pictures.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.
            hub_id: name on the hub.

        Raises:
            DataError: the path holds no file of the split.
        """
        columns = ("problem", "answer")
        self.source = HubRows(hub_id, split, None, revision, path, images, ("images",), columns)
        self.source.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every problem as a sample, or as the failure that it is."""
        return collect(self.name, numbered(self.source), lambda pair: self._sample(*pair))

    def _sample(self, number: int, row: Row) -> Sample:
        id = f"{self.name}/{self.source.split}-{number}"
        return open_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(row),
            question=text(row, "problem").replace(_PLACEHOLDER, ""),
            answer=text(row, "answer"),
            kind="text",
            cluster=id,
        )


class Geometry3KChoices:
    """Problems with four options."""

    name = "geometry3k-choices"

    def __init__(
        self,
        path: str = "",
        *,
        split: str = "test",
        images: str = "",
        revision: str = "",
        hub_id: str = "Yang130/geometry3k_4choices_mixed",
    ) -> None:
        """Say what to read, and from where.

        Args:
            path: the Parquet files as downloaded; empty to fetch them from the hub.
            split: split.
            images: `none` for no pictures.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.
            hub_id: name on the hub.

        Raises:
            DataError: the path holds no file of the split.
        """
        columns = ("problem", "choices", "ground_truth")
        self.source = HubRows(hub_id, split, None, revision, path, images, ("images",), columns)
        self.source.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every problem as a sample, or as the failure that it is."""
        return collect(self.name, numbered(self.source), lambda pair: self._sample(*pair))

    def _sample(self, number: int, row: Row) -> Sample:
        id, gold = f"{self.name}/{self.source.split}-{number}", text(row, "ground_truth")
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(row),
            question=text(row, "problem").replace(_PLACEHOLDER, ""),
            options=parsing.from_value(field(row, "choices")),
            gold=gold,
            cluster=id,
            answer_as="letter" if _LETTER.fullmatch(gold) else "text",
        )
