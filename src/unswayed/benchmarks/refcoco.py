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

from collections.abc import Collection, Iterator
from typing import Any, cast

from unswayed.answers import values
from unswayed.answers.values import Coordinates
from unswayed.benchmarks.parse import expressions, regions
from unswayed.benchmarks.parse.expressions import Expression
from unswayed.benchmarks.parse.items import collect
from unswayed.benchmarks.sources.hub import NO_PICTURES, HubRows
from unswayed.errors import ConfigError
from unswayed.types import Failure, Sample

HUB = {"refcoco": "RefCOCO", "refcoco+": "RefCOCOplus", "refcocog": "RefCOCOg"}
OWNER = "lmms-lab"
ROWS = {
    "refcoco": {"val": 8811, "test": 5000, "testA": 1975, "testB": 1810},
    "refcoco+": {"val": 3805, "testA": 1975, "testB": 1798},
    "refcocog": {"val": 7573, "test": 5023},
}
"""Objects in the hub copies; there are about three times as many samples."""

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


class RefCOCO:
    """Referring expressions with the box of the object that each describes.

    The gold is in the coordinates that the question asks for, so that nothing has to be guessed
    when an answer is read. Rows about one picture form a cluster.
    """

    def __init__(
        self,
        path: str = "",
        *,
        dataset: str = "refcoco",
        split: str = "val",
        coordinates: str = "pixel",
        images: str = "",
        owner: str = OWNER,
        revision: str = "",
    ) -> None:
        """Name the data set.

        Args:
            path: the files as downloaded; empty to fetch them from the hub.
            dataset: `refcoco`, `refcoco+` or `refcocog`.
            split: `val`, `testA` or `testB`; `val` or `test` of `refcocog`.
            coordinates: `pixel`, `resized` (pixels of the picture as Qwen2.5-VL resizes it),
                `unit` (0 to 1) or `thousand` (0 to 1000). All but `pixel` open every picture to
                know its size.
            images: folder of the pictures that rows name, or `none`.
            owner: whose copy on the hub: `lmms-lab`, or `lmms-lab-encoder` as it is called now.
            revision: commit, tag or branch on the hub; the pinned commit if empty, else `main`.

        Raises:
            ConfigError: an option is not as it must be.
            DataError: the path cannot be read.
        """
        _known("dataset", dataset, HUB)
        _known("coordinates", coordinates, UNITS)
        if not path:
            _known("split", split, ROWS[dataset])
        if coordinates != "pixel" and images == NO_PICTURES:
            raise ConfigError(f"coordinates={coordinates} need the pictures; leave images=none out")
        self.name = f"{dataset}-{split}"
        self.coordinates: Coordinates = cast(Coordinates, coordinates)
        self.rows = HubRows(
            f"{owner}/{HUB[dataset]}", split, revision=revision, path=path, images=images
        )
        self.rows.check()

    def provenance(self) -> dict[str, Any]:
        """Return which data was read; of a data set on the hub, the commit."""
        return self.rows.provenance()

    def __iter__(self) -> Iterator[Sample | Failure]:
        """Yield every expression as a sample, or a row as the failure that it is."""
        return collect(self.name, expressions.of_rows(self.rows), self._sample)

    def _sample(self, expression: Expression) -> Sample:
        row = expression.row
        gold, images = expression.box(), self.rows.find(row)
        if self.coordinates != "pixel":
            size = regions.size(images[0])
            here = values.extent("pixel", size=size)
            asked = values.extent(self.coordinates, size, values.qwen_resized(size))
            gold = values.rescale(gold, here, asked)
        id = f"{self.name}/{expression.native_id}"
        return Sample(
            id=id,
            benchmark=self.name,
            images=images,
            question=QUESTION.format(text=expression.said(), unit=UNITS[self.coordinates]),
            answer=values.box_text(gold),
            answer_kind="box",
            cluster=expression.picture() or id,
        )


def _known(option: str, found: str, known: Collection[str]) -> None:
    if found not in known:
        raise ConfigError(f"expected {option} = {', '.join(known)}; found {found!r}")
