"""pandas frames: their columns declared with kind and meaning, missing values kept missing.

A cell that is not known is `NA` (texts, flags, counts) or NaN (numbers), never 0 or false.
"""

# pandas comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from unswayed import extras

if TYPE_CHECKING:
    from pandas import DataFrame

ColumnKind = Literal["text", "flag", "count", "number", "texts", "object"]
_DTYPES: Mapping[ColumnKind, str] = {
    # Python strings, because Arrow's hold no half of a surrogate pair
    "text": "string[python]",
    "flag": "boolean",
    "count": "Int64",
    "number": "float64",
    "texts": "object",  # tuples of texts
    "object": "object",  # dicts
}


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: its name.
        kind: what its cells are.
        meaning: one line with unit and range.
    """

    name: str
    kind: ColumnKind
    meaning: str

    @property
    def dtype(self) -> str:
        """Its type in pandas."""
        return _DTYPES[self.kind]


def require() -> None:
    """Require pandas, before anything is read.

    Raises:
        MissingExtra: it is not installed.
    """
    extras.require("a table of results", "pandas", only=("pandas",))


def frame(columns: Sequence[Column], cells: Mapping[str, Any]) -> DataFrame:
    """Return a table.

    Args:
        columns: its columns, in order.
        cells: name → the cells: a list with None where a cell is missing, or an array.

    Raises:
        MissingExtra: pandas is not installed.
    """
    require()
    import pandas as pd

    return pd.DataFrame({one.name: _series(one, cells[one.name]) for one in columns})


def records_frame(columns: Sequence[Column], records: Sequence[Mapping[str, Any]]) -> DataFrame:
    """Return a table of records, each of which has every column."""
    return frame(columns, {one.name: [row[one.name] for row in records] for one in columns})


def _series(column: Column, cells: Any) -> Any:
    import pandas as pd

    if column.dtype == "object":
        objects = np.empty(len(cells), dtype=object)
        for place, cell in enumerate(cells):  # numpy would make columns of tuples
            objects[place] = cell
        return pd.Series(objects)
    return pd.Series(cells, dtype=column.dtype)
