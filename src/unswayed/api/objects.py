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

    def spec(self, setting: str, kind: Kind, value: object) -> str:
        """Return the spec of a text, a path or an object.

        Raises:
            ConfigError: it is neither, or its name is taken.
        """
        if isinstance(value, str | Path):
            return str(value)
        _require(setting, kind, value)
        spec = _spec(kind, value)
        taken = kind == "perturbation" and spec in registry.names("perturbation")
        if taken or self.lent.setdefault((kind, spec), value) is not value:
            raise ConfigError(
                f"{setting}: the name {spec!r} of {_shown(value)} is taken; give it another `name`"
            )
        return spec

    def specs(self, setting: str, kind: Kind, value: object) -> list[str]:
        """Return the specs of one thing, or of several in a list or tuple.

        Raises:
            ConfigError: see `spec`.
        """
        several = isinstance(value, list | tuple)
        items = cast("Iterable[object]", value) if several else (value,)
        return [self.spec(setting, kind, one) for one in items]

    def described(self) -> dict[str, str]:
        """Return spec → class of each object, for the record."""
        return {spec: _class(one) for (_, spec), one in self.lent.items()}


def _require(setting: str, kind: Kind, value: object) -> None:
    """Require that an object has what its protocol names.

    Raises:
        ConfigError: it lacks something; the message says what.
    """
    needed = _NEEDED[kind]
    expected = (
        f"expected {setting} as text that names a {kind}, or as an object with {', '.join(needed)}"
    )
    if isinstance(value, type):
        raise ConfigError(f"{expected}; found the class {value.__name__}: write {value.__name__}()")
    lacking = [name for name in needed if not hasattr(value, name.removesuffix("()"))]
    if lacking:
        raise ConfigError(f"{expected}; found {_shown(value)}, which lacks {', '.join(lacking)}")


def _spec(kind: Kind, value: Any) -> str:
    if kind == "perturbation":
        return str(getattr(value, "name", None) or type(value).__name__.strip("_").lower())
    if kind == "benchmark":
        return object_name(f"{_class(value)} as {_SYNTAX.sub('-', str(value.name))}")
    return object_name(_class(value))


def _class(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"{text} ({type(value).__name__})"
