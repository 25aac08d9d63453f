"""CV-Bench: counting, 2D relation, depth and distance in photos (2,638 questions).

Tong et al. 2024, *Cambrian-1: A Fully Open, Vision-Centric Exploration of Multimodal LLMs*
(arXiv 2406.16860). Hub: `nyu-visionx/CV-Bench`, split `test`, Apache-2.0; the photos keep the terms
of ADE20K, COCO and Omni3D. Golds are written "(C)", and a question has 2 to 6 options.

The official score weighs sources and not questions, mean(mean(ADE20K, COCO), Omni3D), so the
category of a sample is `TYPE/TASK/SOURCE`, such as `2D/Count/ADE20K`.
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
from unswayed.types import Sample


@dataclass(kw_only=True)
class CVBench(HubBenchmark[RawRow]):
    """CV-Bench: counting, 2D relations, depth and distance in photos.

    Questions about one photo form a cluster.

    Attributes:
        part: `all`, `2D` or `3D`.
    """

    PAPER = "Tong et al. 2024, arXiv 2406.16860"
    LICENCE = "Apache-2.0"
    HUB_ID = "nyu-visionx/CV-Bench"
    REVISION = "bc284db50d036958861cb60cdd7b77612052ce0d"
    ROWS: ClassVar = {"all": 2638, "2D": 1438, "3D": 1200}
    COLUMNS = ("idx", "type", "task", "question", "choices", "answer", "source")

    part: str = "all"

    def __post_init__(self) -> None:
        """Open the source; refuse a part that there is not."""
        self.rows = self.ROWS[choose("part", self.part, self.ROWS)]
        self.name = "cv-bench" if self.part == "all" else f"cv-bench/{self.part}"
        super().__post_init__()

    def _located(self) -> Iterator[tuple[str, RawRow | DataError]]:
        return self.source.keep(self._in_part)

    def _in_part(self, row: RawRow) -> bool:
        return self.part == "all" or row.get("type") == self.part

    def _sample(self, row: RawRow) -> Sample:
        id = f"{self.name}/{field(row, 'idx')}"
        photo = "/".join(filter(None, (text(row, "source_dataset"), text(row, "source_filename"))))
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(row, "image", "filename"),
            question=text(row, "question"),
            options=parsing.from_value(row["choices"]),
            gold=row["answer"],
            cluster=photo or text(row, "filename") or id,
            category="/".join(text(row, column) for column in ("type", "task", "source")),
            answer_as="letter",
        )
