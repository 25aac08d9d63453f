"""Pictures are shown as a person sees them, whatever their file is, and plain files stay as is."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from unswayed.errors import DataError
from unswayed.run.appearance import as_seen
from unswayed.run.folder import RunFolder
from unswayed.run.pictures import picture_size, pixels_of, read_image
from unswayed.types import ImageRef

MOTIF = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def ref(kind: Any) -> ImageRef:
    return ImageRef(data=kind.data, name=kind.name)


def test_the_pixels_are_those_that_a_person_sees(kind: Any, pixels: Any) -> None:
    seen = pixels_of(ref(kind))
    assert seen.mode == "RGB"
    far = np.abs(np.asarray(seen).astype(int) - pixels)
    assert far.max() <= 1  # of rounding, where transparency is mixed
    assert picture_size(ref(kind)) == seen.size


def test_what_is_stored_decodes_to_these_pixels_in_every_reader(kind: Any) -> None:
    shown = read_image(ref(kind))
    assert shown.changes == kind.changes
    with Image.open(io.BytesIO(shown.data)) as stored:  # as any program reads it
        assert not getattr(stored, "is_animated", False) or kind.name == "MPO"
        assert np.array_equal(stored.convert("RGB"), pixels_of(ref(kind)))
        upright = ImageOps.exif_transpose(stored)
        assert np.array_equal(upright.convert("RGB"), stored.convert("RGB"))
        white = Image.new("RGBA", stored.size, "white")
        laid = Image.alpha_composite(white, stored.convert("RGBA")).convert("RGB")
        assert np.array_equal(laid, stored.convert("RGB"))
    again = read_image(ImageRef(data=shown.data))
    assert (again.data, again.changes) == (shown.data, ())


def test_plain_bytes_stay_and_changes_are_recorded(kind: Any, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    stored = run.store_image(ref(kind))
    data = (tmp_path / str(stored.path)).read_bytes()
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    record = json.loads(stored.model_dump_json())
    if kind.changes:
        assert record["changes"] == list(kind.changes)
        assert record["source_sha256"] == hashlib.sha256(kind.data).hexdigest()
        assert str(stored.path).endswith(".png")
    else:
        assert data == kind.data
        assert record == {"path": stored.path, "sha256": stored.sha256}
    assert ImageRef.model_validate(record) == stored


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_are_those_of_pillow(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(MOTIF), "JPEG", exif=exif)
    with Image.open(io.BytesIO(data)) as picture:
        expected = ImageOps.exif_transpose(picture)
    assert np.array_equal(pixels_of(ImageRef(data=data)), expected)


def test_a_palette_with_an_alpha_channel() -> None:
    """No format that is read has it, but Pillow's pictures do."""
    picture = Image.new("PA", (2, 1))
    picture.putpalette([10, 200, 10] * 256)
    picture.putpixel((0, 0), (0, 0))
    picture.putpixel((1, 0), (0, 255))
    seen, changes = as_seen(picture)
    assert changes == ("on white",)
    assert np.asarray(seen).tolist() == [[[255, 255, 255], [10, 200, 10]]]


def test_one_transparent_grey_of_16_bits() -> None:
    values = np.array([[0, 25_700, 65_535]], np.uint16)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", transparency=0)
    assert np.asarray(pixels_of(ImageRef(data=file.getvalue())))[0, :, 0].tolist() == [
        255,
        100,
        255,
    ]


def test_broken_exif_is_no_reason_to_refuse_a_picture() -> None:
    plain = encoded(Image.fromarray(MOTIF), "JPEG")
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03"
    data = plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:]
    assert read_image(ImageRef(data=data)).data == data


@given(orientation=st.integers(-5, 70_000) | st.text(max_size=3))
def test_an_orientation_that_is_none_is_upright(orientation: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    try:
        data = encoded(Image.fromarray(MOTIF), "PNG", exif=exif)
    except Exception:
        return
    if orientation not in range(2, 9):
        assert read_image(ImageRef(data=data)).changes == ()


@pytest.mark.parametrize("values", [np.nan, np.inf])
def test_floats_without_one_number_are_refused(values: float) -> None:
    data = encoded(Image.fromarray(np.full((2, 2), values, np.float32)), "TIFF")
    with pytest.raises(DataError, match="expected a number for at least one pixel"):
        read_image(ImageRef(data=data, name="depth"))


def test_a_large_jpeg_may_be_decoded_smaller() -> None:
    data = encoded(Image.new("RGB", (1600, 800), "red"), "JPEG")
    small = pixels_of(ImageRef(data=data), (300, 300))
    assert small.size[0] < 1600
    assert small.size[0] == 2 * small.size[1]
