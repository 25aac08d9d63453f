"""What is wrong with a document, in one line: the only writer of validation errors.

pydantic lists every fault of a document; people mend one at a time. The first fault is said as
everywhere in this project: what was expected, what was found, and near matches for a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from unswayed.errors import UnknownName

_LONGEST_VALUE = 80
_EXPECTED = (
    ("Input should be greater", "expected a value greater"),
    ("Input should be less", "expected a value less"),
    ("Input should be ", "expected "),
    ("Input should have ", "expected "),
    ("Tuple should have ", "expected "),
    ("List should have ", "expected "),
    ("String should have ", "expected "),
    ("Field required", "expected a value"),
    ("Value error, ", ""),
    ("Assertion failed, ", ""),
)
"""How pydantic's messages begin → how ours do."""

_COMPLETE = ("value_error", "assertion_error", "missing", "extra_forbidden")
"""Types of faults whose message says what was found, or where nothing was."""


@dataclass(frozen=True)
class Fault:
    """The first fault of a document.

    Attributes:
        field: dotted name of the field; empty for the document as a whole.
        problem: what was expected, and what was found.
    """

    field: str
    problem: str

    def text(self, whole: str) -> str:
        """Return `field: problem`, with a name for the document as a whole."""
        return f"{self.field or whole}: {self.problem}"


def first_fault(error: ValidationError) -> Fault:
    """Return the first fault of a document, a misspelt field before others.

    A misspelt field comes before the one that is missing because of it.
    """
    details = _first(error)
    problem = str(details["msg"])
    for start, ours in _EXPECTED:
        if problem.startswith(start):
            problem = ours + problem.removeprefix(start)
            break
    if details["type"] == "extra_forbidden":
        problem = "there is no such field; take it out"
    if details["type"] not in _COMPLETE:
        problem += f", found {_shown(details['input'])}"
    return Fault(_dotted(details["loc"]), problem)


def explain(error: ValidationError, schema: type[BaseModel], noun: str, place: str = "") -> str:
    """Say what is wrong with settings, with near matches for an unknown name.

    Args:
        error: the faults.
        schema: what the document should have been.
        noun: what its fields are called, such as `setting`.
        place: the file or folder that it was read from; empty for none.
    """
    details, fault = _first(error), first_fault(error)
    if details["type"] == "extra_forbidden":
        text = str(UnknownName(noun, fault.field, _fields_beside(schema, details["loc"])))
    elif details["type"] == "missing":
        text = f"the {noun} {fault.field!r} is missing; give it in the file or as an option"
    elif fault.field:
        text = f"{noun} {fault.field!r}: {fault.problem}"
    else:
        text = fault.problem
    return f"{place}: {text}" if place else text


def _first(error: ValidationError) -> Any:
    return min(error.errors(), key=lambda details: details["type"] != "extra_forbidden")


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _fields_beside(schema: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the dotted names of the fields of the table that a location lies in."""
    table = schema
    for part in location[:-1]:
        if isinstance(part, str) and part in table.model_fields:
            table = next(_tables(table.model_fields[part].annotation), table)
    return [_dotted((*location[:-1], name)) for name in table.model_fields]


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the tables that an annotation such as `Guards | None` or `tuple[Source, …]` has."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, tuple, list, dict):
        for inner in get_args(annotation):
            yield from _tables(inner)
