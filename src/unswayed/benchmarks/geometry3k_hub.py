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
from dataclasses import dataclass
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.open_samples import open_sample
from unswayed.benchmarks.sources.annotations import numbered
from unswayed.benchmarks.sources.fields import RawRow, field, text
from unswayed.errors import DataError
from unswayed.types import Sample

_PLACEHOLDER = "<image>"
_LETTER = re.compile(r"\(?[A-D]\)?\.?")


@dataclass(kw_only=True)
class Geometry3KText(HubBenchmark[tuple[int, RawRow]]):
    """Geometry3K with free answers: problems about a diagram.

    Attributes:
        images: `none` for no pictures.
    """

    PAPER = "Lu et al. 2021, arXiv 2105.04165"
    LICENCE = "MIT"
    HUB_ID = "hiyouga/geometry3k"
    ROWS: ClassVar = {"train": 2101, "validation": 300, "test": 601}
    PICTURES = ("images",)
    COLUMNS = ("problem", "answer")

    name = "geometry3k-text"

    def __post_init__(self) -> None:
        """Open the source."""
        self.rows = self.ROWS.get(self.split)
        super().__post_init__()

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        return numbered(self.source)

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        id = f"{self.name}/{self.split}-{number}"
        return open_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(cells),
            question=text(cells, "problem").replace(_PLACEHOLDER, ""),
            answer=text(cells, "answer"),
            kind="text",
            cluster=id,
        )


@dataclass(kw_only=True)
class Geometry3KChoices(HubBenchmark[tuple[int, RawRow]]):
    """Geometry3K with four options: problems about a diagram, from the hub.

    Attributes:
        images: `none` for no pictures.
    """

    PAPER = Geometry3KText.PAPER
    LICENCE = "see its card"
    HUB_ID = "Yang130/geometry3k_4choices_mixed"
    PICTURES = ("images",)
    COLUMNS = ("problem", "choices", "ground_truth")

    name = "geometry3k-choices"

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        return numbered(self.source)

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        id, gold = f"{self.name}/{self.split}-{number}", text(cells, "ground_truth")
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(cells),
            question=text(cells, "problem").replace(_PLACEHOLDER, ""),
            options=parsing.from_value(field(cells, "choices")),
            gold=gold,
            cluster=id,
            answer_as="letter" if _LETTER.fullmatch(gold) else "text",
        )
