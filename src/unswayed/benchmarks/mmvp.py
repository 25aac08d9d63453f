"""MMVP: pairs of photos that look alike to CLIP, with one question whose answers differ (300 rows).

Tong et al. 2024, *Eyes Wide Shut? Exploring the Visual Shortcomings of Multimodal LLMs* (CVPR 2024,
arXiv 2401.06209). Official files: `MMVP/MMVP` on the hub, `Questions.csv` with the columns Index,
Question, Options ("(a) Open (b) Closed") and Correct Answer ("(a)"), and the folder `MMVP Images`
with 1.jpg … 300.jpg. Loaded through `datasets` that repository gives pictures without questions, so
without a path the copy `lmms-lab-eval/MMVP` (split `train`) is fetched.

Rows 1 and 2, 3 and 4 … are pairs: a pair counts in the official score if both are right. Two pairs
(99 and 100, 279 and 280) have their golds swapped in the official file; the copy has them mended,
and `corrected=true` mends the official file likewise (github.com/tsb0601/MMVP, issue 30).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, field, text
from unswayed.benchmarks.sources.hub import NO_PICTURES
from unswayed.errors import DataError
from unswayed.types import LETTERS, ImageRef, Sample

CORRECTED = {99: "B", 100: "A", 279: "B", 280: "A"}
"""Golds that are swapped in the official file, by index."""

_FOLDERS = ("MMVP Images", "MMVP_Images")
_LABEL = re.compile(r"\(([a-zA-Z])\)")
_GOLD = re.compile(r"\(?([a-zA-Z])\)?")


@dataclass(kw_only=True)
class MMVP(HubBenchmark[RawRow]):
    """MMVP: pairs of photos that look alike to CLIP, with one question whose answers differ.

    A pair is a group and a cluster.

    Attributes:
        path: the official folder or its `Questions.csv`, or Parquet files; empty to fetch the copy
            from the hub.
        images: folder with 1.jpg …; `MMVP Images` beside the questions if empty; `none` for no
            pictures.
        corrected: mend the four golds that are swapped in the official file.
    """

    PAPER = "Tong et al. 2024, arXiv 2401.06209"
    LICENCE = "see MMVP/MMVP on the hub"
    HUB_ID = "lmms-lab-eval/MMVP"
    ROWS: ClassVar = {"all": 300}  # half as many pairs
    COLUMNS = ("Index", "Question", "Options", "Correct Answer")

    name = "mmvp"
    split: str = "train"
    corrected: bool = False

    def __post_init__(self) -> None:
        """Open the source."""
        self.rows = self.ROWS["all"]
        questions = Path(self.path) / "Questions.csv"
        path = str(questions) if self.path and questions.is_file() else self.path
        self.source = self._open(path=path, images=self.images or _pictures(path))

    def _located(self) -> Iterable[tuple[str, RawRow | DataError]]:
        return self.source

    def _sample(self, row: RawRow) -> Sample:
        index = _index(row)
        pair = str((index + 1) // 2)
        gold = _GOLD.fullmatch(text(row, "Correct Answer"))
        if not gold:
            raise DataError(f"expected a gold as (a), found {row['Correct Answer']!r}")
        mended = CORRECTED.get(index) if self.corrected else None
        return choice_sample(
            id=f"{self.name}/{index}",
            benchmark=self.name,
            images=self._images(row, index),
            question=text(row, "Question"),
            options=options(text(row, "Options")),
            gold=mended or gold[1].upper(),
            cluster=pair,
            group=pair,
            answer_as="letter",
        )

    def _images(self, row: RawRow, index: int) -> tuple[ImageRef, ...]:
        if self.source.images == NO_PICTURES or row.get("image"):
            return self.source.find(row)
        return self.source.named(f"{index}.jpg")


def options(text: str) -> dict[str, str]:
    """Return the options that "(a) Open (b) Closed" tells.

    Raises:
        DataError: the labels are not a, b, … in order.
    """
    _, *parts = _LABEL.split(text)
    labels = "".join(parts[::2]).upper()
    if labels != LETTERS[: len(labels)] or not labels:
        raise DataError(f"expected options as (a) … (b) …, found {text[:80]!r}")
    return parsing.lettered(parts[1::2])


def _pictures(path: str) -> str:
    """Return the folder of the pictures beside the questions, empty where there is none."""
    beside = Path(path).parent
    present = (str(beside / name) for name in _FOLDERS if path and (beside / name).is_dir())
    return next(present, "")


def _index(row: RawRow) -> int:
    value = str(field(row, "Index")).strip()
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise DataError(f"expected a whole number from 1 as Index, found {value[:40]!r}")
    return int(value)
