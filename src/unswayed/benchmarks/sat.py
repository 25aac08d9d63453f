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
from typing import Any, cast

from unswayed.benchmarks.parse.items import choice_sample, collect
from unswayed.benchmarks.parse.options import as_text, short
from unswayed.benchmarks.parse.shuffling import check_seed, rotated, shuffled
from unswayed.benchmarks.sources.annotations import numbered
from unswayed.benchmarks.sources.folders import field
from unswayed.benchmarks.sources.hub import HubRows, text
from unswayed.benchmarks.sources.rows import Row
from unswayed.errors import ConfigError, DataError
from unswayed.types import Failure, Sample

ROWS = {"test": 150}
"""Rows of the real test; the other splits of SAT are given in thousands only."""

_SLIP = "in the first frame"

Turn = tuple[int, int | None, Row]
"""Number of the row, number of the turn (None without `circular`), and the row."""


class SAT:
    """Questions of SAT in the order of the split; the category is the question's type."""

    name = "sat"
    hub_id = "array/SAT"
    pictures = "image_bytes"

    def __init__(
        self,
        path: str = "",
        *,
        split: str = "test",
        circular: bool = False,
        images: str = "",
        seed: int = 0,
        revision: str = "",
    ) -> None:
        """Say what to read, and from where.

        Args:
            path: the Parquet files as downloaded; empty to fetch them from the hub.
            split: split.
            circular: show every row in all turns of its answers; the turns are a group.
            images: `none` for no pictures.
            seed: seed of the answers' order.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.

        Raises:
            ConfigError: an option is not as it must be.
            DataError: the path holds no file of the split.
        """
        if not isinstance(circular, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"expected circular to be true or false, found {circular!r}")
        self.seed = check_seed(seed)
        self.circular = circular
        columns = ("question", "answers", "correct_answer")
        self.source = HubRows(
            self.hub_id, split, None, revision, path, images, (self.pictures,), columns
        )
        self.source.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.source.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every question as a sample, or as the failure that it is."""
        return collect(self.name, self._turns(), self._sample)

    def _turns(self) -> Iterator[tuple[str, Turn | DataError]]:
        """Yield each row once, or once for each turn of its answers."""
        for where, found in numbered(self.source):
            if isinstance(found, DataError):
                yield where, found
                continue
            number, row = found
            listed: Any = row.get("answers")
            count = len(cast(list[Any], listed)) if isinstance(listed, list) else 0
            for turn in range(max(1, count)) if self.circular else (None,):
                yield where, (number, turn, row)

    def _sample(self, asked: Turn) -> Sample:
        number, turn, row = asked
        base = f"{self.name}/{self.source.split}-{number}"
        texts, right = _answers(row)
        if turn is None:
            id, (options, gold) = base, shuffled(texts, right, base, self.seed)
        else:
            id, (options, gold) = f"{base}-{turn}", rotated(texts, right, turn)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.source.find(row),
            question=text(row, "question"),
            options=options,
            gold=gold,
            cluster=base,
            group=base if self.circular else None,
            category=text(row, "question_type"),
            answer_as="letter",
        )


class SATv2(SAT):
    """Questions of SAT-v2: the same columns but for the pictures."""

    name = "sat-v2"
    hub_id = "array/SAT-v2"
    pictures = "images"


def _answers(row: Row) -> tuple[list[str], int]:
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
