"""What a registered thing is, in a sentence, read from its source: nothing is imported.

The sentence is the first one of the docstring of the class or function behind the name, or of the
text that stands below the assignment where the name is of an object. A benchmark's class also
states its facts: `ROWS`, `LICENCE` and `HUB_ID`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec, resolve_name
from typing import Any

_HOPS = 4
"""So many modules may hand a name on."""

_FACTS = ("ROWS", "LICENCE", "HUB_ID")


@dataclass(frozen=True)
class About:
    """What is known of a thing without importing it.

    Attributes:
        sentence: what it is; empty if its source does not say, or cannot be read.
        place: `module:name` of its code.
        rows: part of a benchmark, or `all` → number of rows.
        licence: of a benchmark's data.
        hub_id: of a benchmark on the Hugging Face hub.
    """

    sentence: str
    place: str
    rows: dict[str, int] = field(default_factory=dict[str, int])
    licence: str = ""
    hub_id: str = ""


def about(place: str) -> About:
    """Return what the source says of `module:name`, the value of an entry point."""
    module, _, name = place.partition(":")
    definition = _definition(module.strip(), name.strip().partition(" ")[0].partition(".")[0])
    if definition is None:
        return About("", place)
    node, text = definition
    facts = _facts(node)
    rows: dict[str, int] = facts.get("ROWS", {})
    return About(
        _sentence(text),
        place,
        rows,
        str(facts.get("LICENCE", "")),
        str(facts.get("HUB_ID", "")),
    )


def _definition(module: str, name: str, hops: int = _HOPS) -> tuple[ast.stmt, str] | None:
    """Return the statement that defines a name, and the text that describes it."""
    body = _body(module)
    following: list[ast.stmt | None] = [*body[1:], None]
    for node, after in zip(body, following, strict=bool(body)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node, ast.get_docstring(node) or ""
        if name in _assigned(node):
            return node, _text(after)
    origins = [origin for node in body if (origin := _origin(module, node, name))]
    return _definition(*origins[0], hops - 1) if origins and hops else None


@cache
def _body(module: str) -> list[ast.stmt]:
    """Return the statements of a module; none if its source cannot be had."""
    try:
        spec = find_spec(module)
        loader: Any = spec and spec.loader
        return ast.parse(loader.get_source(module) or "").body
    except Exception:  # its parent packages are imported, and may raise anything
        return []


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _text(node: ast.stmt | None) -> str:
    text = node.value if isinstance(node, ast.Expr) else None
    value = text.value if isinstance(text, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _origin(module: str, node: ast.stmt, name: str) -> tuple[str, str] | None:
    """Return the module and the name that an import takes a name from."""
    if not isinstance(node, ast.ImportFrom):
        return None
    for alias in node.names:
        if (alias.asname or alias.name) == name:
            dots = "." * node.level
            package = module if _is_package(module) else module.rpartition(".")[0]
            return resolve_name(f"{dots}{node.module or ''}", package), alias.name
    return None


def _is_package(module: str) -> bool:
    spec = find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = " ".join(text.strip().partition("\n\n")[0].split())
    head, stop, _ = paragraph.partition(". ")
    return head + stop.rstrip()


def _facts(node: ast.stmt) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for line in node.body if isinstance(node, ast.ClassDef) else []:
        for name in set(_assigned(line)) & set(_FACTS):
            try:
                facts[name] = ast.literal_eval(getattr(line, "value", None) or "")
            except ValueError:  # it is worked out, and this reads only what is written
                continue
    return facts
