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
from functools import cached_property
from pathlib import Path
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.answer_pool import AnswerPool
from unswayed.benchmarks.parse.gold import AnswerAs, check_answer_as
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.parse.open_samples import open_sample
from unswayed.benchmarks.parse.shuffling import check_seed
from unswayed.benchmarks.sources import provenance, rows
from unswayed.benchmarks.sources.annotations import Folder, required
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import choose, text
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

ROWS = {"one-obj": 502, "two-obj": 1074, "multihop": 309}
"""Rows of every subset."""

_NAMES = {"one_obj": "one-obj", "two_obj": "two-obj", "multihop": "multihop"}


class SpatialMM:
    """Questions of one subset in the order of the file; multihop's category is the hops."""

    def __init__(
        self,
        path: str,
        *,
        subset: str = "",
        images: str = "",
        kind: str = "choice",
        seed: int = 0,
        answer_as: str = "auto",
    ) -> None:
        """Name the file.

        Args:
            path: official JSON file.
            subset: `one-obj`, `two-obj` or `multihop`; told by the file's name if empty.
            images: folder of the pictures; the file's own if empty; `none` for no pictures.
            kind: `choice`, or `text` for the free answers of multihop.
            seed: seed of the options of multihop.
            answer_as: what counts of a gold whose letter and text name different options:
                `letter` or `text`; with `auto` such a row is a failure.

        Raises:
            ConfigError: an option is not as it must be.
            DataError: the file is missing or empty.
        """
        self.path = Path(path)
        rows.check(self.path)
        self.subset = choose("subset", subset or _subset(self.path), ROWS)
        kinds = ("choice", "text") if self.subset == "multihop" else ("choice",)
        self.kind = choose("kind", kind, kinds)
        self.name = f"spatial-mm-{self.subset}"
        self.seed = check_seed(seed)
        self.answer_as: AnswerAs = check_answer_as(answer_as)
        self.folder = Folder.of(images, self.path.parent)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self.path])

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every question as a sample, or as the failure that it is."""
        located = (
            (f"{self.path.name}:{number}", row if isinstance(row, DataError) else (number, row))
            for number, row in rows.read(self.path)
        )
        return collect(self.name, located, lambda pair: self._sample(*pair))

    def _sample(self, number: int, row: rows.Row) -> Sample:
        id, image = f"{self.name}/{number}", required(field(row, "image_name"), "a picture")
        question = required(field(row, "question"), "a question")
        answer = required(field(row, "answer"), "an answer")
        images = self.folder.find(image)
        hops = f"{text(row, 'hop')}-hop" if text(row, "hop") else ""
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
        answer_as = self.answer_as
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
        whole = (row for _, row in rows.read(self.path) if not isinstance(row, DataError))
        answered = (row for row in whole if isinstance(row.get("answer"), str | int | float))
        return AnswerPool.of((text(row, "question"), text(row, "answer")) for row in answered)


def _subset(path: Path) -> str:
    """Tell the subset by the file's name; the name itself where it is none of the official ones."""
    return next((subset for name, subset in _NAMES.items() if name in path.name), path.name)
