"""CV-Bench: counting, 2D relation, depth and distance in photos (2,638 questions).

Tong et al. 2024, *Cambrian-1: A Fully Open, Vision-Centric Exploration of Multimodal LLMs*
(arXiv 2406.16860). Hub: `nyu-visionx/CV-Bench`, split `test`, Apache-2.0; the photos keep the terms
of ADE20K, COCO and Omni3D. Golds are written "(C)", and a question has 2 to 6 options.

The official score weighs sources and not questions, mean(mean(ADE20K, COCO), Omni3D), so the
category of a sample is `TYPE/TASK/SOURCE`, such as `2D/Count/ADE20K`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import HubRows, choose, text
from unswayed.benchmarks.sources.rows import Row
from unswayed.types import Failure, Sample

ROWS = {"all": 2638, "2D": 1438, "3D": 1200}
"""Questions of each part."""

_COLUMNS = ("idx", "type", "task", "question", "choices", "answer", "source")


class CVBench:
    """Questions of CV-Bench in their order; those about one photo form a cluster."""

    def __init__(
        self,
        path: str = "",
        *,
        part: str = "all",
        images: str = "",
        split: str = "test",
        revision: str = "",
    ) -> None:
        """Say what to read, and from where.

        Args:
            path: the files as downloaded; empty to fetch them from the hub.
            part: `all`, `2D` or `3D`.
            images: folder that holds `img/…`, where the files have no pictures; `none` for the
                questions without them.
            split: split on the hub.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.

        Raises:
            DataError: the path holds no such files.
            ConfigError: there is no such part.
        """
        self.part = choose("part", part, ROWS)
        self.name = "cv-bench" if part == "all" else f"cv-bench/{part}"
        self.source = HubRows(
            "nyu-visionx/CV-Bench", split, revision=revision, path=path, images=images,
            pictures=("image",), columns=_COLUMNS,
        )  # fmt: skip
        self.source.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every question as a sample, or as the failure that it is."""
        return collect(self.name, self.source.keep(self._asked), self._sample)

    def _asked(self, row: Row) -> bool:
        return self.part == "all" or row.get("type") == self.part

    def _sample(self, row: Row) -> Sample:
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
