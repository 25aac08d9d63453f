"""Pictures as a person sees them: decoded, and made plain where a file needs more than decoding.

A file can ask to be turned (EXIF), have transparent places, hold numbers of 16 or 32 bits, or
several frames. Programs differ in what they make of it: browsers turn a photo, Pillow does not; a
dropped alpha channel shows whatever colour lay under it. So that models, servers, reports and
trainings all see one picture, everything that reads pictures reads them here:

- turned and mirrored as the file's orientation says;
- transparent places on white;
- greys of more than 8 bits scaled to 0 … 255: 16-bit values by 257; others by the smallest of the
  ranges 0 … 1 (floats alone), 0 … 255 and 0 … 65535 that holds them, else from least to largest;
- the first frame of several;
- one format that every server takes: JPEG, PNG, WebP and GIF stay; BMP, TIFF and colours for
  printing (CMYK) become PNG.

A file that needs none of this keeps its bytes; any other is written as PNG, without loss.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from unswayed.errors import DataError
from unswayed.types import ImageRef, PictureChange

MAX_PIXELS = 150_000_000
"""Pictures above this are refused: a small file can unpack to gigabytes."""

CHANGES: Mapping[PictureChange, str] = {
    "turned": "turned as EXIF says",
    "first frame": "the first of several frames",
    "scaled": "greys of more than 8 bits scaled to 8",
    "on white": "transparent places laid on white",
    "recoded": "written as PNG, of a format or colours that not every server takes",
}
"""What may have to be done to a picture, in the words of a line that counts them."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is decoded; Pillow knows more, among them formats that start other programs."""

_KEPT = {
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG that carries further pictures, such as a depth map
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
}
"""Formats whose bytes are kept → suffix."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what shows the picture upright. Pillow's own `exif_transpose` also writes the
other EXIF fields anew, and fails on files where those are broken."""

_SIDEWAYS = (5, 6, 7, 8)
_EIGHT_BITS = ("1", "L", "P", "RGB")
"""Modes that every reader turns into the same RGB."""

_WIDE = ("I", "F")
"""Modes of 32 bits: whole numbers, and floats."""

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
            return ShownPicture(data, _KEPT[picture.format or ""])
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
        return (height, width) if _orientation(picture) in _SIDEWAYS else (width, height)


def png_of(picture: Image.Image) -> bytes:
    """Encode a picture as PNG, without loss."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_PNG_EFFORT)
    return buffer.getvalue()


def as_seen(picture: Image.Image) -> tuple[Image.Image, tuple[PictureChange, ...]]:
    """Return a picture as a person sees it, and what had to be done to it.

    A picture that needs nothing comes back as it is, in its own mode; any other in one of the modes
    1, L, P and RGB.

    Raises:
        ValueError: it is of a kind that cannot be shown.
    """
    changes = list[PictureChange]()
    kind, turn = picture.format, _orientation(picture)
    recoded = kind is not None and kind not in _KEPT
    several = kind != "MPO" and getattr(picture, "is_animated", False)
    picture.load()
    if turn in _TURNS:
        changes.append("turned")
        if kind != "TIFF":  # Pillow has turned these already
            picture = picture.transpose(_TURNS[turn])
    if several:
        changes.append("first frame")
    if picture.mode.startswith("I;16") or picture.mode in _WIDE:
        picture = _scaled(picture, sixteen=kind == "PNG" or picture.mode.startswith("I;16"))
        changes.append("scaled")
    elif picture.has_transparency_data:
        flat = _on_white(picture)
        if flat is not None:
            picture = flat
            changes.append("on white")
    elif picture.mode not in _EIGHT_BITS:
        picture = picture.convert("RGB")
        picture.info.clear()  # its colour profile is of the other mode
        recoded = True
    if recoded:
        changes.append("recoded")
    if changes and picture.mode not in _EIGHT_BITS:  # an alpha channel that hides nothing
        picture = picture.convert("RGB")
    return picture, tuple(changes)


def told(changed: Mapping[PictureChange, int]) -> str:
    """Say in a line how many pictures had to be changed to show what a person sees, and how."""
    parts = [f"{changed[one]} {words}" for one, words in CHANGES.items() if changed.get(one)]
    return f"pictures are shown as a person sees them: {'; '.join(parts)}"


def decoding_problem(error: Exception) -> str:
    """Say in one line why a picture could not be decoded, without naming an object in memory."""
    if isinstance(error, UnidentifiedImageError):
        return "its format is not known"
    lines = str(error).splitlines() or [type(error).__name__]
    return _OBJECT.sub("the picture", lines[0])


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 … 8; 1 for a file that names none or whose EXIF is broken."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # EXIF is written by every camera in its own way; the pixels are what counts
        return 1
    return value if value in _TURNS else 1


def _on_white(picture: Image.Image) -> Image.Image | None:
    """Lay a picture on white; None if it has no transparent place."""
    layers = picture.convert("RGBA")
    alpha = layers.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return None
    white = Image.new("RGB", layers.size, "white")
    white.paste(layers.convert("RGB"), mask=alpha)
    return white


def _scaled(picture: Image.Image, *, sixteen: bool) -> Image.Image:
    """Return greys of more than 8 bits as 8 bits.

    Args:
        picture: the picture, perhaps with one value that is transparent.
        sixteen: whether its values are known to have 16 bits. (Some versions of Pillow hold those
            of a PNG in 32.)
    """
    values = np.asarray(picture).astype(np.float64)
    shades = values / 257 if sixteen else _eight_bits(values, floats=picture.mode == "F")
    shades = np.where(values == picture.info.get("transparency", math.nan), 255, shades)
    return Image.fromarray(np.rint(shades).astype(np.uint8))


def _eight_bits(values: NDArray[np.float64], *, floats: bool) -> NDArray[np.float64]:
    """Scale values of an unknown range to 0 … 255; NaN becomes the least."""
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("expected a number for at least one pixel, found none")
    least, most = float(values[finite].min()), float(values[finite].max())
    if least >= 0 and (holding := [one for one in (1, 255, 65535) if most <= one]):
        ranges = holding if floats else [one for one in holding if one > 1]
        least, most = 0.0, float(ranges[0])
    span = most - least or 1.0
    known = np.where(np.isnan(values), least, values)
    return np.clip((known - least) / span, 0, 1) * 255


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
