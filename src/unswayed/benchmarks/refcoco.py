"""Referring expressions (RefCOCO, RefCOCO+, RefCOCOg): where is what a sentence describes?

Read from the hub copies of lmms-lab (now lmms-lab-encoder), one row an object: question_id, image,
answer (a list of expressions), bbox (x, y, width, height in pixels), file_name; or from JSON with
one row an expression as VLM-R1 has it: image, normal_caption, solution (x1, y1, x2, y2 in pixels).
Each expression is a sample of its own, its gold a box `[x1, y1, x2, y2]`.

Sources: Kazemzadeh et al., *ReferItGame* (EMNLP 2014); Yu et al., *Modeling Context in Referring
Expressions* (ECCV 2016); Mao et al., *Generation and Comprehension of Unambiguous Object
Descriptions* (CVPR 2016). Licence: annotations Apache-2.0 (refer), photographs of COCO under their
own Flickr licences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from unswayed.answers import values
from unswayed.answers.values import Coordinates
from unswayed.benchmarks.base import HubBenchmark, choose
from unswayed.benchmarks.parse import expressions
from unswayed.benchmarks.parse.expressions import Expression
from unswayed.benchmarks.sources.hub import NO_PICTURES
from unswayed.errors import ConfigError, DataError
from unswayed.run.pictures import picture_size
from unswayed.types import Sample

OWNER = "lmms-lab"

QUESTION = (
    "Please provide the bounding box coordinate of the region this sentence describes: {text}\n"
    "Answer with [x1, y1, x2, y2], the left, top, right and bottom edge, {unit}."
)
UNITS: dict[Coordinates, str] = {
    "pixel": "in pixels",
    "resized": "in pixels",
    "unit": "as shares of the width and height, from 0 to 1",
    "thousand": "in thousandths of the width and height, from 0 to 1000",
}
"""How the question asks for each kind of coordinates; the wording is ours."""


@dataclass(frozen=True)
class HubCopy:
    """The copy of one of the three data sets on the hub.

    Attributes:
        name: its name there, behind the owner's.
        splits: split → objects; there are about three times as many samples.
        revision: commit that is read unless another is named; empty for `main`.
    """

    name: str
    splits: Mapping[str, int]
    revision: str = ""


COPIES = {
    "refcoco": HubCopy(
        "RefCOCO",
        {"val": 8811, "test": 5000, "testA": 1975, "testB": 1810},
        "e15256ece129a21d62e216f95f98ba2e808f96a0",
    ),
    "refcoco+": HubCopy(
        "RefCOCOplus",
        {"val": 3805, "testA": 1975, "testB": 1798},
        "a283082593c437efc2bb9876d43bc3075cd914fe",
    ),
    "refcocog": HubCopy("RefCOCOg", {"val": 7573, "test": 5023}),
}
"""Data set → its copy on the hub."""


@dataclass(kw_only=True)
class RefCOCO(HubBenchmark[Expression]):
    """RefCOCO, RefCOCO+ and RefCOCOg: where is what a sentence describes? Answered with a box.

    The gold is in the coordinates that the question asks for, so that nothing has to be guessed
    when an answer is read. Rows about one picture form a cluster.

    Attributes:
        dataset: `refcoco`, `refcoco+` or `refcocog`.
        split: `val`, `testA` or `testB`; `val` or `test` of `refcocog`.
        coordinates: `pixel`, `resized` (pixels of the picture as Qwen2.5-VL resizes it), `unit` (0
            to 1) or `thousand` (0 to 1000). All but `pixel` open every picture to know its size.
        images: folder of the pictures that rows name, or `none`.
        owner: whose copy on the hub: `lmms-lab`, or `lmms-lab-encoder` as it is called now.
    """

    PAPER = "Kazemzadeh et al. 2014; Yu et al. 2016; Mao et al. 2016"
    LICENCE = "none stated; annotations Apache-2.0"
    HUB_ID = f"{OWNER}/RefCOCO"
    REVISION = COPIES["refcoco"].revision

    dataset: str = "refcoco"
    split: str = "val"
    coordinates: str = "pixel"
    owner: str = OWNER

    def __post_init__(self) -> None:
        """Open the source; refuse an option that is not as it must be."""
        choose("dataset", self.dataset, COPIES)
        choose("coordinates", self.coordinates, UNITS)
        copy = COPIES[self.dataset]
        if not self.path:
            choose("split", self.split, copy.splits)
        if self.coordinates != "pixel" and self.images == NO_PICTURES:
            raise ConfigError(
                f"coordinates={self.coordinates} need the pictures; leave images=none out"
            )
        self.name = f"{self.dataset}-{self.split}"
        hub_id = self.hub_id or f"{self.owner}/{copy.name}"
        pinned = copy.revision if hub_id == f"{OWNER}/{copy.name}" else ""
        self.source = self._open(hub_id=hub_id, pinned=pinned)

    def _located(self) -> Iterator[tuple[str, Expression | DataError]]:
        return expressions.of_rows(self.source)

    def _sample(self, row: Expression) -> Sample:
        gold, images = row.box(), self.source.find(row.cells)
        coordinates = cast(Coordinates, self.coordinates)
        if coordinates != "pixel":
            size = picture_size(images[0])
            here = values.extent("pixel", size=size)
            target = values.extent(coordinates, size, values.qwen_resized(size))
            gold = values.rescale(gold, here, target)
        id = f"{self.name}/{row.native_id}"
        return Sample(
            id=id,
            benchmark=self.name,
            images=images,
            question=QUESTION.format(text=row.said(), unit=UNITS[coordinates]),
            answer=values.box_text(gold),
            answer_kind="box",
            cluster=row.picture() or id,
        )
