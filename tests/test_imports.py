"""What is imported when: a start must be light, and the check of that must be able to fail."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

HEAVY = ("torch", "transformers", "scipy", "sklearn", "pandas", "matplotlib", "jinja2", "trl")
REPORT = f"""
finally:
    import sys
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
HELP = """
    import runpy
    sys.argv = ["unswayed", *{arguments}]
    runpy.run_module("unswayed", run_name="__main__")
"""
LAYERS = (
    "unswayed.errors",
    "unswayed.types",
    "unswayed.answers",
    "unswayed.prompts",
    "unswayed.registry",
    "unswayed.run.folder",
    "unswayed.perturbations.composition",
)


def imported_by(code: str) -> list[str]:
    """Run code in a fresh interpreter and return the heavy packages that it imported."""
    body = textwrap.indent(textwrap.dedent(code), "    ")
    script = f"import sys\ntry:\n{body}\n{REPORT}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stderr.strip().splitlines()[-1])


def helped(*arguments: str) -> str:
    return HELP.format(arguments=list(arguments))


@pytest.mark.parametrize("module", ["unswayed", *LAYERS])
def test_a_module_is_light(module: str) -> None:
    assert imported_by(f"import {module}") == []


@pytest.mark.parametrize("package", ["benchmarks", "judges", "metrics"])
def test_measuring_needs_no_torch(package: str) -> None:
    code = f"""
import importlib, pkgutil
import unswayed.{package} as package
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
"""
    assert not {"torch", "transformers", "trl"} & set(imported_by(code))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("evaluate", "--help")])
def test_help_is_light(arguments: tuple[str, ...]) -> None:
    assert imported_by(helped(*arguments)) == []


def test_names_are_listed_without_importing_what_they_name() -> None:
    assert imported_by(helped("list", "models")) == []


def test_the_check_can_fail() -> None:
    if find_spec("torch") is None:
        pytest.skip("torch is not installed")
    assert "torch" in imported_by("import torch")
