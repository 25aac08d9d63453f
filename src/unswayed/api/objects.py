"""Ready objects of a caller in place of specs: checked, and named as a run's settings name them.

An object stands in the settings as `object(MODULE.CLASS)`, a perturbation by its own name. That
name alone does not decide whether a run may go on: the samples, variants, model and judge that its
folder holds are compared with those of the object, as they are with those of any spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from unswayed import registry
from unswayed.errors import ConfigError
from unswayed.registry import Kind
from unswayed.registry.lending import object_name

_NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "model": ("name", "profile", "provenance()", "supports_prefill()", "generate()"),
    "benchmark": ("name", "__iter__()"),
    "judge": ("name", "prompt_hash", "judge()"),
    "perturbation": ("summary", "changes", "apply()"),
    "text source": ("name", "text()"),
}
"""Kind → what an object of it has; the protocols say more."""
_SYNTAX = re.compile(r"[,:;+/\s]+")
"""What a spec would be cut at."""
_LONGEST = 60


@dataclass
class GivenObjects:
    """The specs of what a caller gave, and the objects among it by kind and spec."""

    lent: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def spec(self, setting: str, kind: Kind, given: object) -> str:
        """Return the spec of a text, a path or an object.

        Raises:
            ConfigError: it is neither, or its name is taken.
        """
        if isinstance(given, str | Path):
            return str(given)
        _require(setting, kind, given)
        spec = _spec(kind, given)
        taken = kind == "perturbation" and spec in registry.names("perturbation")
        if taken or self.lent.setdefault((kind, spec), given) is not given:
            raise ConfigError(
                f"{setting}: the name {spec!r} of {_shown(given)} is taken; give it another `name`"
            )
        return spec

    def specs(self, setting: str, kind: Kind, given: object) -> list[str]:
        """Return the specs of one thing, or of several in a list or tuple.

        Raises:
            ConfigError: see `spec`.
        """
        several = isinstance(given, list | tuple)
        items = cast("Iterable[object]", given) if several else (given,)
        return [self.spec(setting, kind, one) for one in items]

    def described(self) -> dict[str, str]:
        """Return spec → class of each object, for the record."""
        return {spec: _class(one) for (_, spec), one in self.lent.items()}


def _require(setting: str, kind: Kind, given: object) -> None:
    """Require that an object has what its protocol names.

    Raises:
        ConfigError: it lacks something; the message says what.
    """
    needed = _NEEDED[kind]
    expected = (
        f"expected {setting} as text that names a {kind}, or as an object with {', '.join(needed)}"
    )
    if isinstance(given, type):
        raise ConfigError(f"{expected}; found the class {given.__name__}: write {given.__name__}()")
    lacking = [name for name in needed if not hasattr(given, name.removesuffix("()"))]
    if lacking:
        raise ConfigError(f"{expected}; found {_shown(given)}, which lacks {', '.join(lacking)}")


def _spec(kind: Kind, given: Any) -> str:
    if kind == "perturbation":
        return str(getattr(given, "name", None) or type(given).__name__.strip("_").lower())
    if kind == "benchmark":
        return object_name(f"{_class(given)} as {_SYNTAX.sub('-', str(given.name))}")
    return object_name(_class(given))


def _class(given: object) -> str:
    return f"{type(given).__module__}.{type(given).__qualname__}"


def _shown(given: object) -> str:
    text = " ".join(repr(given).split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"{text} ({type(given).__name__})"
