"""Geometry3K (Lu et al. 2021, arXiv 2105.04165): diagrams with four numeric options.

Read from folders a problem, named by its number: `data.json` with `img_diagram.png` as published,
or `ex.json` with `image.png` as in the VisualSketchpad repository (tasks/geometry).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unswayed.benchmarks.base import FolderBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import field
from unswayed.benchmarks.sources.pictures import FETCH_AGAIN, NO_PICTURE, Pictures
from unswayed.errors import DataError
from unswayed.types import Sample

_DIAGRAMS = ("img_diagram.png", "image.png")


@dataclass(kw_only=True)
class Geometry3K(FolderBenchmark):
    """Geometry3K: problems about a diagram with four numeric options; read from folders.

    The category is the goal (Length, Angle, Area, Ratio). The problems come by their numbers.
    """

    PAPER = "Lu et al. 2021, arXiv 2105.04165"
    LICENCE = "see its page"
    SOURCE = "lupantech.github.io/inter-gps"
    FILES = ("data.json", "ex.json")

    name = "geometry3k"

    def _sample(self, row: tuple[Path, dict[str, Any]]) -> Sample:
        folder, problem = row
        images, key = Pictures(Path(self.path)).find(str(folder / self._diagram(folder)))
        goal: Any = problem.get("problem_type_goal", "")
        return choice_sample(
            id=f"{self.name}/{folder.name}",
            benchmark=self.name,
            images=images,
            question=str(field(problem, "problem_text")),
            options=parsing.from_value(field(problem, "choices")),
            gold=field(problem, "answer"),
            cluster=key,
            category="+".join(cast(list[str], goal)) if isinstance(goal, list) else str(goal),
            answer_as="letter",
        )

    def _diagram(self, folder: Path) -> str:
        for name in _DIAGRAMS:
            if (Path(self.path) / folder / name).is_file():
                return name
        names = " or ".join(_DIAGRAMS)
        raise DataError(f"{NO_PICTURE} {Path(self.path) / folder} named {names}; {FETCH_AGAIN}")
