"""Spatial-MM: where things are, seen from the camera or by a person in the photo.

Shiri et al. 2024, *An Empirical Analysis on Spatial Reasoning Capabilities of Large Multimodal
Models* (EMNLP 2024, arXiv 2411.06048). Read from the JSON lists of github.com/FatemehShiri/
Spatial-MM, which names no licence: ask its authors before you pass the data on. The pictures come
separately. The cluster is the picture. Rows have no ids: they are numbered.

one-obj and two-obj hold the options in the question (lines such as "A. left") and a gold such as
"D. upwards". multihop has free answers. By default it becomes multiple choice, with options of
ours: yes and no for such answers, and otherwise up to three answers of other rows, drawn by `seed`
and the sample's id from questions that begin with the same word where there are enough; one that
shares a word with the gold is never drawn. The options are in every record of a run, so they are
published with it. `kind=text` compares the answer as text instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from unswayed.benchmarks.base import FileBenchmark, choose
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.answer_pool import AnswerPool
from unswayed.benchmarks.parse.gold import check_answer_as
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.open_samples import open_sample
from unswayed.benchmarks.parse.shuffling import check_seed
from unswayed.benchmarks.sources.annotations import Folder
from unswayed.benchmarks.sources.fields import RawRow, required, text
from unswayed.benchmarks.sources.fields import field as cell
from unswayed.errors import DataError
from unswayed.types import Sample

_NAMES = {"one_obj": "one-obj", "two_obj": "two-obj", "multihop": "multihop"}


@dataclass(kw_only=True)
class SpatialMM(FileBenchmark[tuple[int, RawRow]]):
    """Spatial-MM: where things are, seen from the camera or by a person in the photo.

    The category of multihop is the number of hops.

    Attributes:
        path: official JSON file.
        subset: `one-obj`, `two-obj` or `multihop`; told by the file's name if empty.
        images: folder of the pictures; the file's own if empty; `none` for no pictures.
        kind: `choice`, or `text` for the free answers of multihop.
        seed: seed of the options of multihop.
        answer_as: what counts of a gold whose letter and text name different options: `letter` or
            `text`; with `auto` such a row is a failure.
    """

    PAPER = "Shiri et al. 2024, arXiv 2411.06048"
    LICENCE = "none stated"
    SOURCE = "github.com/FatemehShiri/Spatial-MM"
    ROWS: ClassVar = {"one-obj": 502, "two-obj": 1074, "multihop": 309}

    subset: str = ""
    images: str = ""
    kind: str = "choice"
    seed: int = 0
    answer_as: str = "auto"

    def __post_init__(self) -> None:
        """Look at the file; refuse an option that is not as it must be."""
        super().__post_init__()
        path = Path(self.path)
        self.subset = choose("subset", self.subset or _subset(path), self.ROWS)
        kinds = ("choice", "text") if self.subset == "multihop" else ("choice",)
        choose("kind", self.kind, kinds)
        self.name = f"spatial-mm-{self.subset}"
        self.rows = self.ROWS[self.subset]
        check_seed(self.seed)
        check_answer_as(self.answer_as)
        self.folder = Folder.of(self.images, path.parent)

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        for where, row in self._file_rows():
            number = int(where.rpartition(":")[2])
            yield where, row if isinstance(row, DataError) else (number, row)

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        id, image = f"{self.name}/{number}", required(cell(cells, "image_name"), "a picture")
        question = required(cell(cells, "question"), "a question")
        answer = required(cell(cells, "answer"), "an answer")
        images = self.folder.find(image)
        hops = f"{text(cells, 'hop')}-hop" if text(cells, "hop") else ""
        if self.kind == "text":
            return open_sample(
                id=id,
                benchmark=self.name,
                images=images,
                question=question,
                answer=answer,
                kind="text",
                cluster=image,
                category=hops,
            )
        answer_as = check_answer_as(self.answer_as)
        if self.subset == "multihop":
            options, answer = self._pool.options(question, answer, id, self.seed)
            answer_as = "letter"
        else:
            question, options = parsing.from_text(question)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=images,
            question=question,
            options=options,
            gold=answer,
            cluster=image,
            category=hops,
            answer_as=answer_as,
        )

    @cached_property
    def _pool(self) -> AnswerPool:
        whole = (row for _, row in self._file_rows() if not isinstance(row, DataError))
        answered = (row for row in whole if isinstance(row.get("answer"), str | int | float))
        return AnswerPool.of((text(row, "question"), text(row, "answer")) for row in answered)


def _subset(path: Path) -> str:
    """Tell the subset by the file's name; the name itself where it is none of the official ones."""
    return next((subset for name, subset in _NAMES.items() if name in path.name), path.name)
