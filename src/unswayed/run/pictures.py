"""Pictures, read and decoded as a person sees them: the one way to a picture's pixels or size.

Programs differ in what they make of a file that needs more than decoding (`appearance` says how it
looks). So that models, servers, reports and trainings all see one picture, everything that reads
pictures reads them here. A JPEG, PNG, WebP or GIF file that needs no more keeps its bytes; any
other is written as PNG, without loss.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PIL import Image, UnidentifiedImageError

from unswayed.errors import DataError, first_line
from unswayed.run.appearance import KEPT, SIDEWAYS, as_seen, orientation_of
from unswayed.types import UNLIMITED, ImageRef, PictureChange, PictureLimits

MAX_PIXELS = 150_000_000
"""Pictures above this are refused: a small file can unpack to gigabytes."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is decoded; Pillow knows more, among them formats that start other programs."""

_PNG_EFFORT = 1
"""Of zlib, 1 … 9: more takes three times as long for a photo, and saves an eighth."""

_OBJECT = re.compile(r"<[^<>]* object at 0x[0-9a-fA-F]+>")
"""What Pillow calls a picture that it was given as bytes: another text in every run."""


@dataclass(frozen=True)
class ShownPicture:
    """The encoded bytes of a picture that shows, in every reader, what a person sees.

    Attributes:
        data: the bytes; those of the file if nothing had to be done.
        suffix: the suffix of a file with these bytes, such as `.png`.
        changes: what had to be done, in this order; empty if nothing.
        source_sha256: hex digest of the file's own bytes if they were changed, else None.
    """

    data: bytes
    suffix: str
    changes: tuple[PictureChange, ...] = ()
    source_sha256: str | None = None

    @property
    def media_type(self) -> str:
        """The type that a `data:` URL names."""
        return f"image/{self.suffix[1:].replace('jpg', 'jpeg')}"


def read_image(image: ImageRef) -> ShownPicture:
    """Read a picture and decode it once, so that a broken one is found here and not in a batch.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    data = _bytes_of(image)
    with _opened(data, image.label) as picture:
        seen, changes = as_seen(picture)
        if not changes:
            return ShownPicture(data, KEPT[picture.format or ""])
        return ShownPicture(png_of(seen), ".png", changes, hashlib.sha256(data).hexdigest())


def pixels_of(image: ImageRef, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Return a picture as a person sees it, as RGB.

    Args:
        image: the picture.
        at_least: width and height that are enough; a large JPEG is then decoded smaller.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    with seen(image, at_least) as picture:
        return picture.convert("RGB")


def size_within(limits: PictureLimits, width: int, height: int) -> tuple[int, int]:
    """Return the size in which a picture is shown; its shape stays, to a pixel."""
    factor = 1.0
    if limits.max_side is not None:
        factor = min(1.0, limits.max_side / max(width, height))
    area = width * height * factor**2
    if limits.max_pixels is not None and area > limits.max_pixels:
        factor *= math.sqrt(limits.max_pixels / area)
    elif limits.min_pixels is not None and area < limits.min_pixels:
        factor *= math.sqrt(limits.min_pixels / area)
    if factor == 1.0:
        return width, height
    rounded = math.ceil if factor > 1 else math.floor
    slack = 1e-9  # a side that is meant to be a whole number may come out a hair beside it
    sides = (side * factor + (-slack if factor > 1 else slack) for side in (width, height))
    across, down = (max(1, rounded(side)) for side in sides)
    return across, down


def within(picture: Image.Image, limits: PictureLimits) -> Image.Image:
    """Return a picture in the size that a model family is shown (Lanczos)."""
    size = size_within(limits, *picture.size)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def read_within(image: ImageRef, limits: PictureLimits) -> ShownPicture:
    """Read a picture as `read_image` does; one that has to be scaled becomes PNG.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    shown = read_image(image)
    if limits == UNLIMITED:
        return shown
    with seen(image) as picture:
        scaled = within(picture, limits)
        return shown if scaled is picture else replace(shown, data=png_of(scaled), suffix=".png")


@contextmanager
def seen(image: ImageRef, at_least: tuple[int, int] | None = None) -> Generator[Image.Image]:
    """Give a picture as a person sees it, in one of the modes of 8 bits, or its own if that is one.

    Args:
        image: the picture.
        at_least: width and height that are enough; a large JPEG is then decoded smaller.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    with _opened(_bytes_of(image), image.label) as picture:
        if at_least is not None:
            picture.draft("RGB", at_least)
        yield as_seen(picture)[0]


def picture_size(image: ImageRef) -> tuple[int, int]:
    """Return the width and height of a picture in pixels, as it is seen.

    Its header is read and nothing decoded, but for PNG, which may name its turn behind the pixels.

    Raises:
        DataError: the picture cannot be read, or has too many pixels.
    """
    with _opened(_bytes_of(image), image.label) as picture:
        if picture.format == "TIFF":
            picture.load()  # Pillow itself turns these, some versions when they are loaded
            return picture.size
        width, height = picture.size
        return (height, width) if orientation_of(picture) in SIDEWAYS else (width, height)


def png_of(picture: Image.Image) -> bytes:
    """Encode a picture as PNG, without loss."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_PNG_EFFORT)
    return buffer.getvalue()


def decoding_problem(error: Exception) -> str:
    """Say in one line why a picture could not be decoded, without naming an object in memory."""
    if isinstance(error, UnidentifiedImageError):
        return "its format is not known"
    return _OBJECT.sub("the picture", first_line(error))


def _bytes_of(image: ImageRef) -> bytes:
    try:
        return image.read()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the picture {image.label}: {error}") from error


@contextmanager
def _opened(data: bytes, name: str) -> Generator[Image.Image]:
    """Open a picture of a format and size that are allowed; what goes wrong is a DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise DataError(
                        f"{name} has {picture.width}×{picture.height} pixels; at most {MAX_PIXELS} "
                        "are decoded: scale it down"
                    )
                yield picture
    except DataError:
        raise
    except Exception as error:  # decoders raise whatever hostile bytes lead them to
        raise DataError(
            f"{name} is no readable picture ({decoding_problem(error)}); expected one of "
            f"{', '.join(_FORMATS)}: replace the file"
        ) from error
