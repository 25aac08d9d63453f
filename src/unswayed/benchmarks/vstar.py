"""V*Bench: small things in large photos (191 questions: 115 on attributes, 76 on positions).

Wu and Xie 2024, *V*: Guided Visual Search as a Core Mechanism in Multimodal LLMs* (CVPR 2024, arXiv
2312.14135). Official data: `craigwu/vstar_bench` on the hub, MIT code, pictures of SA-1B under its
own licence. Three forms are read:

- `test_questions.jsonl` with the folders of the pictures, or the copy with pictures inside
  (`lmms-lab/vstar-bench`, split `test`, fetched without a path): rows {image, text, category,
  label, question_id}, the options in the text. The order and the letter are the file's own.
- a folder with a JSON file beside every picture: {question, options, …}, the right option first.
- a JSONL file of rows {category, image, question, options}, the right option first.

Where the right option is first, the options are shuffled by `seed` and the sample's id. Questions
of relative_position have two options. The cluster is the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from unswayed.benchmarks.base import HubOptions
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.shuffling import check_seed, shuffled
from unswayed.benchmarks.sources import folders, provenance
from unswayed.benchmarks.sources.annotations import Folder, numbered
from unswayed.benchmarks.sources.fields import RawRow, field, required, text
from unswayed.errors import DataError
from unswayed.types import ImageRef, Sample

QUESTIONS = "test_questions.jsonl"

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".JPG")


@dataclass(kw_only=True)
class VStar(HubOptions[tuple[int, RawRow]]):
    """V*Bench: small things in large photos, their attributes and positions.

    The category is the kind of question.

    Attributes:
        path: official folder, `test_questions.jsonl`, or another file in one of the forms above;
            empty to fetch the copy from the hub.
        images: folder of the pictures; that of the questions if empty; `none` for no pictures.
        seed: seed of the options' order, where the right one is listed first.
    """

    PAPER = "Wu and Xie 2024, arXiv 2312.14135"
    LICENCE = "MIT (code)"
    HUB_ID = "lmms-lab/vstar-bench"
    ROWS: ClassVar = {"all": 191}

    name = "vstar"
    seed: int = 0

    def __post_init__(self) -> None:
        """Open the source, or look at the folder of a JSON file each; refuse a wrong seed."""
        check_seed(self.seed)
        self.rows = self.ROWS["all"]
        root = Path(self.path)
        questions = root / QUESTIONS
        path = str(questions) if self.path and questions.is_file() else self.path
        one_file_each = bool(self.path) and _one_file_each(root)
        self.source = None if one_file_each else self._open(path=path)
        self.folder = Folder.of(self.images, self.source.folder if self.source else root)

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        if self.source:
            return self.source.provenance()
        return provenance.of_files(folders.find_files(Path(self.path), ("*.json",)))

    def _located(self) -> Iterator[tuple[str, tuple[int, RawRow] | DataError]]:
        rows = self.source or self._annotated(Path(self.path))
        return numbered(rows)

    def _annotated(self, root: Path) -> Iterator[tuple[str, RawRow | DataError]]:
        """Yield the JSON file of every picture, with the picture's name and category."""
        for where, entry in folders.read_objects(root, ("*.json",)):
            if isinstance(entry, DataError):
                yield where, entry
                continue
            folder, row = entry
            image = Path(where).with_suffix(_suffix(root / where)).as_posix()
            yield where, {**row, "image": image, "category": folder.name}

    def _sample(self, row: tuple[int, RawRow]) -> Sample:
        number, cells = row
        category = text(cells, "category")
        image = PurePosixPath(cells["image"]) if isinstance(cells.get("image"), str) else None
        native = text(cells, "question_id") or str(number)
        id = f"{self.name}/{category}/{image.stem if image else native}"
        question, options, gold = self._question(id, cells)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self._images(cells, category),
            question=question,
            options=options,
            gold=gold,
            cluster=image.stem if image else native,
            category=category,
            answer_as="letter",
        )

    def _question(self, id: str, row: RawRow) -> tuple[str, dict[str, str], str]:
        """Return the question, its options and the letter of the right one."""
        if "label" in row:
            question, options = parsing.from_text(text(row, "text"))
            return question, options, text(row, "label")
        listed = list(parsing.from_value(field(row, "options")).values())
        return required(field(row, "question"), "a question"), *shuffled(listed, 0, id, self.seed)

    def _images(self, row: RawRow, category: str) -> tuple[ImageRef, ...]:
        """Return the picture: inside the row, or a file that is named with its folder or not."""
        name, pictures = row.get("image"), self.folder.pictures
        if pictures is None:
            return ()
        if not isinstance(name, str):
            return self.source.find(row) if self.source else ()
        if "/" not in name and (pictures.root / category / name).is_file():
            name = f"{category}/{name}"
        return self.folder.find(name)


def _one_file_each(path: Path) -> bool:
    """Say whether a folder holds a JSON file a picture, and the questions in no other form."""
    if not path.is_dir() or (path / QUESTIONS).is_file():
        return False
    return not any(path.rglob("*.parquet")) and any(path.rglob("sa_*.json"))


def _suffix(path: Path) -> str:
    return next((end for end in _SUFFIXES if path.with_suffix(end).is_file()), _SUFFIXES[0])
