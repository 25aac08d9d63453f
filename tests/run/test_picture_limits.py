"""Pictures in the size that a model family is shown, the same in every backend."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unswayed.run.pictures import pixels_of, read_within, size_within, within
from unswayed.types import ImageRef, PictureLimits


@pytest.mark.parametrize(
    ("limits", "size", "shown"),
    [
        ({}, (4000, 3000), (4000, 3000)),
        ({"max_side": 1260}, (1260, 900), (1260, 900)),
        ({"max_side": 1260}, (2520, 1000), (1260, 500)),
        ({"max_side": 1260}, (10, 2520), (5, 1260)),
        ({"max_side": 1260}, (1, 9000), (1, 1260)),
        ({"max_pixels": 10_000}, (200, 200), (100, 100)),
        ({"max_pixels": 10_000}, (100, 100), (100, 100)),
        ({"min_pixels": 10_000}, (50, 50), (100, 100)),
        ({"min_pixels": 10_000, "max_pixels": 20_000}, (100, 150), (100, 150)),
        ({"max_side": 100, "min_pixels": 40_000}, (400, 400), (200, 200)),
    ],
)
def test_the_size_in_which_a_picture_is_shown(
    limits: dict[str, int], size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert size_within(PictureLimits(**limits), *size) == shown


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="min_pixels of at most max_pixels"):
        PictureLimits(min_pixels=20, max_pixels=10)


@given(
    st.integers(1, 5000), st.integers(1, 5000), st.integers(200, 3000), st.integers(10**4, 10**6)
)
def test_limits_hold_and_the_shape_stays(width: int, height: int, side: int, most: int) -> None:
    limits = PictureLimits(max_side=side, max_pixels=most)
    across, down = size_within(limits, width, height)
    assert max(across, down) <= side
    assert across * down <= max(most, max(across, down))
    assert abs(across - width * down / height) <= 1 + width / height
    assert (across, down) == (width, height) or across < width or down < height


def test_every_reader_scales_alike(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.effect_noise((400, 100), 80).convert("RGB").save(path)
    limits, image = PictureLimits(max_side=200), ImageRef(path=str(path))
    sent = read_within(image, limits)
    assert sent.suffix == ".png"
    with Image.open(io.BytesIO(sent.data)) as opened:
        assert opened.tobytes() == within(pixels_of(image), limits).tobytes()
        assert opened.size == (200, 50)
    assert read_within(image, PictureLimits(max_side=400)).data == path.read_bytes()
