"""SAT and SAT-v2: spatial questions about one or two pictures of simulated rooms; 150 real ones.

Ray et al. 2024, *SAT: Dynamic Spatial Aptitude Training for Multimodal Language Models* (arXiv
2412.07755). Hub: `array/SAT` (MIT; splits train, static, val, test) with the columns image_bytes
(one or two pictures a row), question, answers (texts without letters), correct_answer (one of
them) and question_type; `array/SAT-v2` with images instead of image_bytes.

The answers are in no order that means anything, so they are shuffled by `seed` and the row's
number; `circular=true` shows a row once for each way of turning the listed order instead, as the
real test is scored. Some answers end in "in the first frame" by a slip of the generator; these
words are taken off, as the authors' own loader does. Rows name no picture: the cluster is the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from unswayed.benchmarks.base import HubBenchmark
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.shuffling import check_seed, rotated, shuffled
from unswayed.benchmarks.sources.annotations import numbered
from unswayed.benchmarks.sources.fields import RawRow, as_text, field, short, text
from unswayed.errors import ConfigError, DataError
from unswayed.types import Sample

_SLIP = "in the first frame"

TurnedRow = tuple[int, int | None, RawRow]
"""Number of the row, number of the turn (None without `circular`), and the row."""


@dataclass(kw_only=True)
class SAT(HubBenchmark[TurnedRow]):
    """SAT: spatial questions about one or two pictures of simulated rooms; 150 real ones.

    The category is the question's type.

    Attributes:
        circular: show every row in all turns of its answers; the turns are a group.
        images: `none` for no pictures.
        seed: seed of the answers' order.
    """

    PAPER = "Ray et al. 2024, arXiv 2412.07755"
    LICENCE = "MIT"
    HUB_ID = "array/SAT"
    REVISION = "bda5dde942d7f7b41bff7935f086ed9a9e348ae3"
    ROWS: ClassVar = {"test": 150}  # the other splits are given in thousands only
    PICTURES = ("image_bytes",)
    COLUMNS = ("question", "answers", "correct_answer")

    name = "sat"
    circular: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Open the source; refuse a seed or `circular` of another type."""
        if not isinstance(self.circular, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"expected circular to be true or false, found {self.circular!r}")
        check_seed(self.seed)
        self.rows = None if self.circular else self.ROWS.get(self.split)
        super().__post_init__()

    def _located(self) -> Iterator[tuple[str, TurnedRow | DataError]]:
        """Yield each row once, or once for each turn of its answers."""
        for where, entry in numbered(self.source):
            if isinstance(entry, DataError):
                yield where, entry
                continue
            number, row = entry
            listed: Any = row.get("answers")
            count = len(cast(list[Any], listed)) if isinstance(listed, list) else 0
            for turn in range(max(1, count)) if self.circular else (None,):
                yield where, (number, turn, row)

    def _sample(self, row: TurnedRow) -> Sample:
        number, turn, cells = row
        base = f"{self.name}/{self.source.split}-{number}"
        texts, right = _answers(cells)
        if turn is None:
            id, (options, gold) = base, shuffled(texts, right, base, self.seed)
        else:
            id, (options, gold) = f"{base}-{turn}", rotated(texts, right, turn)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(cells),
            question=text(cells, "question"),
            options=options,
            gold=gold,
            cluster=base,
            group=base if self.circular else None,
            category=text(cells, "question_type"),
            answer_as="letter",
        )


class SATv2(SAT):
    """SAT-v2: spatial questions as those of SAT; the same columns but for the pictures."""

    LICENCE = "see its card"
    HUB_ID = "array/SAT-v2"
    REVISION = ""
    ROWS: ClassVar = {}
    PICTURES = ("images",)

    name = "sat-v2"


def _answers(row: RawRow) -> tuple[list[str], int]:
    """Return the answers without the slip, and which is right."""
    listed: Any = field(row, "answers")
    if not isinstance(listed, list):
        raise DataError(f"expected a list of answers, found {short(listed)}")
    texts = [_mended(as_text(answer)) for answer in cast(list[Any], listed)]
    right = _mended(text(row, "correct_answer"))
    if right not in texts:
        raise DataError(f"expected one of {short(texts)} as correct_answer, found {short(right)}")
    return texts, texts.index(right)


def _mended(answer: str) -> str:
    return " ".join(answer.replace(_SLIP, " ").split())
