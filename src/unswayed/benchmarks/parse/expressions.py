"""Referring expressions in rows: their text, the box that each describes, and their picture.

Two forms. In the hub copies of RefCOCO a row is an object: `answer` (a list of expressions) and
`bbox` (x, y, width, height). In JSON as VLM-R1 has it a row is an expression: `normal_caption` (or
`problem`) and `solution` (x1, y1, x2, y2). The column tells the form: figures alone could not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from unswayed.answers.values import Box
from unswayed.benchmarks.parse import regions
from unswayed.benchmarks.sources.fields import RawRow, text
from unswayed.errors import DataError

_COCO_PICTURE = re.compile(r"COCO_\w+?_\d{12}")
_FORMS = (
    "'answer' (a list of expressions) with 'bbox' (x, y, width, height), or 'normal_caption' with "
    "'solution' (x1, y1, x2, y2)"
)


@dataclass(frozen=True)
class Expression:
    """One expression of a row: its text as found, and the sample's native id."""

    cells: RawRow
    text: Any
    native_id: str

    def said(self) -> str:
        """Return the text in one line.

        Raises:
            DataError: there is none, or it is no valid Unicode.
        """
        expression = self.text
        if not isinstance(expression, str) or not expression.strip():
            raise DataError(f"expected an expression, found {expression!r:.60}")
        try:
            expression.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"expected valid Unicode, found {expression!r:.60}") from error
        return " ".join(expression.split())

    def box(self) -> Box:
        """Return the gold as x1, y1, x2, y2 in pixels.

        Raises:
            DataError: it is no box with an area, or there is none.
        """
        if "solution" in self.cells:
            return regions.from_edges(self.cells["solution"])
        return regions.from_width_and_height(self.cells["bbox"])

    def picture(self) -> str:
        """Return the COCO picture's name; file names of the hub copies end in the object's id."""
        row = self.cells
        name = text(row, "file_name") or (text(row, "image") if "solution" in row else "")
        match = _COCO_PICTURE.search(name)
        return match[0] if match else name


def of_rows(
    rows: Iterable[tuple[str, RawRow | DataError]],
) -> Iterator[tuple[str, Expression | DataError]]:
    """Take rows apart; an object may have several rows, so repeated ids are counted.

    Yields:
        Where the expression lies, and the expression or the error of its row.
    """
    seen: Counter[str] = Counter()
    for where, row in rows:
        expressions = row if isinstance(row, DataError) else _texts(row)
        if isinstance(row, DataError) or isinstance(expressions, DataError):
            yield where, cast(DataError, expressions)
            continue
        id = text(row, "question_id") or where.rpartition(":")[2]
        seen[id] += 1
        native = id if seen[id] == 1 else f"{id}.{seen[id]}"
        for number, expression in enumerate(expressions):
            yield f"{where}, expression {number}", Expression(row, expression, f"{native}-{number}")


def _texts(row: RawRow) -> list[Any] | DataError:
    """Return the expressions of a row: several in the hub copies, one in VLM-R1's JSON."""
    if "solution" in row:
        expression = text(row, "normal_caption") or text(row, "problem").partition("describes:")[2]
        return [expression.strip()]
    if not {"answer", "bbox"} <= row.keys():
        return DataError(f"expected the columns {_FORMS}; found only: {', '.join(map(str, row))}")
    value: Any = row["answer"]
    if isinstance(value, list) and value:
        return cast(list[Any], value)
    return DataError(f"expected a list of expressions in 'answer', found {value!r:.60}")
