"""MME-RealWorld-Lite: high-resolution photos from five fields of use (1,919 questions).

Zhang et al. 2024, *MME-RealWorld: Could Your Multimodal LLM Challenge High-Resolution Real-World
Scenarios that are Difficult for Humans?* (arXiv 2408.13257). The hub pages of the lite set name no
licence (that of the whole set says Apache-2.0); the photos keep the terms of their sources.

Three forms are read: the official JSON (`yifanzhang114/MME-RealWorld-Lite`, pictures in a folder),
the hub copy `yifanzhang114/MME-RealWorld-lite-lmms-eval`, whose only split is called `train`, and
the TSV of VLMEvalKit, whose options are a Python list written as text. The fifth option says that
the picture does not show what is asked for; it is an option like the others.

All forms give the same questions. Some rows bear the id of an earlier one (137 of the official
JSON): the official scores count them, so they stay, their ids numbered. Questions about one picture
form a cluster, by the picture's name in the JSON and by its content in the other forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, text
from unswayed.benchmarks.sources.pictures import key_of
from unswayed.errors import DataError
from unswayed.run.files import content_hash
from unswayed.types import LETTERS, ImageRef, Sample

_IDS = ("Question_id", "index")
_QUESTIONS = ("Text", "question")
_OPTIONS = ("Answer choices", "multi-choice options")
_GOLDS = ("Ground truth", "answer")
_LONGEST_NAME = 1000
"""Characters; longer cells hold the picture itself, in base64."""
_CATEGORIES = (("Task", "Subtask", "Category"), ("category", "l2-category"))


@dataclass(frozen=True)
class CountedRow:
    """A row, and how many rows with its id came before it."""

    row: RawRow
    repeats: int


@dataclass(kw_only=True)
class MMERealWorldLite(HubBenchmark[CountedRow]):
    """MME-RealWorld-Lite: high-resolution photos from five fields of use.

    The category is the official one. Questions about one picture form a cluster.
    """

    PAPER = "Zhang et al. 2024, arXiv 2408.13257"
    LICENCE = "none stated"
    HUB_ID = "yifanzhang114/MME-RealWorld-lite-lmms-eval"
    REVISION = "a9aa36effbfd7bd385c7a0a22ad67cc462d47a03"
    ROWS: ClassVar = {"all": 1919}
    PICTURES = ("image", "bytes", "Image")

    name = "mme-realworld-lite"
    split: str = "train"

    def __post_init__(self) -> None:
        """Open the source."""
        self.rows = self.ROWS["all"]
        super().__post_init__()

    def _located(self) -> Iterator[tuple[str, CountedRow | DataError]]:
        counts = Counter[str]()
        for where, row in self.source:
            if isinstance(row, DataError):
                yield where, row
                continue
            id = next((text(row, column) for column in _IDS if column in row), "")
            yield where, CountedRow(row, counts[id])
            counts[id] += 1

    def _sample(self, row: CountedRow) -> Sample:
        cells = row.row
        id = f"{self.name}/{text(cells, _present(cells, _IDS))}"
        images, picture = self._images(cells)
        return choice_sample(
            id=f"{id}#{row.repeats + 1}" if row.repeats else id,
            benchmark=self.name,
            images=images,
            question=text(cells, _present(cells, _QUESTIONS)),
            options=_options(cells),
            gold=cells[_present(cells, _GOLDS)],
            cluster=picture or id,
            category="/".join(_category(cells)),
            answer_as="letter",
        )

    def _images(self, cells: RawRow) -> tuple[tuple[ImageRef, ...], str]:
        """Return the row's pictures, and what tells them from others: a file's name, or content."""
        images, held = self.source.find(cells), self.source.held(cells)
        if held:
            known = tuple(image.model_copy(update={"key": key_of(image)}) for image in held)
            return (known if images else ()), "+".join(image.key for image in known)
        named = next((name for column in self.PICTURES if (name := text(cells, column))), "")
        return images, named if len(named) <= _LONGEST_NAME else content_hash(named)


def _options(row: RawRow) -> dict[str, str]:
    if not any(column in row for column in _OPTIONS) and "A" in row:
        return parsing.from_columns({k: row[k] for k in LETTERS if k in row})
    return parsing.from_value(row[_present(row, _OPTIONS)])


def _category(row: RawRow) -> list[str]:
    for columns in _CATEGORIES:
        if columns[0] in row:
            return [text(row, column) for column in columns if text(row, column)]
    return []


def _present(row: RawRow, columns: tuple[str, ...]) -> str:
    for column in columns:
        if column in row:
            return column
    raise DataError(
        f"expected the column {' or '.join(map(repr, columns))}, found only: {', '.join(row)}"
    )
