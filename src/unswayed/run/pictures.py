"""Pictures: decoded once to see that they can be, and what they are stored as."""

from __future__ import annotations

import io
import warnings

from PIL import Image

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


def read_image(image: ImageRef) -> tuple[bytes, str]:
    """Return a picture's encoded bytes, decoded once to see that they can be, and its suffix.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    try:
        data = image.read()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the picture {image.path}: {error}") from error
    return data, _checked_format(data, image.path or "a picture of the row")


def _checked_format(data: bytes, name: str) -> str:
    """Decode the picture once, so that a broken one is found here and not inside a batch."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise DataError(
                        f"{name} has {picture.width}×{picture.height} pixels; at most {MAX_PIXELS} "
                        "are decoded: scale it down"
                    )
                picture.load()
                return _SUFFIX[picture.format or ""]
    except DataError:
        raise
    except Exception as error:  # decoders raise whatever hostile bytes lead them to
        raise DataError(
            f"{name} is no readable picture ({_first_line(error)}); expected one of "
            f"{', '.join(_FORMATS)}: replace the file"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
