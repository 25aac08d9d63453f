"""BLINK (Fu et al. 2024, arXiv 2404.12390), as folders of a request and its pictures.

The layout is that of the VisualSketchpad repository (tasks/blink_*): a folder a question, with
`request.json` {query, images, answer} and the pictures beside it. The query holds an `<img>` tag
for each picture, the question, and the options as "(A) …" lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.benchmarks.base import FolderBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import field
from unswayed.benchmarks.sources.pictures import Pictures
from unswayed.errors import DataError
from unswayed.types import Sample

_TAG = re.compile(r"<img\b[^>]*>")
_TASK = re.compile(r"(?:val_|test_)?(.+?)(?:_\d+)?")


@dataclass(kw_only=True)
class Blink(FolderBenchmark):
    """BLINK: what people see at a glance; read from folders of a request and its pictures.

    The category is the task. The questions come in the order of the folders.
    """

    PAPER = "Fu et al. 2024, arXiv 2404.12390"
    LICENCE = "Apache-2.0"
    SOURCE = "github.com/Yushi-Hu/VisualSketchpad"
    FILES = ("request.json",)

    name = "blink"

    def _sample(self, row: tuple[Path, dict[str, Any]]) -> Sample:
        folder, request = row
        query = str(field(request, "query"))
        question, options = parsing.from_text(_TAG.sub("", query))
        if not options:
            raise DataError(f"expected options as (A) … at the end of the query: {query[-80:]!r}")
        # The recorded paths are those of another checkout; the pictures lie beside the request.
        names = [Path(str(image)).name for image in field(request, "images")]
        pictures = [str(folder / name) for name in names]
        images, key = Pictures(Path(self.path)).find(pictures)
        task = _TASK.fullmatch(folder.name)
        return choice_sample(
            id=f"{self.name}/{folder.name}",
            benchmark=self.name,
            images=images,
            question=question,
            options=options,
            gold=field(request, "answer"),
            cluster=key,
            category=task[1] if task else "",
            answer_as="letter",
        )
