"""A perturbation by name: one that is registered, or `my_file.py:NAME`.

What is found is a perturbation, ready made, or a class or function that makes one. The options of
such a factory are written with `;` for the comma, which parts variants from one another:
`my_file.py:Hint;level=2`.
"""

from __future__ import annotations

import re
from typing import Any, cast

from unswayed import registry
from unswayed.errors import ConfigError, UnknownName
from unswayed.perturbations import Perturbation
from unswayed.registry import Spec

_CHANGES = ("options", "text")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A variant's name stands in tables, in a report's anchors and in names joined by `+`."""


def perturbation(part: str) -> tuple[str, Perturbation]:
    """Return the perturbation that a part of a variant's name stands for, and what it is called.

    A registered one is called as it is registered. One of a file is called by its own attribute
    `name` or, if it has none, by its name in the file, in lower case with dashes: `MY_HINT` is
    `my-hint`.

    Raises:
        UnknownName: nothing has that name.
        ConfigError: it is no perturbation, or it is called as a registered one is.
    """
    spec = registry.parse_inner(part) if part else Spec("")
    registered = registry.names("perturbation")
    if spec.name not in registered and not spec.name.partition(":")[0].endswith(".py"):
        raise UnknownName("variant", part, registered, registry.OWN_CODE)
    candidate: Any = registry.load("perturbation", spec.name)
    if isinstance(candidate, type) or (callable(candidate) and not hasattr(candidate, "apply")):
        candidate = registry.create("perturbation", spec)
    elif spec.argument is not None or spec.options:
        raise ConfigError(f"the perturbation {spec.name!r} takes no options, found {part!r}")
    require_perturbation(part, candidate)
    return _called(spec.name, candidate), cast("Perturbation", candidate)


def require_perturbation(part: str, found: Any) -> None:
    """Refuse an object that lacks what every perturbation has.

    Args:
        part: where it was found, for messages.
        found: the object.

    Raises:
        ConfigError: with what is missing.
    """
    what = f"expected a perturbation (summary, changes, apply) at {part!r}, found"
    if not callable(getattr(found, "apply", None)):
        raise ConfigError(f"{what} {type(found).__name__} without a method apply")
    if getattr(found, "changes", None) not in _CHANGES:
        raise ConfigError(
            f'{what} changes = {getattr(found, "changes", None)!r}; write "options" or "text"'
        )
    if not isinstance(getattr(found, "summary", None), str):
        raise ConfigError(f"{what} {type(found).__name__} without a summary, one line of text")


def _called(name: str, candidate: Any) -> str:
    registered = registry.names("perturbation")
    if name in registered:
        return name
    attribute = name.rpartition(":")[2]
    own: Any = getattr(candidate, "name", None) or attribute.strip("_").replace("_", "-").lower()
    if not isinstance(own, str) or not _NAME.fullmatch(own):
        raise ConfigError(
            f"expected the name of the perturbation {name!r} to be up to 64 letters, digits, dots, "
            f"dashes and underscores, found {own!r}; give it another attribute `name`"
        )
    if own in registered or own == "all":
        raise ConfigError(
            f"the perturbation {name!r} is called {own!r}, which is taken; give it an attribute "
            "`name` of its own"
        )
    return own
