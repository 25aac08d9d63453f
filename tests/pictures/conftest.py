"""Made-up pictures of every kind that a file can be, with the pixels that a person sees in them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 24, 16
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Kind:
    """A file, what a person sees in it, and what has to be done for it.

    Attributes:
        name: what it is.
        data: the encoded bytes.
        seen: (height, width, 3) or, of a grey, (height, width), in 0 … 255.
        changes: what the file needs.
    """

    name: str
    data: bytes
    seen: Any = field(repr=False)
    changes: tuple[str, ...] = ()


def motif() -> Any:
    """Return (16, 24, 3) uint8 in which every turn can be told from every other one."""
    pixels = np.full((HEIGHT, WIDTH, 3), (40, 90, 200), np.uint8)
    pixels[:8, :8] = (220, 30, 30)
    pixels[:8, 8:16] = (30, 200, 60)
    pixels[8:, 16:] = (250, 250, 10)
    return pixels


TURNED: dict[int, Callable[[Any], Any]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a),
}
"""EXIF orientation → the picture as it is seen, of the picture as it is stored (TIFF 6.0)."""


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def turned(format: str, orientation: int, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(Image.fromarray(motif()), format, exif=exif, **options)


def _decoded(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def _on_white(alpha: Any) -> Any:
    share = (alpha / 255)[..., None]
    return np.rint(motif() * share + 255 * (1 - share)).astype(np.uint8)


def _alpha() -> Any:
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[:, :4], alpha[:, 4:8] = 0, 128
    return alpha


def plain() -> Iterator[Kind]:
    """Pictures that need nothing: their bytes stay."""
    picture = Image.fromarray(motif())
    for format, options in (
        ("PNG", {}),
        ("JPEG", {"quality": 90}),
        ("WEBP", {"lossless": True}),
        ("GIF", {}),
    ):
        data = encoded(picture, format, **options)
        yield Kind(f"plain {format}", data, _decoded(data))
    for mode in ("1", "L", "P"):
        data = encoded(picture.convert(mode), "PNG")
        yield Kind(f"plain {mode}", data, _decoded(data))
    opaque = picture.copy()
    opaque.putalpha(255)
    yield Kind("opaque RGBA", encoded(opaque, "PNG"), motif())
    yield Kind("upright JPEG", data := turned("JPEG", 1), _decoded(data))
    second = encoded(picture, "MPO", save_all=True, append_images=[picture.rotate(180)])
    yield Kind("MPO", second, _decoded(second))


def turns() -> Iterator[Kind]:
    """All EXIF orientations in all formats that have them."""
    formats = (("PNG", {}), ("JPEG", {"quality": 90}), ("WEBP", {"lossless": True}), ("TIFF", {}))
    for format, options in formats:
        stored = _decoded(turned(format, 1, **options))
        for orientation in range(2, 9):
            changes = ("turned", "recoded") if format == "TIFF" else ("turned",)
            seen = TURNED[orientation](stored)
            data = turned(format, orientation, **options)
            yield Kind(f"{format} turned {orientation}", data, seen, changes)


def transparent() -> Iterator[Kind]:
    """Pictures with transparent and half transparent places."""
    alpha, picture = _alpha(), Image.fromarray(motif())
    layered = picture.copy()
    layered.putalpha(Image.fromarray(alpha))
    yield Kind("RGBA", encoded(layered, "PNG"), _on_white(alpha), ("on white",))
    lossless = encoded(layered, "WEBP", lossless=True, exact=True)
    yield Kind("RGBA WebP", lossless, _on_white(alpha), ("on white",))
    grey = picture.convert("L")
    greys = np.asarray(grey)[..., None].repeat(3, 2)
    share = (alpha / 255)[..., None]
    on_white = np.rint(greys * share + 255 * (1 - share)).astype(np.uint8)
    grey_alpha = Image.merge("LA", (grey, Image.fromarray(alpha)))
    yield Kind("LA", encoded(grey_alpha, "PNG"), on_white, ("on white",))
    yield Kind("LA TIFF", encoded(grey_alpha, "TIFF"), on_white, ("on white", "recoded"))
    indexed = Image.fromarray((motif()[..., 0] > 100).astype(np.uint8), "P")
    indexed.putpalette([10, 200, 10, 200, 10, 10])
    seen = np.where(np.asarray(indexed)[..., None] == 0, 255, np.array([200, 10, 10]))
    for format in ("PNG", "GIF"):
        data = encoded(indexed, format, transparency=0)
        yield Kind(f"P {format}", data, seen.astype(np.uint8), ("on white",))
    colour_key = encoded(picture, "PNG", transparency=(220, 30, 30))
    seen = motif()
    seen[(seen == (220, 30, 30)).all(-1)] = 255
    yield Kind("RGB with a transparent colour", colour_key, seen, ("on white",))


def wide() -> Iterator[Kind]:
    """Greys of 16 bits, 32 bits, and floats."""
    ramp = np.linspace(0, 1, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
    eight = np.rint(ramp * 255).astype(np.uint8)
    sixteen = eight.astype(np.uint16) * 257
    for format in ("PNG", "TIFF"):
        changes = ("scaled",) if format == "PNG" else ("scaled", "recoded")
        yield Kind(f"I;16 {format}", encoded(Image.fromarray(sixteen), format), eight, changes)
    dark = Image.fromarray((ramp * 2570).astype(np.uint16))
    yield Kind("dark I;16", encoded(dark, "PNG"), np.rint(ramp * 10), ("scaled",))
    tiff: dict[str, tuple[Any, Any]] = {
        "I of 8 bits": (eight.astype(np.int32), eight),
        "I of 16 bits": (sixteen.astype(np.int32), eight),
        "I of 32 bits": (eight.astype(np.int32) * 4_000_000 - 500_000_000, eight),
        "F from 0 to 1": (ramp.astype(np.float32), eight),
        "F from 0 to 255": (eight.astype(np.float32), eight),
        "F of another range": (((eight.astype(np.float32) / 255) * 7 - 3), eight),
        "F with holes": (np.where(ramp > 0.5, np.nan, ramp).astype(np.float32), None),
        "F of one value": (np.full((HEIGHT, WIDTH), -4, np.float32), np.zeros_like(eight)),
    }
    for name, (values, seen) in tiff.items():
        data = encoded(Image.fromarray(values), "TIFF")
        if name == "F with holes":
            seen = np.where(ramp > 0.5, 0, eight)
        yield Kind(name, data, seen, ("scaled", "recoded"))


def animated() -> Iterator[Kind]:
    """Several frames, the first of which is the motif."""
    first = Image.fromarray(motif())
    others = [Image.new("RGB", first.size, colour) for colour in ("black", "white")]
    for format, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
        data = encoded(first, format, save_all=True, append_images=others, duration=50, **options)
        yield Kind(f"animated {format}", data, motif(), ("first frame",))
    pages = encoded(first, "TIFF", save_all=True, append_images=others)
    yield Kind("TIFF of pages", pages, motif(), ("first frame", "recoded"))


def other_codes() -> Iterator[Kind]:
    """Formats and colours that not every server takes."""
    picture = Image.fromarray(motif())
    yield Kind("BMP", encoded(picture, "BMP"), motif(), ("recoded",))
    yield Kind("TIFF", encoded(picture, "TIFF"), motif(), ("recoded",))
    for format in ("JPEG", "TIFF"):
        data = encoded(picture.convert("CMYK"), format)
        yield Kind(f"CMYK {format}", data, _decoded(data), ("recoded",))
    data = encoded(picture.convert("YCbCr"), "TIFF")
    yield Kind("YCbCr TIFF", data, _decoded(data), ("recoded",))


def joined() -> Iterator[Kind]:
    """Several needs at once."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    layered = Image.fromarray(motif())
    layered.putalpha(Image.fromarray(_alpha()))
    seen = TURNED[6](_on_white(_alpha()))
    yield Kind("RGBA turned", encoded(layered, "PNG", exif=exif), seen, ("turned", "on white"))
    ramp = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 170
    data = encoded(Image.fromarray(ramp), "PNG", exif=exif)
    yield Kind("I;16 turned", data, np.rot90(np.rint(ramp / 257), -1), ("turned", "scaled"))


KINDS = [*plain(), *turns(), *transparent(), *wide(), *animated(), *other_codes(), *joined()]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return one kind of picture after another."""
    return request.param


@pytest.fixture
def pixels(kind: Kind) -> Any:
    """Return (height, width, 3) uint8: what a person sees in it."""
    seen = np.asarray(kind.seen).astype(np.uint8)
    return seen if seen.ndim == 3 else seen[..., None].repeat(3, 2)


@pytest.fixture(scope="session")
def kinds() -> list[Kind]:
    """Return all kinds of pictures."""
    return KINDS
