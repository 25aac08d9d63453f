"""What is declared is imported, and what is imported is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from unswayed import extras

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/unswayed"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
IMPORTED_AS = {"pillow": "PIL", "pyzmq": "zmq", "hydra-core": "hydra"}
NEEDED_BY_OTHERS = {
    "cachetools": "verl",
    "fastapi": "verl",
    "msgspec": "verl",
    "pandas": "whoever asks for a frame",
    "qwen_vl_utils": "verl",
    "ray": "verl",
    "tensorboard": "torch.utils.tensorboard",
    "transfer_queue": "verl",
    "uvicorn": "verl",
    "zmq": "verl",
}
"""Packages that no module here imports, because what it imports does, without bringing them."""
PARTS = {"pydantic_core": "pydantic"}
"""Packages that another brings as a part of itself, in the one release that fits it."""
BY_NAME = {"import_module", "need"}
"""Functions that import the module whose name they are given."""


def module_of(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)[0]
    return IMPORTED_AS.get(name, name.replace("-", "_").lower())


def brought_by(extra: str) -> set[str]:
    modules: set[str] = set()
    for requirement in PROJECT["optional-dependencies"][extra]:
        if inner := re.fullmatch(r"unswayed\[(.+)\]", requirement):
            modules |= {m for name in inner[1].split(",") for m in brought_by(name)}
        else:
            modules.add(module_of(requirement))
    # imported as transfer_queue, installed as TransferQueue
    return {"transfer_queue" if m == "transferqueue" else m for m in modules}


CORE = {module_of(requirement) for requirement in PROJECT["dependencies"]}
EXTRAS = {extra: brought_by(extra) for extra in PROJECT["optional-dependencies"]}


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level names of modules that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = called.id if isinstance(called, ast.Name) else called
            first = node.args[0]
            if name in BY_NAME and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value.partition(".")[0]


def third_party() -> dict[str, set[str]]:
    """Return each package that is not Python's own and not ours, with the files that import it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for name in imports(ast.parse(path.read_text("utf-8"))):
            if name not in sys.stdlib_module_names and name != "unswayed":
                found.setdefault(PARTS.get(name, name), set()).add(
                    path.relative_to(SOURCE).as_posix()
                )
    return found


def test_every_import_is_declared() -> None:
    declared = CORE.union(*(EXTRAS[extra] for extra in EXTRAS if extra != "dev"))
    undeclared = {name: files for name, files in third_party().items() if name not in declared}
    assert undeclared == {}


def test_every_dependency_is_imported() -> None:
    declared = CORE.union(*(EXTRAS[extra] for extra in EXTRAS if extra != "dev"))
    assert declared - set(third_party()) <= set(NEEDED_BY_OTHERS)


def test_no_extra_is_empty() -> None:
    assert all(EXTRAS.values())


APART = ("dev", "verifiers", "verl", "trackio", "wandb")
"""Not in `all`: trackio wants an older Pillow, verifiers brings ninety packages."""


def test_all_is_every_extra_that_lives_in_one_environment() -> None:
    users = {extra: set(brought) for extra, brought in EXTRAS.items() if extra not in APART}
    assert users["all"] == set().union(*users.values())
    assert users["demo"] == users["transformers"] | users["report"]


def test_the_installed_metadata_says_what_pyproject_says() -> None:
    declared = {extra: brought for extra, brought in EXTRAS.items() if extra != "dev"}
    installed = {extra: set(brought) for extra, brought in extras.packages().items()}
    assert installed == declared, (
        "pyproject.toml changed since unswayed was installed: `make install`"
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import a.b, c", {"a", "c"}),
        ("def f():\n    from d.e import f", {"d"}),
        ("importlib.import_module('g.h'); need('i'); other('j')", {"g", "i"}),
        ("from . import here", set()),
    ],
)
def test_imports_are_found_wherever_they_stand(code: str, expected: set[str]) -> None:
    found = set(imports(ast.parse(code)))
    assert found == expected
