"""MME-RealWorld-Lite: high-resolution photos from five fields of use (1,919 questions).

Zhang et al. 2024, *MME-RealWorld: Could Your Multimodal LLM Challenge High-Resolution Real-World
Scenarios that are Difficult for Humans?* (arXiv 2408.13257). The hub pages of the lite set name no
licence (that of the whole set says Apache-2.0); the photos keep the terms of their sources.

Three forms are read: the official JSON (`yifanzhang114/MME-RealWorld-Lite`, pictures in a folder),
the hub copy `yifanzhang114/MME-RealWorld-lite-lmms-eval`, whose only split is called `train`, and
the TSV of VLMEvalKit, whose options are a Python list written as text. The fifth option says that
the picture does not show what is asked for; it is an option like the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, text
from unswayed.errors import DataError
from unswayed.types import LETTERS, Sample

_IDS = ("Question_id", "index")
_QUESTIONS = ("Text", "question")
_OPTIONS = ("Answer choices", "multi-choice options")
_GOLDS = ("Ground truth", "answer")
_CATEGORIES = (("Task", "Subtask", "Category"), ("category", "l2-category"))


@dataclass(kw_only=True)
class MMERealWorldLite(HubBenchmark[RawRow]):
    """MME-RealWorld-Lite: high-resolution photos from five fields of use.

    The category is the official one.
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

    def _located(self) -> Iterable[tuple[str, RawRow | DataError]]:
        return self.source

    def _sample(self, row: RawRow) -> Sample:
        id = f"{self.name}/{text(row, _present(row, _IDS))}"
        name = text(row, "Image")
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(row),
            question=text(row, _present(row, _QUESTIONS)),
            options=_options(row),
            gold=row[_present(row, _GOLDS)],
            cluster=name or id,
            category="/".join(_category(row)),
            answer_as="letter",
        )


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
