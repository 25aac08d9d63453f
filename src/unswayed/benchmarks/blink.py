"""BLINK (Fu et al. 2024, arXiv 2404.12390), as folders of a request and its pictures.

The layout is that of the VisualSketchpad repository (tasks/blink_*): a folder a question, with
`request.json` {query, images, answer} and the pictures beside it. The query holds an `<img>` tag
for each picture, the question, and the options as "(A) …" lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources import folders, provenance
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

_TAG = re.compile(r"<img\b[^>]*>")
_TASK = re.compile(r"(?:val_|test_)?(.+?)(?:_\d+)?")


class Blink:
    """Questions of BLINK in the order of the folders; the category is the task."""

    name = "blink"

    def __init__(self, path: str) -> None:
        """Name the folder; all `request.json` files below it are read.

        Raises:
            DataError: there are none.
        """
        self.root = Path(path)
        folders.find(self.root, ["request.json"])

    def provenance(self) -> dict[str, Any]:
        """Return which files were read, with their digest."""
        return provenance.of_files(folders.find(self.root, ["request.json"]))

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every question as a sample, or as the failure that it is."""
        rows = folders.read(self.root, ["request.json"])
        return collect(self.name, rows, lambda row: self._sample(*row))

    def _sample(self, folder: Path, request: dict[str, Any]) -> Sample:
        query = str(folders.field(request, "query"))
        question, options = parsing.from_text(_TAG.sub("", query))
        if not options:
            raise DataError(f"expected options as (A) … at the end of the query: {query[-80:]!r}")
        # The recorded paths are those of another checkout; the pictures lie beside the request.
        names = [Path(str(image)).name for image in folders.field(request, "images")]
        pictures = [str(folder / name) for name in names]
        images, key = Pictures(self.root).find(pictures)
        task = _TASK.fullmatch(folder.name)
        return choice_sample(
            id=f"{self.name}/{folder.name}",
            benchmark=self.name,
            images=images,
            question=question,
            options=options,
            gold=folders.field(request, "answer"),
            cluster=key,
            category=task[1] if task else "",
            answer_as="letter",
        )
