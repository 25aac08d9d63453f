"""Recipe files: TOML, with options and `--set a.b=c` of the command line over what they say."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from unswayed.errors import ConfigError


def read(path: Path | Traversable) -> dict[str, Any]:
    """Return what a recipe file says.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the recipe {path} is not UTF-8: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the recipe {path} is no TOML: {error}") from error


def merged(
    recipe: Mapping[str, Any], options: Mapping[str, Any], overrides: Sequence[str]
) -> dict[str, Any]:
    """Put options and overrides over a recipe, later ones winning.

    Args:
        recipe: what the file says.
        options: top-level values; None values are left out.
        overrides: `a.b=c`; the value is read as TOML, or as text where it is none.

    Raises:
        ConfigError: an override is none, or goes through a key that is no section.
    """
    found = {**recipe, **{key: value for key, value in options.items() if value is not None}}
    for override in overrides:
        _override(found, override)
    return found


def _override(found: dict[str, Any], override: str) -> None:
    path, equals, value = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"expected --set key=value or section.key=value, found {override!r}")
    table = found
    for key in keys[:-1]:
        inner: Any = table.get(key, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {override}: {key!r} is no section")
        copied: dict[str, Any] = {**inner}
        table[key], table = copied, copied
    table[keys[-1]] = _value(value.strip())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
