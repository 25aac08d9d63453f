"""Pictures made small and put into the page itself, as data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from unswayed.errors import DataError
from unswayed.run.pictures import pixels_of
from unswayed.types import ImageRef

LONGEST_SIDE = 320
"""Pixels; larger pictures are scaled down."""

FEW_COLOURS = 64
"""Pictures with at most so many colours are drawings, and smaller and sharper as PNG."""

_JPEG_QUALITY = 82


@dataclass(frozen=True)
class Thumbnail:
    """A picture of a sample, or why it cannot be shown.

    Attributes:
        uri: data URI of a PNG or JPEG; empty if there is none.
        width: pixels.
        height: pixels.
        problem: why there is no picture.
    """

    uri: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""


def thumbnail(image: ImageRef, folder: Path) -> Thumbnail:
    """Return a small copy of a picture of a run folder; a fault is told, never raised.

    A path that leads out of the run folder is not followed: a run folder may come from elsewhere.
    """
    if image.path is None:
        return Thumbnail(problem="the record names no file")
    path = (folder / image.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        return Thumbnail(problem="its path leads out of the run folder")
    if not path.is_file():
        return Thumbnail(problem="the file is missing")
    try:
        return _encode(_small(path))
    except DataError:
        return Thumbnail(problem="the file cannot be read")


def _small(path: Path) -> Image.Image:
    side = 2 * LONGEST_SIDE
    picture = pixels_of(ImageRef(path=str(path)), (side, side))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture


def _encode(picture: Image.Image) -> Thumbnail:
    buffer = io.BytesIO()
    kind = "png" if picture.getcolors(FEW_COLOURS) else "jpeg"
    if kind == "png":
        picture.save(buffer, "PNG", optimize=True)
    else:
        picture.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/{kind};base64,{data}", picture.width, picture.height)
