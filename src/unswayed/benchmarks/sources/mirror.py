"""Pictures mirrored left to right, when a benchmark means the mirrored picture of a file."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from unswayed.errors import DataError
from unswayed.run.pictures import MAX_PIXELS, decoding_problem
from unswayed.types import ImageRef


@dataclass(frozen=True)
class Mirrored:
    """Fetches a picture and mirrors it, as it is seen (by its EXIF orientation)."""

    picture: ImageRef

    def __call__(self) -> bytes:
        """Return the mirrored picture as PNG.

        Raises:
            OSError: the picture's file cannot be read.
            DataError: it is no picture, or a very large one.
        """
        data = self.picture.read()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow warns of pictures that are allowed here
                return _mirrored(data)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(
                f"cannot mirror {self.picture.label}: {decoding_problem(error)}; replace the file"
            ) from error


def _mirrored(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(
                f"it has {opened.width}×{opened.height} pixels, and at most {MAX_PIXELS} are "
                f"decoded"
            )
        buffer = io.BytesIO()
        ImageOps.mirror(ImageOps.exif_transpose(opened)).save(buffer, "PNG")
    return buffer.getvalue()
