"""What pages, recipes and docstrings name is there: modules, files, commands, options, links."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "unswayed"
LONG = 300
"""Lines above which a module's length has a reason in CONTRIBUTING.md."""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("names", ROOT / "dev" / "names.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["names"] = module
    spec.loader.exec_module(module)
    return module


names = load()

KNOWN: set[tuple[str, str]] = set()
"""Names that are known to lead nowhere, to be mended."""


@pytest.mark.parametrize("page", names.pages(), ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert unknown(names.in_page(page)) == []


def test_what_the_docstrings_name_is_there() -> None:
    modules = sorted(SOURCE.rglob("*.py"))
    assert unknown(m for path in modules for m in names.in_module(path)) == []


def test_what_the_recipes_name_is_there() -> None:
    assert unknown(m for path in names.recipes() for m in names.in_recipe(path)) == []


def unknown(missing: object) -> list[object]:
    return [m for m in missing if (m.place, m.name) not in KNOWN]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "`unswayed.metrics.nowhere`",
        "`unswayed.types.Sample.nowhere`",
        "`metrics/nowhere.py`",
        "`nowhere.py`",
        "`src/unswayed/nowhere/`",
        "`unswayed nowhere`",
        "`unswayed evaluate --nowhere`",
        "`unswayed evaluate --benchmark nowhere,n=3`",
        "`--nowhere 3`",
        "`make nowhere`",
        "the extra `[nowhere]`",
        "PROTOCOL section 99",
        "[a page](nowhere.md)",
        "[a heading](protocol.md#nowhere)",
        "[a heading](#nowhere)",
        "see docs/nowhere.md",
        "```\nunswayed judge runs/x \\\n  --nowhere\n```",
        "```\n$ make nowhere\n```",
        "```python\nfrom unswayed.types import Nowhere\n```",
        "`unswayed evaluate --variants base,nowhere+wrong-think`",
    ],
)
def test_a_name_that_leads_nowhere_is_seen(text: str) -> None:
    assert list(names.in_page(ROOT / "docs" / "protocol.md", text))


@pytest.mark.parametrize(
    "text",
    [
        "`unswayed.metrics.measure`",
        "`unswayed.types.Sample.options`",
        "`unswayed.benchmarks`",
        "`metrics/columns.py` and `columns.py`",
        "`my_file.py:Mine`",
        "`unswayed evaluate RECIPE --benchmark scenes,n=3 --variants abstain+wrong-think`",
        "`--on-conflict text`",
        "`make demo`",
        "the extra `[report]`",
        "PROTOCOL section 5",
        "[a page](protocol.md#5-reading-an-answer)",
        "```python\nfrom unswayed.types import Sample\n```",
    ],
)
def test_a_name_that_is_there_is_let_through(text: str) -> None:
    assert list(names.in_page(ROOT / "docs" / "protocol.md", text)) == []


def test_a_package_that_lists_what_it_has_not_is_seen() -> None:
    package = SOURCE / "metrics"
    assert list(names.in_package(package, "`nowhere` counts.\n\n    nowhere   a module\n"))
    assert not list(names.in_package(package, "`columns_of` reads.\n\n    columns   a module\n"))


def test_looking_for_names_loads_no_torch() -> None:
    code = (
        "import runpy, sys; runpy.run_path('dev/names.py')['missing'](); "
        "assert not {'torch', 'transformers', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# --- one name, one thing -------------------------------------------------------------------------


def types_of(path: Path) -> list[str]:
    """Return the public classes and type aliases of a module: capitals and small letters."""
    bound = names._module(path).items()
    defined = (ast.ClassDef, ast.Assign, ast.AnnAssign)
    return [n for n, node in bound if isinstance(node, defined) and re.match(r"[A-Z]\w*[a-z]", n)]


def test_no_two_packages_share_the_name_of_a_type() -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        for name in types_of(path):
            homes[name].add(path.relative_to(SOURCE).parts[0])
    shared = {name: sorted(where) for name, where in homes.items() if len(where) > 1}
    assert homes["Sample"] == {"types.py"}
    assert shared == {}


# --- CONTRIBUTING --------------------------------------------------------------------------------


def test_the_layers_are_those_that_are_enforced() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.search(r"## The layers\n.*?```\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [c["layers"] for c in contracts["contracts"] if c["containers"] == ["unswayed"]]
    assert shown.group(1).splitlines() == layers


def test_every_long_module_has_its_reason() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Long modules")[2]
    listed = set(re.findall(r"^\| `([\w/]+\.py)` \| .{20,} \|$", text, re.MULTILINE))
    long = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if len(path.read_text("utf-8").splitlines()) > LONG
    }
    assert long
    assert listed == long
