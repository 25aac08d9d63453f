"""What a person sees in a decoded picture, where a file needs more than decoding.

A file can ask to be turned (EXIF), have transparent places, hold numbers of 16 or 32 bits, or
several frames. Programs differ in what they make of it: browsers turn a photo, Pillow does not; a
dropped alpha channel shows whatever colour lay under it. Here one of them is chosen:

- turned and mirrored as the file's orientation says;
- transparent places on white;
- greys of more than 8 bits scaled to 0 … 255: 16-bit values by 257; others by the smallest of the
  ranges 0 … 1 (floats alone), 0 … 255 and 0 … 65535 that holds them, else from least to largest;
- the first frame of several;
- one format that every server takes: JPEG, PNG, WebP and GIF stay; BMP, TIFF and colours for
  printing (CMYK) become PNG.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from unswayed.types import PictureChange

CHANGES: Mapping[PictureChange, str] = {
    "turned": "turned as EXIF says",
    "first frame": "the first of several frames",
    "scaled": "greys of more than 8 bits scaled to 8",
    "on white": "transparent places laid on white",
    "recoded": "written as PNG, of a format or colours that not every server takes",
}
"""What may have to be done to a picture, in the words of a line that counts them."""

KEPT = {
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

SIDEWAYS = (5, 6, 7, 8)
_EIGHT_BITS = ("1", "L", "P", "RGB")
"""Modes that every reader turns into the same RGB."""

_WIDE = ("I", "F")
"""Modes of 32 bits: whole numbers, and floats."""


def as_seen(picture: Image.Image) -> tuple[Image.Image, tuple[PictureChange, ...]]:
    """Return a picture as a person sees it, and what had to be done to it.

    A picture that needs nothing comes back as it is, in its own mode; any other in one of the modes
    1, L, P and RGB.

    Raises:
        ValueError: it is of a kind that cannot be shown.
    """
    changes = list[PictureChange]()
    kind, turn = picture.format, orientation_of(picture)
    recoded = kind is not None and kind not in KEPT
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


def orientation_of(picture: Image.Image) -> int:
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
