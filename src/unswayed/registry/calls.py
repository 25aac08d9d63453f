"""A spec held against the signature of what it names: the one typed reader of options.

The annotations say what each option must be: `int`, `float`, `bool`, `str`, `Path`, a `Literal`,
or a union of them. An option with another annotation, or with none, is passed as it was read.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from inspect import BoundArguments, Parameter, Signature
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from unswayed.errors import ConfigError, UnknownName
from unswayed.registry.specs import Spec, spelt, value_of

_NAMED = (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}
_COMMON = {"Any": Any, "Literal": Literal, "Path": Path}
"""Names that annotations use and that a module may import for its type checker alone."""
_MISFIT = object()


def bind(what: str, spec: Spec, factory: Callable[..., Any]) -> BoundArguments:
    """Return the call that a spec asks for, its values as the signature wants them.

    Args:
        what: what the factory makes, for messages, such as "the benchmark 'scenes'".
        spec: the argument and the options.
        factory: a class or function.

    Raises:
        UnknownName: an option that the factory does not have.
        ConfigError: an argument is missing or superfluous, or a value is of the wrong type.
    """
    signature = _signature(factory)
    _refuse_unknown(what, spec, signature)
    try:
        call = signature.bind(*_argument(what, spec, signature), **spec.options)
    except TypeError as error:
        raise ConfigError(
            f"cannot make {what} as {str(spec)!r}: {error}; it takes {spec.name}{_usage(signature)}"
        ) from None
    namespace = _namespace(factory)
    for name, value in call.arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL):
            hint = _hint(parameter.annotation, namespace)
            which = f"option {name} of {what}" if name in spec.options else f"argument of {what}"
            call.arguments[name] = _typed(which, name, value, hint)
    return call


def _signature(factory: Callable[..., Any]) -> Signature:
    """Return the signature; one that takes anything for a factory written in C, which has none."""
    try:
        return inspect.signature(factory)
    except ValueError:
        return inspect.signature(lambda *args, **options: None)  # pyright: ignore[reportUnknownLambdaType]


def _refuse_unknown(what: str, spec: Spec, signature: Signature) -> None:
    if any(p.kind is Parameter.VAR_KEYWORD for p in signature.parameters.values()):
        return
    known = _known(signature)
    for option in spec.options:
        if option not in known:
            raise UnknownName(f"option of {what}", option, known)


def _known(signature: Signature) -> list[str]:
    return [name for name, p in signature.parameters.items() if p.kind in _NAMED]


def _argument(what: str, spec: Spec, signature: Signature) -> tuple[str, ...]:
    """Return the argument, if there is one that is not an option behind the wrong mark."""
    if spec.argument is None:
        return ()
    key, equals, value = spec.argument.partition("=")
    if equals and key in _known(signature):
        meant = Spec(spec.name, None, {key: value_of(value), **spec.options})
        raise ConfigError(
            f"found the option {key} of {what} behind a colon; options follow a comma: write "
            f"{meant}"
        )
    return (spec.argument,)


def _usage(signature: Signature) -> str:
    parts: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.default is Parameter.empty:
            parts.append(f":{name.upper()}" if not parts else f",{name}=…")
        else:
            parts.append(f"[,{name}={parameter.default}]")
    return "".join(parts)


def _namespace(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the names that a factory's annotations may use where they are written as text."""
    function: Any = factory.__init__ if isinstance(factory, type) else factory
    function = inspect.unwrap(getattr(function, "func", function))  # of a functools.partial
    if not hasattr(function, "__globals__"):
        function = type(function).__call__
    module = sys.modules.get(getattr(factory, "__module__", ""))
    own: Mapping[str, Any] = {} if module is None else vars(module)
    return {**_COMMON, **own, **getattr(function, "__globals__", {})}


def _hint(annotation: Any, namespace: Mapping[str, Any]) -> Any:
    """Return an annotation as a type; `Any` where it cannot be told."""
    if annotation is Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, dict(namespace))  # a plugin's own code, which is imported already
    except Exception:  # a name that only a type checker imports
        return Any


def _typed(which: str, name: str, value: Any, hint: Any) -> Any:
    """Return a value as its annotation wants it.

    Raises:
        ConfigError: it cannot be read so.
    """
    fitting = _fit(value, hint)
    if fitting is _MISFIT and isinstance(value, str) and which.startswith("argument"):
        fitting = _fit(value_of(value), hint)
    if fitting is not _MISFIT:
        return fitting
    spelling = repr(value) if isinstance(value, str) else spelt(value)
    advice = f'; put it in double quotes: {name}="…"' if str in _members(hint) else ""
    raise ConfigError(f"{which}: expected {_words(hint)}, found {spelling}{advice}")


def _fit(value: Any, hint: Any) -> Any:
    """Return the value if the type takes it as it is or in another form, `_MISFIT` if not."""
    members = _members(hint)
    if value is None or any(not _plain(member) for member in members):
        return value
    for member in members:
        if _is(value, member):
            return value
    for member in members:
        other = _converted(value, member)
        if other is not _MISFIT:
            return other
    return _MISFIT


def _members(hint: Any) -> list[Any]:
    """Return the types of a union, or the one type; None is left out."""
    hint = getattr(hint, "__value__", hint)  # of a `type` statement
    if get_origin(hint) is Annotated:
        return _members(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        parts = [part for part in get_args(hint) if part is not NoneType]
        return [member for part in parts for member in _members(part)]
    return [hint]


def _plain(member: Any) -> bool:
    return get_origin(member) is Literal or any(member is one for one in _WORDS)


def _is(value: Any, member: Any) -> bool:
    if get_origin(member) is Literal:
        return any(value == one and type(value) is type(one) for one in get_args(member))
    if member in (int, float):
        return not isinstance(value, bool) and isinstance(value, (int, member))
    return isinstance(value, member)


def _converted(value: Any, member: Any) -> Any:
    """Return text for what was read as a whole number or as true; other forms lose what was said.

    `1.50` is read as 1.5, so a decimal is text only in quotes.
    """
    text = spelt(value) if isinstance(value, bool | int) else value
    if get_origin(member) is Literal:
        return text if text in get_args(member) else _MISFIT
    if not isinstance(text, str):
        return _MISFIT
    if member is Path:
        return Path(text)
    return text if member is str else _MISFIT


def _words(hint: Any) -> str:
    """Say what a type takes."""
    words: list[str] = []
    for member in _members(hint):
        literal = get_origin(member) is Literal
        words += [str(one) for one in get_args(member)] if literal else [_WORDS[member]]
    return _listed(dict.fromkeys(words))


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
