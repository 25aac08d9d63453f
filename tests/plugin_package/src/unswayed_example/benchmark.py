"""A benchmark: is the number of dots even or odd?"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

from PIL import Image, ImageDraw

from unswayed.errors import ConfigError
from unswayed.types import ImageRef, Sample


class Dots:
    """Dots on a grid: is their number even or odd?"""

    name = "dots"

    def __init__(self, n: int = 20, seed: int = 0) -> None:
        if n < 1:
            raise ConfigError(f"expected n of at least 1, found {n}")
        self.n, self.seed = n, seed

    def __iter__(self) -> Iterator[Sample]:
        for index in range(self.n):
            chance = random.Random(f"{self.seed}-{index}")
            count = chance.randint(1, 9)
            yield Sample(
                id=f"dots/{index}",
                benchmark=self.name,
                images=(ImageRef(data=_picture(chance.sample(range(16), count))),),
                question="Is the number of dots even or odd?",
                options={"A": "even", "B": "odd"},
                answer="AB"[count % 2],
                cluster=f"dots/{index}",
            )


def _picture(cells: list[int]) -> bytes:
    image = Image.new("RGB", (112, 112), "white")
    draw = ImageDraw.Draw(image)
    for cell in cells:
        x, y = 28 * (cell % 4), 28 * (cell // 4)
        draw.ellipse((x + 6, y + 6, x + 22, y + 22), fill="black")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
