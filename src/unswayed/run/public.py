"""Recorded facts made fit for others: no folders and addresses of the machine of training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ADDRESS = re.compile(r"(https?)://[^\s,;\"'/]+")
_PATH = re.compile(r"(?<![\w./…])(?:~|\.{1,2})?/(?:[^\s,;:\"'/]+/)*(?=[^\s,;:\"'/])")


def public(value: Any) -> Any:
    """Return a JSON value with the folders of paths and the hosts of addresses taken out.

    Of `file:/home/me/mine.jsonl` remains `file:…/mine.jsonl`, of
    `base_url=http://10.0.0.3:8000/v1` remains `base_url=http://…/v1`.
    """
    if isinstance(value, str):
        return _PATH.sub("…/", _ADDRESS.sub(r"\1://…", value))
    if isinstance(value, Mapping):
        return {key: public(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [public(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value
