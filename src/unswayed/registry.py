"""Names → factories, through entry points.

Everything that a user can name is an entry point in the group of its kind (`_GROUPS`); the
built-ins are declared in the project's own metadata in the same way, so a plugin can do all that
they can. A *spec* names one with its options:

    scenes                       a name
    file:questions.jsonl         a name and its argument
    scenes,n=500,level=hard      a name and options
    my_bench.py:MyBenchmark,n=3  a class of a file of your own

Option values are read as TOML where they are numbers or booleans, and as text otherwise; a value
in double quotes is text whatever it looks like (`revision="0012"`). A spec that is the argument of
another one writes `;` for its commas: `panel:rules+llm:my-model;base_url=http://host:8000/v1`.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from unswayed.errors import ConfigError, MissingExtra, UnknownName

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

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_AROUND_A_FILE = re.compile(r"[a-z][\w.-]+:(?=.+\.py:)")
"""A name whose argument names a class of a file: `reread:my_model.py:MyModel`."""

_EXTRA_OF = {
    "torch": "transformers",
    "transformers": "transformers",
    "tokenizers": "transformers",
    "safetensors": "transformers",
    "trl": "train",
    "verl": "verl",
    "ray": "verl",
    "datasets": "hub",
    "pyarrow": "hub",
    "aiohttp": "http",
    "jinja2": "report",
    "matplotlib": "report",
}


@dataclass(frozen=True)
class Spec:
    """A parsed spec: the name, its one positional argument, and its options."""

    name: str
    argument: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        """Return the spec as it would be written."""
        head = self.name if self.argument is None else f"{self.name}:{self.argument}"
        return ",".join([head, *(f"{key}={_spelt(value)}" for key, value in self.options.items())])


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
        options[key.strip()] = _value(value.strip())
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


def names(kind: Kind) -> dict[str, str]:
    """Return the registered names of a kind with the place that each comes from."""
    return {point.name: point.value for point in _points(kind).values()}


def load(kind: Kind, name: str) -> Callable[..., Any]:
    """Return the factory behind a name or behind `my_file.py:Name`.

    Raises:
        UnknownName: nothing has that name; the message offers near matches.
        MissingExtra: its optional dependency is not installed.
        ConfigError: the file does not exist, or the code behind the name cannot be imported.
    """
    if ".py:" in name:
        return _from_file(name)
    if name.endswith(".py"):
        raise ConfigError(f"expected {name}:NAME, the name of a {kind} in the file; found no NAME")
    points = _points(kind)
    if name not in points:
        raise UnknownName(kind, name, points)
    try:
        return points[name].load()
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in _EXTRA_OF:
            raise _not_importable(f"the {kind} {name!r}", error) from error
        raise MissingExtra(_EXTRA_OF[module], f"the {kind} {name!r}", module) from error
    except Exception as error:  # a plugin's code may raise anything
        raise _not_importable(f"the {kind} {name!r}", error) from error


def create(kind: Kind, spec: str | Spec) -> Any:
    """Build what a spec names.

    Raises:
        UnknownName: unknown name, or an option that the factory does not have.
        ConfigError: an argument is missing or superfluous, or the name is no factory.
    """
    spec = parse_spec(spec) if isinstance(spec, str) else spec
    factory = load(kind, spec.name)
    if not callable(factory):
        raise ConfigError(f"expected a class or function at {spec.name!r}, found {factory!r}")
    arguments = () if spec.argument is None else (spec.argument,)
    _check_call(kind, spec, factory, arguments)
    return factory(*arguments, **spec.options)


def _check_call(
    kind: Kind, spec: Spec, factory: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    """Compare a call with the factory's signature, so that a slip is told apart from a bug."""
    signature = inspect.signature(factory)
    known = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    for option in spec.options:
        if option not in known and not open_ended:
            raise UnknownName(f"option of the {kind} {spec.name!r}", option, known)
    try:
        signature.bind(*arguments, **spec.options)
    except TypeError as error:
        usage = f"{spec.name}{_usage(signature)}"
        raise ConfigError(
            f"cannot make the {kind} {str(spec)!r}: {error}; it takes {usage}"
        ) from None


def _usage(signature: inspect.Signature) -> str:
    parts: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.default is inspect.Parameter.empty:
            parts.append(f":{name.upper()}" if not parts else f",{name}=…")
        else:
            parts.append(f"[,{name}={parameter.default}]")
    return "".join(parts)


def _points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUPS[kind])}


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
    found = importlib.util.spec_from_file_location(key, path)
    if found is None or found.loader is None:
        raise ConfigError(f"cannot import {path}; expected a Python source file")
    module = importlib.util.module_from_spec(found)
    sys.modules[key] = module  # dataclasses look their module up while it is being imported
    try:
        found.loader.exec_module(module)
    except Exception as error:
        del sys.modules[key]
        raise _not_importable(str(path), error) from error
    return module


def _not_importable(what: str, error: Exception) -> ConfigError:
    """Say in one line what is wrong with code that is not ours, and where."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    message = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
    return ConfigError(
        f"cannot import {what}: {type(error).__name__}: {message} (at {where}); mend the code or "
        "install what it needs"
    )


def _value(text: str) -> Any:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _spelt(value: Any) -> str:
    """Write an option's value so that it is read as the same one."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and (_value(value) != value or value != value.strip()):
        return f'"{value}"'
    return str(value)
