"""Ready objects that a caller from Python lends under a name, for as long as a call lasts."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_LENT: ContextVar[Mapping[tuple[str, str], Any]] = ContextVar("lent", default=MappingProxyType({}))
"""Kind and name → the object."""
_OBJECT = re.compile(r"object\((.*)\)")


def object_name(label: str) -> str:
    """Return the name that an object has in the settings of a run: `object(my.Model)`."""
    return f"object({label})"


def label_of(name: str) -> str | None:
    """Return what `object_name` was made of; None for the name of something else."""
    match = _OBJECT.fullmatch(name)
    return match[1] if match else None


@contextmanager
def lent(objects: Mapping[tuple[str, str], Any]) -> Generator[None]:
    """Let names stand for ready objects while the context lasts.

    Args:
        objects: kind and name → the object.
    """
    token = _LENT.set({**_LENT.get(), **objects})
    try:
        yield
    finally:
        _LENT.reset(token)


def lent_objects(kind: str) -> dict[str, Any]:
    """Return the objects of a kind that are lent now, by name."""
    return {name: one for (of, name), one in _LENT.get().items() if of == kind}
