"""Where injected texts come from: templates, an annotation file, or a source of your own."""

from __future__ import annotations

import re
from typing import Any

from unswayed import registry
from unswayed.errors import ConfigError
from unswayed.perturbations import TextSource

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OURS = ("none", "fixed", "template", "file", "writer")


def source(spec: str) -> TextSource:
    """Return the text source that a spec names: `template`, `file:PATH`, `my_file.py:Source`.

    Raises:
        UnknownName: there is no such source, or it has no such option.
        ConfigError: it cannot be made so, is no text source, or is called as one of ours.
        DataError: what it reads is not as it must be.
    """
    text_source: Any = registry.create("text source", spec)
    require_source(spec, text_source)
    return text_source


def require_source(spec: str, found: Any) -> None:
    """Refuse an object that lacks what every text source has.

    Args:
        spec: where it was found, for messages.
        found: the object.

    Raises:
        ConfigError: with what is missing.
    """
    what = f"expected a text source (name, text) at {spec!r}, found"
    if not callable(getattr(found, "text", None)):
        raise ConfigError(f"{what} {type(found).__name__} without a method text")
    name: Any = getattr(found, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} the name {name!r}; give it an attribute `name` of up to 64 letters, digits, "
            "dots, dashes and underscores"
        )
    if name in _OURS and not type(found).__module__.startswith("unswayed."):
        raise ConfigError(f"{what} the name {name!r}, which is taken; give it another")
