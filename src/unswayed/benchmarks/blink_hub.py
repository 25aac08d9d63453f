"""BLINK (Fu et al. 2024, ECCV 2024, arXiv 2404.12390), as its authors publish it on the hub.

Hub: `BLINK-Benchmark/BLINK`, a configuration a task, splits `val` and `test`, Apache-2.0; the
pictures keep the terms of their sources. A row has up to four pictures, `choices` without letters,
a gold "(A)", and a `prompt` that says more than its `question` (which points are circled, which
picture is which). The golds of `test` are hidden.

The ids are those of the benchmark `blink`, which reads the same questions from folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from unswayed.benchmarks.base import HubOptions
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, is_absent, text
from unswayed.benchmarks.sources.hub import NO_PICTURES
from unswayed.errors import ConfigError, DataError
from unswayed.types import ImageRef, Sample

TASKS = (
    "Art_Style", "Counting", "Forensic_Detection", "Functional_Correspondence", "IQ_Test",
    "Jigsaw", "Multi-view_Reasoning", "Object_Localization", "Relative_Depth",
    "Relative_Reflectance", "Semantic_Correspondence", "Spatial_Relation",
    "Visual_Correspondence", "Visual_Similarity",
)  # fmt: skip

_LEAD_IN = re.compile(
    r"\s*select (?:from|between) the following (?:choices|options)[.:]?\s*\Z", re.I
)


@dataclass(kw_only=True)
class BlinkHub(HubOptions[tuple[str, RawRow]]):
    """BLINK: what people see at a glance, in fourteen tasks; read from the hub.

    The category is the task.

    Attributes:
        path: folder of the data set as downloaded, or one Parquet file of one task; empty to fetch
            it from the hub.
        tasks: tasks joined with `+`, or `all`.
        split: `val`; the golds of `test` are not public.
        images: `none` for no pictures.
    """

    PAPER = "Fu et al. 2024, arXiv 2404.12390"
    LICENCE = "Apache-2.0"
    HUB_ID = "BLINK-Benchmark/BLINK"
    REVISION = "cbb5717ea541ba92bbf9a63b99972493a1a133b8"
    ROWS: ClassVar = {"Spatial_Relation": 143, "Relative_Depth": 124}  # of the split `val`
    PICTURES = ("image_1", "image_2", "image_3", "image_4")
    COLUMNS = ("idx", "question", "choices", "answer")

    name = "blink"
    tasks: str = "Spatial_Relation+Relative_Depth"
    split: str = "val"

    def __post_init__(self) -> None:
        """Open the source of every task; refuse a task that there is not."""
        tasks = _tasks(self.tasks)
        self.sources = {task: self._open(task) for task in tasks}
        if self.split == "val" and self.ROWS.keys() >= set(tasks):
            self.rows = sum(self.ROWS[task] for task in tasks)

    def provenance(self) -> dict[str, Any]:
        """Return which data was read of every task; of a data set on the hub, the commit."""
        return {task: source.provenance() for task, source in self.sources.items()}

    def _located(self) -> Iterator[tuple[str, tuple[str, RawRow] | DataError]]:
        for task, source in self.sources.items():
            for where, row in source:
                yield where, row if isinstance(row, DataError) else (task, row)

    def _sample(self, row: tuple[str, RawRow]) -> Sample:
        task, cells = row
        id, answer = text(cells, "idx"), text(cells, "answer")
        if answer.lower() in ("", "hidden"):
            raise DataError("the gold is hidden: those of the test split are not public")
        if text(cells, "sub_task") not in ("", task):
            raise DataError(f"expected a question of {task}, found one of {cells['sub_task']}")
        options = parsing.from_value(cells["choices"])
        return choice_sample(
            id=f"{self.name}/{id}",
            benchmark=self.name,
            images=self._images(task, cells),
            question=question(cells, options["A"]),
            options=options,
            gold=answer,
            cluster=id,
            category=task,
            answer_as="letter",
        )

    def _images(self, task: str, row: RawRow) -> tuple[ImageRef, ...]:
        source = self.sources[task]
        if source.images == NO_PICTURES:
            return ()
        present = [c for c in self.PICTURES if row.get(c) and not is_absent(row[c])]
        images = tuple(chain.from_iterable(source.find(row, column) for column in present))
        return images or source.find(row)


def question(row: RawRow, first: str) -> str:
    """Return the row's prompt up to its options, or its question if the prompt has none."""
    prompt = text(row, "prompt")
    start = prompt.rfind(f"(A) {first}")
    return _LEAD_IN.sub("", prompt[:start]).strip() if start > 0 else text(row, "question")


def _tasks(tasks: str) -> tuple[str, ...]:
    chosen = TASKS if tasks == "all" else tuple(tasks.split("+"))
    for task in chosen:
        if task not in TASKS:
            raise ConfigError(f"expected tasks of {', '.join(TASKS)}; found {task!r}")
    return chosen
