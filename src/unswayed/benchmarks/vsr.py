"""VSR, Visual Spatial Reasoning: is a sentence about two objects true of a COCO photo?

Liu, Emerson and Collier 2023, *Visual Spatial Reasoning* (TACL 11, arXiv 2205.00363); annotations
under the Apache License 2.0 (github.com/cambridgeltl/visual-spatial-reasoning). Read from the
official JSONL files, rows {image, caption, label 0 or 1, relation, …}. The cluster is the picture.
The data set has no options; the wording of the question is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources import provenance, rows
from unswayed.benchmarks.sources.annotations import Folder, numbered, required
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import text
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

ROWS = {"dev": 340}
"""Rows counted in the official zero-shot split."""

OPTIONS = {"A": "True", "B": "False"}
_GOLD = {"1": "A", "0": "B"}


class VSR:
    """Statements in the order of the file; the category is the relation."""

    name = "vsr"

    def __init__(self, path: str, *, images: str = "") -> None:
        """Name the JSONL file.

        Args:
            path: official JSONL file of a split.
            images: folder of the COCO pictures; the file's own if empty; `none` for no pictures.

        Raises:
            DataError: it is missing or empty.
        """
        self.path = Path(path)
        rows.check(self.path)
        self.folder = Folder.of(images, self.path.parent)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self.path])

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every statement as a sample, or as the failure that it is."""
        located = ((f"{self.path.name}:{number}", row) for number, row in rows.read(self.path))
        return collect(self.name, numbered(located), lambda pair: self._sample(*pair))

    def _sample(self, number: int, row: rows.Row) -> Sample:
        image = required(field(row, "image"), "a picture")
        caption = required(field(row, "caption"), "a caption")
        label = str(field(row, "label")).strip()
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
            category=text(row, "relation"),
            answer_as="letter",
        )
