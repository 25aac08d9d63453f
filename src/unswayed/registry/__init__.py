"""Names → factories, through entry points.

Everything that a user can name is an entry point in the group of its kind (`_GROUPS`); the
built-ins are declared in the project's own metadata in the same way, so a plugin can do all that
they can. A *spec* names one with its options:

    scenes                       a name
    file:questions.jsonl         a name and its argument
    scenes,n=500,level=hard      a name and options
    my_bench.py:MyBenchmark,n=3  a class of a file of your own

`specs` has the grammar, and `calls` holds a spec against the signature of what it names.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from inspect import BoundArguments
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from unswayed.errors import ConfigError, UnknownName, told
from unswayed.extras import explain
from unswayed.registry.calls import bind
from unswayed.registry.lending import label_of, lent_objects
from unswayed.registry.specs import Spec, model_spec, parse_inner, parse_spec

__all__ = [
    "OWN_CODE",
    "Kind",
    "Spec",
    "call",
    "create",
    "load",
    "model_spec",
    "names",
    "parse_inner",
    "parse_spec",
]

Kind = Literal["benchmark", "model", "judge", "perturbation", "text source", "profile", "reward"]
_GROUPS: dict[Kind, str] = {
    "benchmark": "unswayed.benchmarks",
    "model": "unswayed.models",
    "judge": "unswayed.judges",
    "perturbation": "unswayed.perturbations",
    "text source": "unswayed.texts",
    "profile": "unswayed.profiles",
    "reward": "unswayed.rewards",
}
"""Kind → its group of entry points."""
_FILES: dict[Kind, str] = {
    "benchmark": "name questions of your own as file:PATH (.jsonl, .json, .tsv or .csv)",
    "model": "name a checkpoint by its folder or hub id",
    "text source": "name texts of your own as file:PATH (.jsonl)",
}
"""Kind → how a file of the user's is named, where it is no Python file."""
OWN_CODE = "name one of your own as MY_FILE.py:NAME"
"""How Python code of the user's is named, whatever its kind."""


def names(kind: Kind) -> dict[str, str]:
    """Return the registered names of a kind with the place that each comes from."""
    registered = {point.name: point.value for point in _points(kind).values()}
    lent = {name: type(one).__name__ for name, one in lent_objects(kind).items()}
    return registered | lent


def load(kind: Kind, name: str) -> Callable[..., Any]:
    """Return the factory behind a name or behind `my_file.py:Name`.

    Raises:
        UnknownName: nothing has that name; the message offers near matches.
        MissingExtra: its optional dependency is not installed.
        ConfigError: the file does not exist, the code behind the name cannot be imported, or two
            packages bring the name.
    """
    objects = lent_objects(kind)
    if name in objects:
        ready = objects[name]
        return ready if kind == "perturbation" else lambda: ready
    if label := label_of(name):
        raise ConfigError(
            f"the {kind} {name} was an object of Python, and there is none here; call "
            f"unswayed.evaluate again with an object of {label} in its place"
        )
    if ".py:" in name:
        return _from_file(name)
    if name.endswith(".py"):
        raise ConfigError(f"expected {name}:NAME, the name of a {kind} in the file; found no NAME")
    points = _points(kind)
    if name not in points:
        raise UnknownName(kind, name, points, _FILES.get(kind, OWN_CODE))
    _require_one(kind, name)
    try:
        return points[name].load()
    except ModuleNotFoundError as error:
        what = f"the {kind} {name!r}"
        raise explain(error, what) or _not_importable(what, error) from error
    except Exception as error:  # a plugin's code may raise anything
        raise _not_importable(f"the {kind} {name!r}", error) from error


def create(kind: Kind, spec: str | Spec) -> Any:
    """Build what a spec names.

    Raises:
        UnknownName: unknown name, or an option that the factory does not have.
        ConfigError: an argument is missing, superfluous or of the wrong type; the factory refuses
            a value by a `ValueError`; or the name is no factory.
    """
    spec = parse_spec(spec) if isinstance(spec, str) else spec
    factory, bound = call(kind, spec)
    try:
        return factory(*bound.args, **bound.kwargs)
    except ValueError as error:
        raise ConfigError(f"cannot make the {kind} {str(spec)!r}: {told(error)}") from error


def call(kind: Kind, spec: Spec) -> tuple[Callable[..., Any], BoundArguments]:
    """Return the factory that a spec names and how it is to be called, without calling it.

    Raises:
        UnknownName: unknown name, or an option that the factory does not have.
        ConfigError: an argument is missing, superfluous or of the wrong type, or the name is no
            factory.
    """
    factory = load(kind, spec.name)
    if not callable(factory):
        raise ConfigError(f"expected a class or function at {spec.name!r}, found {factory!r}")
    return factory, bind(f"the {kind} {spec.name!r}", spec, factory)


def _points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUPS[kind])}


def _require_one(kind: Kind, name: str) -> None:
    """Refuse a name that two packages bring: which of them comes first is chance."""
    rivals = {point.value: point for point in entry_points(group=_GROUPS[kind], name=name)}
    if len(rivals) > 1:
        told = ", ".join(
            f"{value} of {point.dist.name if point.dist else 'an unknown package'}"
            for value, point in sorted(rivals.items())
        )
        raise ConfigError(
            f"{len(rivals)} packages bring a {kind} called {name!r} ({told}); uninstall all but one"
        )


def _from_file(name: str) -> Callable[..., Any]:
    file, _, attribute = name.rpartition(":")
    path = Path(file).resolve()
    if not path.is_file():
        raise ConfigError(f"expected a Python file before the colon in {name!r}, found no {file}")
    module = _imported(path)
    if not hasattr(module, attribute):
        public = [n for n in vars(module) if not n.startswith("_")]
        raise UnknownName(f"name in {file}", attribute, public)
    return getattr(module, attribute)


def _imported(path: Path) -> ModuleType:
    """Return the module of a user's file, imported once."""
    key = f"unswayed-user-file:{path}"
    if key in sys.modules:
        return sys.modules[key]
    spec = importlib.util.spec_from_file_location(key, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"cannot import {path}; expected a Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module  # dataclasses look their module up while it is being imported
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[key]
        raise _not_importable(str(path), error) from error
    return module


def _not_importable(what: str, error: Exception) -> ConfigError:
    """Say in one line what is wrong with code that is not ours, and where."""
    return ConfigError(
        f"cannot import {what}: {told(error)}; mend the code or install what it needs"
    )
