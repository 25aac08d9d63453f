"""3DSRBench: height, location, orientation and several objects in three dimensions.

Ma et al. 2024, *3DSRBench: A Comprehensive 3D Spatial Reasoning Benchmark* (ICCV 2025, arXiv
2412.07825). Hub: `ccvl/3DSRBench`, split `test`, CC BY 4.0; the photos are COCO's.

An id `XXXXXXXX-flip` is the question about the MIRRORED photo, whose answers change with it, and
`XXXXXXXX-1`, `XXXXXXXX-flip-1` … are copies with rotated options. Hub rows name the photo of both
by one URL, so it is mirrored here when it is read from a folder. The TSV files carry the pictures
themselves, the mirrored ones mirrored already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlparse

from unswayed.benchmarks.base import HubBenchmark, choose
from unswayed.benchmarks.parse import options as parsing
from unswayed.benchmarks.parse.items import choice_sample
from unswayed.benchmarks.sources.fields import RawRow, text
from unswayed.benchmarks.sources.hub import NO_PICTURES
from unswayed.benchmarks.sources.mirror import Mirrored
from unswayed.errors import DataError
from unswayed.types import ImageRef, Sample

SCORINGS = ("plain", "flip", "circular", "flip-circular")

_KEY = re.compile(r"(?P<base>.+?)(?P<flip>-flip)?(?:-(?P<copy>\d+))?")


@dataclass(kw_only=True)
class ThreeDSRBench(HubBenchmark[RawRow]):
    """3DSRBench: height, location, orientation and several objects in three dimensions.

    Questions about one photo form a cluster.

    Attributes:
        scoring: `plain` reads each question once, as it is. The others read every row and tell
            which belong together: `flip` a row and its mirrored twin, `circular` the rotated
            copies of one picture, `flip-circular` all of these.
        images: folder of the photos, by their COCO file names, where rows carry none; `none` for
            no pictures.
        config: configuration on the hub (`3dsr_circular` in the copy of lmms-eval).
        hub_id: name on the hub (`oscarqjh/3DSRBench_lmmseval` for the copy of lmms-eval).
    """

    PAPER = "Ma et al. 2024, arXiv 2412.07825"
    LICENCE = "CC BY 4.0"
    HUB_ID = "ccvl/3DSRBench"
    REVISION = "24bc4854ead64eb7d1442da7e4789d2c807816b2"
    ROWS: ClassVar = {"flip": 5157}  # of the hub's table, the mirrored ones among them
    COLUMNS = ("question", "A", "B", "answer")

    scoring: str = "plain"
    config: str = ""

    def __post_init__(self) -> None:
        """Open the source; refuse a scoring that there is not."""
        self.rows = self.ROWS.get(choose("scoring", self.scoring, SCORINGS))
        self.name = "3dsrbench" if self.scoring == "plain" else f"3dsrbench/{self.scoring}"
        self.source = self._open(self.config or None)

    def _located(self) -> Iterator[tuple[str, RawRow | DataError]]:
        return self.source.keep(self._in_scoring)

    def _in_scoring(self, row: RawRow) -> bool:
        _, flip, copy = parts(row)
        return self.scoring != "plain" or not (flip or copy)

    def _sample(self, row: RawRow) -> Sample:
        base, flip, copy = parts(row)
        id = text(row, "index") or text(row, "qid")
        return choice_sample(
            id=f"{self.name}/{id}",
            benchmark=self.name,
            images=self._images(row, mirrored=bool(flip)),
            question=text(row, "question"),
            options=parsing.from_columns({k: row[k] for k in "ABCD" if k in row}),
            gold=row["answer"],
            cluster=text(row, "image_url") or base,
            group={
                "plain": None,
                "flip": base + copy,
                "circular": base + flip,
                "flip-circular": base,
            }[self.scoring],
            category=text(row, "category"),
            answer_as="letter",
        )

    def _images(self, row: RawRow, *, mirrored: bool) -> tuple[ImageRef, ...]:
        if self.source.images == NO_PICTURES or row.get("image"):
            return self.source.find(row)
        url = text(row, "image_url")
        if not url:
            raise DataError("expected a picture in image or image_url, found neither")
        name = urlparse(url).path.rpartition("/")[2]
        refs = self.source.named(name)
        if not mirrored:
            return refs
        return tuple(ImageRef(loader=Mirrored(ref), name=f"{ref.label}, mirrored") for ref in refs)


def parts(row: RawRow) -> tuple[str, str, str]:
    """Split a row's id into the question's, `-flip` or nothing, and `-k` of a copy or nothing.

    Raises:
        DataError: the row has neither a qid nor an index.
    """
    key = text(row, "qid") or text(row, "index")
    match = _KEY.fullmatch(key)
    if not match:
        raise DataError("expected an id in the column 'index' or 'qid', found none")
    copy = f"-{match['copy']}" if int(match["copy"] or 0) else ""
    return match["base"], match["flip"] or "", copy
