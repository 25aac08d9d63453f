"""Pictures that cannot be read are named by file or by their place in the row, always alike."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from unswayed.benchmarks.file import File
from unswayed.benchmarks.sources.mirror import Mirrored
from unswayed.errors import DataError
from unswayed.run.pictures import decoding_problem, picture_size, read_image
from unswayed.types import ImageRef, Sample

BROKEN = b"\x89PNG\r\n\x1a\nbroken"


@pytest.mark.parametrize("read", [read_image, picture_size, lambda ref: Mirrored(ref)()])
@pytest.mark.parametrize("name", ["", "picture 2 of the row"])
def test_a_picture_in_memory_is_named_by_its_place(read: object, name: str) -> None:
    with pytest.raises(DataError) as error:
        read(ImageRef(data=BROKEN, name=name))  # type: ignore[operator]
    message = str(error.value)
    assert (name or "a picture of the row") in message
    assert "its format is not known" in message
    assert "0x" not in message


def test_a_picture_in_a_file_is_named_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(BROKEN)
    for read in (read_image, picture_size):
        with pytest.raises(DataError, match=re.escape(str(path))):
            read(ImageRef(path=str(path)))
    with pytest.raises(DataError, match=r"cannot read the picture .*lost\.png"):
        picture_size(ImageRef(path=str(tmp_path / "lost.png")))


def test_pictures_in_a_row_are_numbered(tmp_path: Path) -> None:
    cell = base64.b64encode(BROKEN).decode()
    row = {"question": "Which?", "A": "x", "B": "y", "answer": "A", "image": [cell, cell]}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(row) + "\n", "utf-8")
    (sample,) = File(str(path))
    assert isinstance(sample, Sample)
    assert [image.label for image in sample.images] == [
        "picture 1 of the row",
        "picture 2 of the row",
    ]
    assert "name" not in sample.model_dump()["images"][0]


def test_no_object_in_memory_is_named() -> None:
    error = OSError(f"broken data stream of {object()!r}\nmore")
    assert decoding_problem(error) == "broken data stream of the picture"
    assert decoding_problem(OSError()) == "OSError"


def test_the_size_is_read_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.new("RGB", (7, 3)).save(path)
    assert picture_size(ImageRef(path=str(path))) == (7, 3)
