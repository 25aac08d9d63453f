"""Gold boxes of a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from unswayed.answers.values import Box
from unswayed.errors import DataError


def from_edges(cell: Any) -> Box:
    """Read left, top, right and bottom edge.

    Raises:
        DataError: they are not four finite numbers, or enclose no area.
    """
    return _with_area(_four(cell), cell)


def from_width_and_height(cell: Any) -> Box:
    """Read left edge, top edge, width and height, as COCO has them.

    Raises:
        DataError: they are not four finite numbers, or enclose no area.
    """
    x, y, width, height = _four(cell)
    return _with_area((x, y, x + width, y + height), cell)


def _four(cell: Any) -> Box:
    cells = cast(Sequence[Any], cell) if isinstance(cell, list | tuple) else ()
    edges = [float(edge) for edge in cells if isinstance(edge, int | float)]
    if len(edges) != 4 or len(cells) != 4 or not all(math.isfinite(edge) for edge in edges):
        raise DataError(f"expected a box of four numbers, found {cell!r:.80}")
    return (edges[0], edges[1], edges[2], edges[3])


def _with_area(box: Box, cell: Any) -> Box:
    if box[0] >= box[2] or box[1] >= box[3]:
        raise DataError(f"expected a box with an area, found {cell!r:.80}")
    return box
