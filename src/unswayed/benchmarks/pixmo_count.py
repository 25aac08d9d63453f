"""PixMo-Count: how many are there? Counts of things in photos of the web.

Deitke et al. 2024, *Molmo and PixMo: Open Weights and Open Data for State-of-the-Art
Vision-Language Models* (arXiv 2409.17146). Hub: `allenai/pixmo-count` (ODC-BY; splits train,
validation, test) with the columns image_url, image_sha256, label and count; the pictures are to be
fetched (`unswayed.benchmarks.sources.fetch`) and belong to their owners. The copy
`kcz358/pixmo-count` holds them: image, question, answer. Both are read; the wording of the question
is ours where the row has none.

By default the counts become multiple choice: four whole numbers in a row, the right one at any
place among them, in an order drawn by `seed` and the row's id, so that neither the middle number
nor a letter is the better guess, but near 0, where there are no lower ones. `kind=number` asks for
the number instead. The cluster is the picture, where the row names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unswayed.benchmarks.base import HubBenchmark, choose
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.open_samples import open_sample
from unswayed.benchmarks.parse.shuffling import check_seed, order, shuffled
from unswayed.benchmarks.sources.annotations import numbered
from unswayed.benchmarks.sources.fetch import Link, file_name
from unswayed.benchmarks.sources.fields import RawRow, field, text
from unswayed.errors import DataError
from unswayed.types import ImageRef, Sample

QUESTION = "How many {label} are there in the image?"
PICTURE = "picture"
"""Column that the name of the fetched picture is put into."""

_CHOICES, _MOST = 4, 10_000


@dataclass(kw_only=True)
class PixMoCount(HubBenchmark[tuple[int, RawRow]]):
    """PixMo-Count: how many are there? Counts of things in photos of the web.

    Attributes:
        kind: `choice` or `number`.
        images: folder of the fetched pictures; `none` for no pictures.
        seed: seed of the numbers to choose from and of their order.
    """

    PAPER = "Deitke et al. 2024, arXiv 2409.17146"
    LICENCE = "ODC-BY"
    HUB_ID = "allenai/pixmo-count"
    REVISION = "ebf51cf70e45d12374e64d475862e4f8d21d31d0"
    ROWS: ClassVar = {"train": 36_916, "validation": 540, "test": 540}

    name = "pixmo-count"
    split: str = "validation"
    kind: str = "choice"
    seed: int = 0

    def __post_init__(self) -> None:
        """Open the source; refuse a kind that there is not."""
        choose("kind", self.kind, ("choice", "number"))
        check_seed(self.seed)
        self.rows = self.ROWS.get(self.split)
        super().__post_init__()

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        return numbered(self.source)

    def links(self) -> Iterator[Link]:
        """Yield the links of the pictures, for `fetch`; rows without a whole one are left out."""
        for _, row in self.source:
            if not isinstance(row, DataError) and text(row, "image_url"):
                try:
                    yield Link(text(row, "image_url"), text(row, "image_sha256"))
                except DataError:
                    continue

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        id = f"{self.name}/{self.split}-{number}"
        images, question, count = self._images(cells), _question(cells), _count(cells)
        cluster = text(cells, "image_sha256") or id
        if self.kind == "number":
            return open_sample(
                id=id,
                benchmark=self.name,
                images=images,
                question=question,
                answer=str(count),
                kind="number",
                cluster=cluster,
            )
        below = order(min(count + 1, _CHOICES), f"{id} window", self.seed)[0]
        numbers = [str(count - below + i) for i in range(_CHOICES)]
        options, gold = shuffled(numbers, below, id, self.seed)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=images,
            question=question,
            options=options,
            gold=gold,
            cluster=cluster,
            answer_as="letter",
        )

    def _images(self, row: RawRow) -> tuple[ImageRef, ...]:
        """Return the picture inside the row, or the one that was fetched."""
        if "image_sha256" not in row:
            return self.source.find(row)
        link = Link(text(row, "image_url"), text(row, "image_sha256"))
        try:
            return self.source.find({PICTURE: file_name(link.sha256)}, PICTURE)
        except DataError as error:
            raise DataError(
                f"the picture {link.url[:200]} is not fetched ({error}); fetch it, and name the "
                f"folder with images=FOLDER"
            ) from error


def _question(row: RawRow) -> str:
    if text(row, "question"):
        return text(row, "question")
    label = text(row, "label")
    if not label:
        raise DataError("expected a label or a question, found neither")
    return QUESTION.format(label=label)


def _count(row: RawRow) -> int:
    cell = text(row, "count") or str(field(row, "answer" if "answer" in row else "count")).strip()
    if not (cell.isascii() and cell.isdigit() and len(cell) <= len(str(_MOST))):
        raise DataError(f"expected a whole number from 0 as count, found {cell[:40]!r}")
    return int(cell)
