"""The questions of a self-contained recording: question, options, gold and output in each row.

The `replay` model gives the outputs of the same file; both name the rows alike, through
`unswayed.run.recordings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast, get_args

from unswayed.answers.values import OpenKind
from unswayed.benchmarks.file import Numbered, check_limit, keep, parse_only, read_samples
from unswayed.benchmarks.parse.gold import AnswerAs, check_answer_as
from unswayed.benchmarks.parse.items import collect
from unswayed.benchmarks.parse.layout import NONE, Layout, first_known
from unswayed.benchmarks.parse.open_samples import gold_text, open_sample
from unswayed.benchmarks.sources import provenance
from unswayed.benchmarks.sources.fields import RawRow, is_absent
from unswayed.benchmarks.sources.pictures import NAME_FOLDER_OR_PREFIX, Pictures
from unswayed.errors import ConfigError, DataError
from unswayed.run import recordings, rows
from unswayed.types import AnswerKind, Failure, ImageRef, Sample

_BASE = "base"


class ReplayBenchmark:
    """Recorded questions, with the letters and the order that the recorded model was shown."""

    def __init__(
        self,
        path: str,
        *,
        images: str = "",
        id: str = "id",
        variant: str = "variant",
        draw: str = "draw",
        question: str = "",
        options: str = "",
        answer: str = "",
        image: str = "",
        category: str = "",
        cluster: str = "",
        group: str = "",
        strip_prefix: str = "",
        answer_as: str = "auto",
        answer_kind: str = "choice",
        only: str = "",
        limit: int = 0,
    ) -> None:
        """Name the recording; the options that `file` has too mean the same here.

        Args:
            path: `.jsonl`, `.json` (a list), `.tsv` or `.csv`, perhaps with `.gz`; UTF-8.
            images: folder of the pictures; without it no pictures are attached, since the
                outputs are there already.
            id: column of the id; a file without it is counted by its lines.
            variant: column of the variant; rows of other variants than `base` repeat a question
                and are left to the model.
            draw: column that says which of several outputs of one prompt it is, from 0; further
                outputs repeat a question, too.
            question: column of the question.
            options: column of the options as they were shown.
            answer: column of the gold answer.
            image: column(s) of the picture(s).
            category: column of the category; `benchmark` too is looked for.
            cluster: column of the image or scene; if empty, the picture's name where every row
                has one, otherwise the question with its options.
            group: column that circular or flipped copies share.
            strip_prefix: start of the paths in the file that is not there in the folder.
            answer_as: `auto`, `letter`, `text`, `index0` or `index1`.
            answer_kind: `choice`, or `number`, `text` or `box` for questions without options; a
                box is a list of its four edges, in the coordinates of the outputs.
            only: `COLUMN=VALUE`; other rows are left out.
            limit: number of rows to read, 0 for all.

        Raises:
            DataError: the file is missing or empty, or of no known format.
            ConfigError: an option is not as it must be.
        """
        self.path = Path(path)
        recordings.require_file(self.path)
        self.name = recordings.benchmark_name(self.path)
        self._id, self._variant, self._draw = str(id), str(variant), str(draw)
        self._images = str(images)
        named = {
            "question": question, "options": options, "answer": answer, "image": image,
            "category": category, "cluster": cluster, "group": group,
        }  # fmt: skip
        self._columns = {field: str(column) for field, column in named.items() if column != ""}
        self._strip_prefix = str(strip_prefix)
        self._answer_as: AnswerAs = check_answer_as(answer_as)
        if answer_kind not in get_args(AnswerKind):
            known = ", ".join(get_args(AnswerKind))
            raise ConfigError(f"expected answer_kind = {known}; found {answer_kind!r}")
        self._kind: AnswerKind = cast(AnswerKind, answer_kind)
        if answer_kind != "choice" and (options or group or answer_as != "auto"):
            raise ConfigError("options, group and answer_as are for answer_kind=choice alone")
        self._only = parse_only(only)
        self._limit = check_limit(limit)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self.path])

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every recorded question once.

        Raises:
            DataError: the file has no rows or no usable columns, or is not UTF-8.
        """
        numbered = keep(self._questions(), self._only)
        if self._kind == "choice":
            return read_samples(self.path, self._layout(), numbered, self._limit)
        taken = islice(numbered, self._limit) if self._limit else numbered
        located = ((f"{self.path.name}:{number}", row) for number, row in taken)
        kind = self._kind
        return collect(self.name, located, partial(self._open_sample, kind))

    def _open_sample(self, kind: OpenKind, row: RawRow) -> Sample:
        """Make a sample without options; rows about one picture (or question) belong together."""
        question = str(self._cell("question", row))
        picture = self._columns.get("image") or first_known("image", row)
        images: tuple[ImageRef, ...] = ()
        if self._images:
            pictures = Pictures(Path(self._images), self._strip_prefix, NAME_FOLDER_OR_PREFIX)
            images, _ = pictures.find(row.get(picture))
        cluster = row.get(self._columns.get("cluster", "") or picture)
        category = row.get(self._columns.get("category", "benchmark"))
        return open_sample(
            id=f"{self.name}/{row[self._id]}",
            benchmark=self.name,
            images=images,
            question=question,
            answer=gold_text(self._cell("answer", row)),
            kind=kind,
            cluster=question if is_absent(cluster) else str(cluster),
            category="" if is_absent(category) else str(category),
        )

    def _cell(self, name: str, row: RawRow) -> Any:
        column = self._columns.get(name) or first_known(name, row)
        if is_absent(row.get(column)):
            raise DataError(f"expected the {name} in {column or 'a column'!r}; say {name}=COLUMN")
        return row[column]

    def _questions(self) -> Iterator[Numbered]:
        """Yield the rows of the base variant, each with the id that the model knows it by."""
        for number, row in rows.read_rows(self.path):
            if isinstance(row, DataError):
                yield number, row
            elif row.get(self._variant) in (None, "", _BASE) and self._is_first(row, number):
                yield number, row | {self._id: recordings.native_id(row, number, self._id)}

    def _is_first(self, row: RawRow, number: int) -> bool:
        return recordings.draw_of(row, self._draw, f"{self.path}, line {number}") == 0

    def _layout(self) -> Layout:
        """Lay the columns out by the first whole row, and the clusters by all rows."""
        whole = (row for _, row in rows.read_rows(self.path) if not isinstance(row, DataError))
        nothing: RawRow = {}
        first = next(whole, nothing)
        columns = dict(self._columns)
        columns["id"] = self._id
        if "benchmark" in first:
            columns.setdefault("category", "benchmark")
        if not self._images:
            columns.setdefault(
                "cluster", self._cluster(first, whole, columns.get("image", "image"))
            )
            columns["image"] = NONE
        root = Path(self._images) if self._images else self.path.parent
        pictures = Pictures(root, self._strip_prefix, NAME_FOLDER_OR_PREFIX)
        return Layout(self.name, pictures, columns, self._answer_as)

    def _cluster(self, first: RawRow, others: Iterable[RawRow], image: str) -> str:
        """Return the column that tells which rows are about the same picture.

        That is the picture's name if every row has one. Where some lack it, the name would make
        rows about one picture look independent, so the question and its options stand for it.
        """
        if not is_absent(first.get(image)) and not any(is_absent(r.get(image)) for r in others):
            return image
        named = (self._columns.get("question"), self._columns.get("options"))
        known = (first_known("question", first), first_known("options", first))
        return "+".join(a or b for a, b in zip(named, known, strict=True) if a or b)
