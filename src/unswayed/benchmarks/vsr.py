"""VSR, Visual Spatial Reasoning: is a sentence about two objects true of a COCO photo?

Liu, Emerson and Collier 2023, *Visual Spatial Reasoning* (TACL 11, arXiv 2205.00363); annotations
under the Apache License 2.0 (github.com/cambridgeltl/visual-spatial-reasoning). Read from the
official JSONL files, rows {image, caption, label 0 or 1, relation, …}. The cluster is the picture.
The data set has no options; the wording of the question is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from unswayed.benchmarks.base import FileBenchmark
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.annotations import Folder, numbered
from unswayed.benchmarks.sources.fields import RawRow, field, required, text
from unswayed.errors import DataError
from unswayed.types import Sample

OPTIONS = {"A": "True", "B": "False"}
_GOLD = {"1": "A", "0": "B"}


@dataclass(kw_only=True)
class VSR(FileBenchmark[tuple[int, RawRow]]):
    """VSR, Visual Spatial Reasoning: is a sentence about two objects true of a COCO photo?

    The category is the relation.

    Attributes:
        images: folder of the COCO pictures; the file's own if empty; `none` for no pictures.
    """

    PAPER = "Liu, Emerson and Collier 2023, arXiv 2205.00363"
    LICENCE = "Apache-2.0"
    SOURCE = "github.com/cambridgeltl/visual-spatial-reasoning"
    ROWS: ClassVar = {"zero-shot dev": 340}  # a file does not say which split it is

    name = "vsr"
    images: str = ""

    def __post_init__(self) -> None:
        """Look at the file."""
        super().__post_init__()
        self.folder = Folder.of(self.images, Path(self.path).parent)

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        return numbered(self._file_rows())

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        image = required(field(cells, "image"), "a picture")
        caption = required(field(cells, "caption"), "a caption")
        label = str(field(cells, "label")).strip()
        if label not in _GOLD:
            raise DataError(f"expected 0 or 1 as label, found {label[:40]!r}")
        return choice_sample(
            id=f"{self.name}/{number}",
            benchmark=self.name,
            images=self.folder.find(image),
            question=f'Is the following statement about the image true or false? "{caption}"',
            options=dict(OPTIONS),
            gold=_GOLD[label],
            cluster=image,
            category=text(cells, "relation"),
            answer_as="letter",
        )
