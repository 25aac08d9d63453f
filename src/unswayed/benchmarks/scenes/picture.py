"""Draws a scene: 112 × 112 pixels, plain or shaded, the same bytes for the same scene."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image, ImageDraw

from unswayed.benchmarks.scenes.scene import SIDE, Scene, Thing

PAINT = {
    "red": (220, 40, 40),
    "green": (40, 170, 60),
    "blue": (50, 80, 220),
    "yellow": (235, 210, 40),
    "purple": (150, 60, 190),
    "orange": (240, 140, 30),
}
_OVERSAMPLE = 2
_INK = (20, 20, 20)
_SHADE = 12
"""How far a channel of a colour may lie from PAINT in the plain style."""

_FOG_GREY = 200
_FOG_NOISE = (10.0, 28.0)
"""Standard deviation of the noise in fog, in grey levels: at least, and what thick fog adds."""

Point = tuple[float, float]


def draw(scene: Scene) -> Image.Image:
    """Return the picture of a scene as RGB, 112 × 112."""
    rng = random.Random(f"{scene.seed_text}/paint")
    canvas = _plain_ground(rng) if scene.style == "plain" else _shaded_ground(rng)
    pen = ImageDraw.Draw(canvas)
    for thing in scene.things:
        turn = 0.0 if scene.style == "plain" else rng.uniform(-0.35, 0.35)
        outline = _INK if scene.style == "plain" else None
        _draw_thing(pen, thing, _shade(rng, PAINT[thing.color]), turn, outline)
    picture = canvas.resize((SIDE, SIDE), Image.Resampling.BOX)
    return _in_fog(picture, scene) if scene.fog else picture


def png(scene: Scene) -> bytes:
    """Return the picture of a scene as PNG bytes."""
    buffer = io.BytesIO()
    draw(scene).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _plain_ground(rng: random.Random) -> Image.Image:
    side = SIDE * _OVERSAMPLE
    grey = rng.randint(188, 212)
    return Image.new("RGB", (side, side), (grey, grey, grey))


def _shaded_ground(rng: random.Random) -> Image.Image:
    """A grey ramp in a random direction under soft blotches."""
    side = SIDE * _OVERSAMPLE
    angle, level = rng.uniform(0, 2 * math.pi), rng.uniform(150, 215)
    axis = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    ramp = math.cos(angle) * axis[None, :] + math.sin(angle) * axis[:, None]
    coarse = np.array([rng.uniform(-14, 14) for _ in range(196)], dtype=np.float32)
    blotches = Image.fromarray(coarse.reshape(14, 14)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    grey = level + 50 * ramp + np.asarray(blotches, dtype=np.float32)
    tint = np.array([rng.uniform(-8, 8) for _ in range(3)], dtype=np.float32)
    pixels = np.clip(grey[:, :, None] + tint, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _in_fog(picture: Image.Image, scene: Scene) -> Image.Image:
    """Fade a picture into grey and lay noise over it.

    The noise of a pixel is a sum of four uniform integers from a generator whose stream is
    frozen, so that the bytes are the same on every machine.
    """
    seed = random.Random(f"{scene.seed_text}/noise").getrandbits(32)
    pixels = np.asarray(picture, dtype=np.float32)
    drawn = np.random.RandomState(seed).randint(0, 256, (4, *pixels.shape)).sum(axis=0) - 510
    least, more = _FOG_NOISE
    deviation = (least + more * scene.fog) / math.sqrt(4 * (256**2 - 1) / 12)
    faded = (1 - scene.fog) * pixels + scene.fog * _FOG_GREY + deviation * drawn
    return Image.fromarray(np.clip(np.rint(faded), 0, 255).astype(np.uint8))


def _shade(rng: random.Random, paint: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (
        min(255, max(0, channel + rng.randint(-_SHADE, _SHADE))) for channel in paint
    )
    return red, green, blue


def _draw_thing(
    pen: ImageDraw.ImageDraw,
    thing: Thing,
    paint: tuple[int, int, int],
    turn: float,
    outline: tuple[int, int, int] | None,
) -> None:
    x, y, radius = (value * _OVERSAMPLE for value in (thing.x, thing.y, thing.radius))
    width = 2 if outline else 0
    if thing.shape == "circle":
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, fill=paint, outline=outline, width=width)
        return
    corners = _square(radius) if thing.shape == "square" else _triangle(radius)
    turned = [_turned(corner, turn) for corner in corners]
    pen.polygon([(x + dx, y + dy) for dx, dy in turned], fill=paint, outline=outline, width=width)


def _square(radius: float) -> list[Point]:
    half = 0.9 * radius
    return [(-half, -half), (half, -half), (half, half), (-half, half)]


def _triangle(radius: float) -> list[Point]:
    return [(0, -1.15 * radius), (1.1 * radius, 0.85 * radius), (-1.1 * radius, 0.85 * radius)]


def _turned(point: Point, angle: float) -> Point:
    x, y = point
    return (
        x * math.cos(angle) - y * math.sin(angle),
        x * math.sin(angle) + y * math.cos(angle),
    )
