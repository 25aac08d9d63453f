"""Pictures: their size, decoded once to see that they can be, and what they are stored as."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from unswayed.errors import DataError
from unswayed.types import ImageRef

MAX_PIXELS = 150_000_000
"""Pictures above this are refused: a small file can unpack to gigabytes."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is decoded; Pillow knows more, among them formats that start other programs."""

_SUFFIX = {
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG that carries further pictures
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
}


_OBJECT = re.compile(r"<[^<>]* object at 0x[0-9a-fA-F]+>")
"""What Pillow calls a picture that it was given as bytes: another text in every run."""


def read_image(image: ImageRef) -> tuple[bytes, str]:
    """Return a picture's encoded bytes, decoded once to see that they can be, and its suffix.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    data = _bytes_of(image)
    return data, _checked_format(data, image.label)


def picture_size(image: ImageRef) -> tuple[int, int]:
    """Return the width and height of a picture in pixels; its header is read, nothing is decoded.

    Raises:
        DataError: the picture cannot be read, or has too many pixels.
    """
    with _opened(_bytes_of(image), image.label) as picture:
        return picture.size


def decoding_problem(error: Exception) -> str:
    """Say in one line why a picture could not be decoded, without naming an object in memory."""
    if isinstance(error, UnidentifiedImageError):
        return "its format is not known"
    lines = str(error).splitlines() or [type(error).__name__]
    return _OBJECT.sub("the picture", lines[0])


def _bytes_of(image: ImageRef) -> bytes:
    try:
        return image.read()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the picture {image.label}: {error}") from error


def _checked_format(data: bytes, name: str) -> str:
    """Decode the picture once, so that a broken one is found here and not inside a batch."""
    with _opened(data, name) as picture:
        picture.load()
        return _SUFFIX[picture.format or ""]


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
