"""Pictures mirrored left to right, when a benchmark means the mirrored picture of a file."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import ImageOps

from unswayed.run.pictures import seen
from unswayed.types import ImageRef


@dataclass(frozen=True)
class Mirrored:
    """Fetches a picture and mirrors it, as it is seen (by its EXIF orientation)."""

    picture: ImageRef

    def __call__(self) -> bytes:
        """Return the mirrored picture as PNG.

        Raises:
            DataError: it cannot be read, is no picture, or a very large one.
        """
        buffer = io.BytesIO()
        with seen(self.picture) as picture:
            ImageOps.mirror(picture).save(buffer, "PNG")
        return buffer.getvalue()
