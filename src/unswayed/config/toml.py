"""Recipe files: TOML, `extends` another recipe, and options and `--set a.b=c` over what they say.

    extends = "accuracy"            # a shipped recipe by its name
    extends = "../base.toml"        # or a file, from the folder of the one that says so

What a recipe says goes over what it extends: tables key by key, however deep; every other value
replaces the other one whole, lists and lists of tables (`[[data]]`) among them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, cast

from unswayed.errors import ConfigError, UnknownName, looks_like_path

EXTENDS = "extends"
"""Key of a recipe that names the one it goes over."""


@dataclass(frozen=True)
class RecipeFile:
    """One recipe file as it lies on disk.

    Attributes:
        name: its path, or the name of a shipped one.
        text: what it says.
        table: the same, parsed.
    """

    name: str
    text: str
    table: Mapping[str, Any]


def chain(
    path: Path | Traversable, shipped: Mapping[str, Traversable] | None = None
) -> list[RecipeFile]:
    """Return a recipe file, the one that it extends, and so on.

    Args:
        path: the file.
        shipped: files that `extends` may call by a name.

    Raises:
        ConfigError: a file cannot be read or is no TOML, or the files extend each other in a
            circle; the message names the chain of files.
    """
    files: list[RecipeFile] = []
    seen: list[str] = []
    labels = {str(file): name for name, file in (shipped or {}).items()}
    at: Path | Traversable | None = path
    while at is not None:
        identity = str(at.resolve()) if isinstance(at, Path) else str(at)
        names = [*(file.name for file in files), labels.get(str(at), str(at))]
        if identity in seen:
            raise ConfigError(
                f"recipes extend each other in a circle: {' → '.join(names)}; take one of the "
                f"{EXTENDS!r} out"
            )
        seen.append(identity)
        files.append(_file(at, names))
        at = _extended(files[-1], at, shipped or {})
    return files


def file_of(
    recipe: str | Path, shipped: Mapping[str, Traversable], folder: str
) -> Path | Traversable:
    """Return the file that a recipe's name stands for: a path, or the name of a shipped one.

    Args:
        recipe: as the user wrote it.
        shipped: files of the shipped recipes by name.
        folder: the folder that may be named in a recipe's place, for the message.

    Raises:
        UnknownName: no shipped recipe has that name.
        ConfigError: there is no such file.
    """
    path, name = Path(recipe), str(recipe)
    if path.is_file():
        return path
    if name in shipped:
        return shipped[name]
    what = f"expected a recipe file (TOML) or {folder} at {path}, found"
    if path.is_dir():
        raise ConfigError(f"{what} a folder without run.json")
    if isinstance(recipe, Path) or looks_like_path(name):
        names = ", ".join(sorted(shipped))
        raise ConfigError(
            f"{what} nothing there; check the path, or name a shipped recipe ({names})"
        )
    raise UnknownName("recipe", name, shipped)


def read(
    path: Path | Traversable, shipped: Mapping[str, Traversable] | None = None
) -> dict[str, Any]:
    """Return what a recipe file says, over what it extends.

    Raises:
        ConfigError: see `chain`.
    """
    resolved: dict[str, Any] = {}
    for file in reversed(chain(path, shipped)):
        resolved = _over(resolved, file.table)
    resolved.pop(EXTENDS, None)
    return resolved


def as_written(
    path: Path | Traversable, shipped: Mapping[str, Traversable] | None = None
) -> dict[str, Any]:
    """Return the texts of a recipe file and of those that it extends, for a run's provenance.

    Raises:
        ConfigError: see `chain`.
    """
    first, *others = chain(path, shipped)
    texts = {file.name: file.text for file in others}
    return {"recipe": first.text, **({EXTENDS: texts} if texts else {})}


def merged(
    recipe: Mapping[str, Any], options: Mapping[str, Any], overrides: Sequence[str]
) -> dict[str, Any]:
    """Put options and overrides over a recipe, later ones winning.

    Args:
        recipe: what the file says.
        options: values by key, tables key by key; None values are left out.
        overrides: `a.b=c`; the value is read as TOML, or as text where it is none.

    Raises:
        ConfigError: an override is none, or goes through a key that is no section.
    """
    values = _over(recipe, {key: value for key, value in options.items() if value is not None})
    for override in overrides:
        _override(values, override)
    return values


def dumps(table: Mapping[str, Any]) -> str:
    """Write a table as TOML, sections behind plain values; None, which TOML lacks, is left out."""
    return "\n".join(_lines(table, "")).strip() + "\n"


def _file(path: Path | Traversable, names: Sequence[str]) -> RecipeFile:
    what = f"the recipe {names[-1]}"
    if len(names) > 1:
        what += f" (extended by {' → '.join(names[:-1])})"
    try:
        text = path.read_text("utf-8")
        return RecipeFile(names[-1], text, tomllib.loads(text))
    except OSError as error:
        raise ConfigError(f"cannot read {what}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} is not UTF-8: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{what} is no TOML: {error}") from error


def _extended(
    file: RecipeFile, path: Path | Traversable, shipped: Mapping[str, Traversable]
) -> Path | Traversable | None:
    """Return the file that a recipe extends; None if it extends none."""
    name = file.table.get(EXTENDS)
    if name is None:
        return None
    if isinstance(name, str) and name in shipped:
        return shipped[name]
    if isinstance(name, str) and name.endswith(".toml"):
        return Path(str(path)).parent / name
    named = f", or the name of a shipped recipe ({', '.join(sorted(shipped))})" if shipped else ""
    raise ConfigError(
        f"{file.name}: expected {EXTENDS} as the path of a file that ends in .toml{named}; found "
        f"{name!r}"
    )


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Put one table over another."""
    values = dict(below)
    for key, value in above.items():
        inner = values.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            value = _over(cast(dict[str, Any], inner), cast(dict[str, Any], value))
        values[key] = value
    return values


def _override(values: dict[str, Any], override: str) -> None:
    path, equals, value = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"expected --set key=value or section.key=value, found {override!r}")
    if keys == [EXTENDS]:
        raise ConfigError(f"--set {override}: {EXTENDS!r} belongs in a recipe file; name that file")
    table = values
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


def _lines(table: Mapping[str, Any], name: str) -> list[str]:
    """Return a table's plain values, and behind them its sections with their headings."""
    plain: list[str] = []
    sections: list[str] = []
    for key, value in table.items():
        path = f"{name}.{_key(key)}" if name else _key(key)
        if value is None:
            continue
        if isinstance(value, Mapping):
            inner = _lines(cast(Mapping[str, Any], value), path)
            sections += ["", f"[{path}]", *inner] if inner or not value else []
        elif _is_tables(value):
            for each in value:
                sections += ["", f"[[{path}]]", *_lines(each, path)]
        else:
            plain.append(f"{_key(key)} = {_literal(value)}")
    return plain + sections


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value)  # pyright: ignore[reportUnknownVariableType]


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        items = [_literal(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        return f"[{', '.join(items)}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
