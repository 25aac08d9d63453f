"""Extras: which optional packages each brings, and which of them are not installed.

What an extra brings is written once, in `pyproject.toml`; it is read here from the metadata that
the installed package bears.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import cache
from importlib.metadata import requires
from importlib.util import find_spec

from unswayed.errors import MissingExtra

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[(?P<inner>[^]]*)\])?.*extra == ['\"](?P<extra>[^'\"]+)"
)
_DEVELOPMENT = "dev"
_IMPORTED_AS = {
    "hydra_core": "hydra",
    "pyzmq": "zmq",
    "transferqueue": "transfer_queue",
}
"""Packages that are imported under another name than they are installed under."""


@cache
def packages() -> dict[str, tuple[str, ...]]:
    """Return each extra for users with the packages that it brings, as they are imported."""
    lines = [found for line in requires("unswayed") or () if (found := _REQUIREMENT.match(line))]
    brought: dict[str, dict[str, None]] = {}
    for line in lines:
        if line["extra"] != _DEVELOPMENT and line["name"] != "unswayed":
            name = re.sub(r"[-.]+", "_", line["name"]).lower()
            brought.setdefault(line["extra"], {})[_IMPORTED_AS.get(name, name)] = None
    for line in lines:  # an extra that is made of others
        if line["name"] == "unswayed":
            parts = (part.strip() for part in line["inner"].split(","))
            own = brought.setdefault(line["extra"], {})
            own.update((name, None) for part in parts for name in brought[part])
    return {extra: tuple(brought[extra]) for extra in sorted(brought)}


def missing(extra: str) -> tuple[str, ...]:
    """Return the packages of an extra that cannot be imported."""
    return tuple(name for name in packages()[extra] if not _installed(name))


def require(needed_for: str, *extras: str, only: Collection[str] = ()) -> None:
    """Require the packages of extras, before work begins that would end without them.

    Args:
        needed_for: what needs them, as the subject of a sentence.
        extras: names of extras.
        only: the packages that are needed; all that the extras bring by default.

    Raises:
        MissingExtra: some are not installed; all of them are named.
    """
    lacking = {
        extra: [m for m in only or packages()[extra] if not _installed(m)] for extra in extras
    }
    modules = dict.fromkeys(module for modules in lacking.values() for module in modules)
    if modules:
        raise MissingExtra(
            needed_for, tuple(modules), tuple(x for x, names in lacking.items() if names)
        )


def explain(
    error: ModuleNotFoundError, needed_for: str, extra: str | None = None
) -> MissingExtra | None:
    """Return the error that names the extra of a package whose import failed; None if none has it.

    The other packages of that extra which are missing are named with it.

    Args:
        error: what the import raised.
        needed_for: what needs the package, as the subject of a sentence.
        extra: the extra to name; by default the smallest that brings the package.
    """
    module = (error.name or "").partition(".")[0]
    if extra is None:
        bringing = [name for name, brought in packages().items() if module in brought]
        extra = min(bringing, key=lambda name: len(packages()[name]), default=None)
    if extra is None or module == "unswayed":
        return None
    return MissingExtra(needed_for, tuple(dict.fromkeys((module, *missing(extra)))), (extra,))


def together(needed_for: str, checks: Iterable[Callable[[], object]]) -> None:
    """Run several checks, and name all that is missing in one error.

    Raises:
        MissingExtra: at least one of them raised it.
    """
    modules: dict[str, None] = {}
    extras: dict[str, None] = {}
    for check in checks:
        try:
            check()
        except MissingExtra as error:
            modules |= dict.fromkeys(error.modules)
            extras |= dict.fromkeys(error.extras)
    if modules:
        raise MissingExtra(needed_for, tuple(modules), tuple(extras))


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
