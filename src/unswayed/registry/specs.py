"""Specs: how a thing that is registered is named with its argument and options.

Option values are read as TOML where they are numbers or booleans, and as text otherwise; a value
in double quotes is text whatever it looks like (`revision="0012"`). A spec that is the argument of
another one writes `;` for its commas: `panel:rules+llm:my-model;base_url=http://host:8000/v1`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unswayed.errors import ConfigError

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_AROUND_A_FILE = re.compile(r"[a-z][\w.-]+:(?=.+\.py:)")
"""A name whose argument names a class of a file: `reread:my_model.py:MyModel`."""


@dataclass(frozen=True)
class Spec:
    """A parsed spec: the name, its one positional argument, and its options."""

    name: str
    argument: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        """Return the spec as it would be written."""
        head = self.name if self.argument is None else f"{self.name}:{self.argument}"
        return ",".join([head, *(f"{key}={spelt(value)}" for key, value in self.options.items())])


def parse_spec(text: str) -> Spec:
    """Parse a spec.

    Raises:
        ConfigError: there is no name, or an option is not written as key=value, once.
    """
    head, *pairs = text.split(",")
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip().isidentifier():
            raise ConfigError(f"expected key=value after a comma in {text!r}, found {pair!r}")
        if key.strip() in options:
            raise ConfigError(f"option {key.strip()!r} is given twice in {text!r}; give it once")
        options[key.strip()] = value_of(value.strip())
    head = head.strip()
    if ".py:" in head and not _AROUND_A_FILE.match(head):
        return Spec(head, None, options)
    name, colon, argument = head.partition(":")
    if not name.strip():
        raise ConfigError(f"expected a name at the start of {text!r}")
    return Spec(name, argument if colon else None, options)


def parse_inner(text: str) -> Spec:
    """Parse a spec that is the argument of another one, where `;` stands for the comma.

    Raises:
        ConfigError: it is no spec.
    """
    return parse_spec(text.replace(";", ","))


def model_spec(text: str) -> Spec:
    """Read a model spec; a checkpoint folder or hub id stands for `transformers:PATH`."""
    head = text.partition(",")[0]
    if ".py:" not in head and ":" not in head and ("/" in head or Path(head).is_dir()):
        return parse_spec(f"transformers:{text}")
    return parse_spec(text)


def value_of(text: str) -> Any:
    """Read a value as it is written in a spec."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def spelt(value: Any) -> str:
    """Write an option's value so that it is read as the same one."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and (value_of(value) != value or value != value.strip()):
        return f'"{value}"'
    return str(value)
