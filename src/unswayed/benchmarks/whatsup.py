"""What'sUp: which caption says where the object is? Controlled photos A and B, COCO and GQA.

Kamath, Hessel and Chang 2023, *What's "up" with vision-language models? Investigating their
struggle with spatial reasoning* (EMNLP 2023, arXiv 2310.19785); annotations under the MIT licence
(github.com/amitakamath/whatsup_vlms), COCO and Visual Genome pictures under their own. Read from
the official JSON files; the data set is not on the hub.

The official files list the right caption first, so the captions are shuffled by `seed` and the
sample's id. The data set has no questions: the wording is ours, the captions are the options. The
cluster is the picture. In the controlled subsets the four pictures of an object pair are a group,
all of which have to be right (the paper's set accuracy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

from unswayed.benchmarks.base import PublishedBenchmark, choose
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.parse.shuffling import check_seed, shuffled
from unswayed.benchmarks.sources import provenance
from unswayed.benchmarks.sources.annotations import Folder, json_values
from unswayed.benchmarks.sources.fields import field as cell
from unswayed.benchmarks.sources.fields import required
from unswayed.errors import DataError
from unswayed.types import Sample

QUESTION = "Which caption describes the image?"

FILES = {
    "a": "controlled_images_dataset",
    "b": "controlled_clevr_dataset",
    "coco-one": "coco_qa_one_obj",
    "coco-two": "coco_qa_two_obj",
    "gqa-one": "vg_qa_one_obj",
    "gqa-two": "vg_qa_two_obj",
}
"""Official file of every subset, without `.json`."""

_CONTROLLED = re.compile(r"(.+?)_(left_of|right_of|on|under|in-front_of|behind)_(.+)")


@dataclass(frozen=True)
class CaptionedPhoto:
    """What a row says: its name, picture, captions (the right one first), relation and pair."""

    id: str
    image: str
    captions: list[str]
    relation: str = ""
    pair: str | None = None


@dataclass(kw_only=True)
class WhatsUp(PublishedBenchmark[tuple[int, Any]]):
    """What'sUp: which caption says where the object is? Controlled photos, COCO and GQA.

    Attributes:
        path: official JSON file, or the folder that holds it (then `subset` says which).
        subset: `a`, `b`, `coco-one`, `coco-two`, `gqa-one` or `gqa-two`; told by the file's name
            if empty.
        images: folder that `controlled_images`, `controlled_clevr`, `val2017` or `vg_images` lies
            in; the file's own if empty; `none` for no pictures.
        seed: seed of the captions' order.
    """

    PAPER = "Kamath, Hessel and Chang 2023, arXiv 2310.19785"
    LICENCE = "MIT"
    SOURCE = "github.com/amitakamath/whatsup_vlms"
    # Those of COCO and GQA could not be checked against the files.
    ROWS: ClassVar = {
        "a": 412, "b": 408, "coco-one": 2247, "coco-two": 440, "gqa-one": 1160, "gqa-two": 291,
    }  # fmt: skip

    path: str = field(kw_only=False)
    subset: str = ""
    images: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the file, which is small; refuse a subset or seed that there is not.

        Raises:
            ConfigError: an option is not as it must be.
            DataError: the file is missing or no JSON list.
        """
        path = Path(self.path)
        self.subset = choose("subset", self.subset or _subset(path), FILES)
        self._file = path / f"{FILES[self.subset]}.json" if path.is_dir() else path
        self.name = f"whatsup-{self.subset}"
        self.rows = self.ROWS[self.subset]
        check_seed(self.seed)
        self.folder = Folder.of(self.images, self._file.parent, "data/")
        self._values = json_values(self._file)

    def provenance(self) -> dict[str, Any]:
        """Return which file was read, with its digest."""
        return provenance.of_files([self._file])

    def _located(self) -> Iterator[tuple[str, tuple[int, Any] | DataError]]:
        for number, value in enumerate(self._values, 1):
            yield f"{self._file.name}:{number}", (number, value)

    def _sample(self, row: tuple[int, Any]) -> Sample:
        number, value = row
        photo = _controlled(value) if self.subset in ("a", "b") else self._listed(number, value)
        id = f"{self.name}/{photo.id}"
        options, gold = shuffled(photo.captions, 0, id, self.seed)
        return choice_sample(
            id=id,
            benchmark=self.name,
            images=self.folder.find(photo.image),
            question=QUESTION,
            options=options,
            gold=gold,
            cluster=photo.image,
            group=photo.pair,
            category=photo.relation,
            answer_as="letter",
        )

    def _listed(self, number: int, row: Any) -> CaptionedPhoto:
        """Read [picture's id, right caption, wrong caption] of the COCO and GQA subsets."""
        if not isinstance(row, list) or len(cast(list[Any], row)) != 3:
            raise DataError(f"expected [image id, right caption, wrong caption], found {row!r:.80}")
        id, *captions = [required(part, "an id and two captions") for part in cast(list[Any], row)]
        image = f"vg_images/{id}.jpg"
        if self.subset.startswith("coco"):
            if not (id.isascii() and id.isdigit() and len(id) <= 12):
                raise DataError(f"expected a whole number as COCO's image id, found {id[:40]!r}")
            image = f"val2017/{id:0>12}.jpg"
        return CaptionedPhoto(f"{id}-{number}", image, captions)


def _controlled(row: Any) -> CaptionedPhoto:
    """Read {image_path, caption_options}; objects and relation stand in the picture's name."""
    if not isinstance(row, dict):
        raise DataError(f"expected an object with image_path, found {row!r:.80}")
    cells = cast(dict[str, Any], row)
    image = required(cell(cells, "image_path"), "a picture")
    captions = cell(cells, "caption_options")
    if not isinstance(captions, list):
        raise DataError(f"expected a list as caption_options, found {captions!r:.80}")
    texts = [required(caption, "a caption") for caption in cast(list[Any], captions)]
    stem = Path(image).stem
    match = _CONTROLLED.fullmatch(stem)
    if not match:
        raise DataError(f"expected OBJECT_RELATION_OBJECT as picture's name, found {stem[:80]!r}")
    return CaptionedPhoto(stem, image, texts, match[2], f"{match[1]}+{match[3]}")


def _subset(path: Path) -> str:
    """Tell the subset by the file's name; the name itself where it is none of the official ones."""
    known = (subset for subset, start in FILES.items() if path.name.startswith(start))
    return next(known, path.name)
