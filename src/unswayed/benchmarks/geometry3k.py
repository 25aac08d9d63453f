"""Geometry3K (Lu et al. 2021, arXiv 2105.04165): diagrams with four numeric options.

Read from folders a problem, named by its number: `data.json` with `img_diagram.png` as published,
or `ex.json` with `image.png` as in the VisualSketchpad repository (tasks/geometry).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.sources import folders, provenance
from unswayed.benchmarks.sources.pictures import FETCH_AGAIN, NO_PICTURE, Pictures
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

_FILES = ("data.json", "ex.json")
_DIAGRAMS = ("img_diagram.png", "image.png")


class Geometry3K:
    """Problems of Geometry3K by number; the category is the goal (Length, Angle, Area, Ratio)."""

    name = "geometry3k"

    def __init__(self, path: str) -> None:
        """Name the folder; all problems below it are read.

        Raises:
            DataError: there are none.
        """
        self.root = Path(path)
        folders.find(self.root, _FILES)

    def provenance(self) -> dict[str, Any]:
        """Return which files were read, with their digest."""
        return provenance.of_files(folders.find(self.root, _FILES))

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every problem as a sample, or as the failure that it is."""
        rows = folders.read(self.root, _FILES)
        return collect(self.name, rows, lambda row: self._sample(*row))

    def _sample(self, folder: Path, problem: dict[str, Any]) -> Sample:
        images, key = Pictures(self.root).find(str(folder / self._diagram(folder)))
        goal: Any = problem.get("problem_type_goal", "")
        return choice_sample(
            id=f"{self.name}/{folder.name}",
            benchmark=self.name,
            images=images,
            question=str(folders.field(problem, "problem_text")),
            options=parsing.from_value(folders.field(problem, "choices")),
            gold=folders.field(problem, "answer"),
            cluster=key,
            category="+".join(cast(list[str], goal)) if isinstance(goal, list) else str(goal),
            answer_as="letter",
        )

    def _diagram(self, folder: Path) -> str:
        for name in _DIAGRAMS:
            if (self.root / folder / name).is_file():
                return name
        names = " or ".join(_DIAGRAMS)
        raise DataError(f"{NO_PICTURE} {self.root / folder} named {names}; {FETCH_AGAIN}")
