"""CONTRIBUTING's annotated file tree, made from the first line of every module.

    python dev/tree.py           print it
    python dev/tree.py --write   put it into CONTRIBUTING.md

A test compares the page with what this prints.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = {"Muon"}
"""First words that keep their capital; one with a capital further on does so anyway."""
BEGIN, END = "<!-- tree: python dev/tree.py --write -->", "<!-- /tree -->"
ELSEWHERE = {
    "benchmarks/": "scripts that print speed and coverage figures",
    "dev/": "this tree's script and LOG.md, the dated findings",
    "docs/": "one page a subject",
    "examples/": "a benchmark and a judge of your own, in one file each",
    "recipes/": "recipes of the study as TOML, and scripts for Slurm and servers",
    "tests/": "the same tree as src/unswayed",
}


def tree() -> str:
    """Return the tree as text: packages first named, then their modules."""
    lines = ["src/unswayed/"]
    source = ROOT / "src" / "unswayed"
    for module in sorted(source.rglob("*.py"), key=_order):
        inside = module.relative_to(source)
        depth = len(inside.parts)
        name = f"{inside.parent.name}/" if inside.name == "__init__.py" else inside.name
        if inside.parts == ("__init__.py",):
            continue
        depth -= inside.name == "__init__.py"
        head = "  " * depth + name
        lines.append(f"{head:26} {_purpose(module)}")
    lines += [f"{folder:26} {purpose}" for folder, purpose in ELSEWHERE.items()]
    return "\n".join(lines)


def contributing(text: str) -> str:
    """Return the page with the tree in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n```\n{tree()}\n```\n{END}{after}"


def _order(module: Path) -> tuple[tuple[bool, str], ...]:
    """Files before folders, a package's own line first."""
    parts = module.relative_to(ROOT / "src").parts
    folders = [(True, part) for part in parts[:-1]]
    last = "" if parts[-1] == "__init__.py" else parts[-1]
    return (*folders, (False, last))


def _purpose(module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    line = docstring.partition("\n")[0].strip().rstrip(".")
    first = line.partition(" ")[0]
    ordinary = first == first.capitalize() and first not in NAMES
    return line[:1].lower() + line[1:] if ordinary else line


if __name__ == "__main__":
    if "--write" in sys.argv:
        path = ROOT / "CONTRIBUTING.md"
        path.write_text(contributing(path.read_text("utf-8")), "utf-8")
    else:
        print(tree())
