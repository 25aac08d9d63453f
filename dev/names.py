"""The names that the documentation and the docstrings use, and those among them that do not exist.

    python dev/names.py     print each name that leads nowhere, with its place

A test runs the same over every page, recipe and docstring. Modules are read by their syntax tree
and the commands through click, so nothing heavy is imported.
"""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "unswayed"
FOLDERS = ("src", "docs", "tests", "recipes", "examples", "benchmarks", "dev")
YOURS = re.compile(r"(^|/)(my|mine|your|their)[\w-]*|\.\.\.|…|\*|<")
"""Files of the reader's own in examples."""
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_DOTTED = re.compile(r"(?<![\w.])unswayed(?:\.[A-Za-z_]\w*)+(?![\w]|\.\w)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"^[\w./-]+$")
_SECTION = re.compile(r"PROTOCOL sections? (\d+)")
_FILE = re.compile(r"\.(py|toml|json|jsonl|html|parquet|npz|md|txt)$")
_WORD = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?$")
_INDEX = re.compile(r"^ {4}([a-z_]\w*) {2,}\S", re.MULTILINE)
_EXTRA = re.compile(r"`\[([a-z]+)\]`|unswayed\[([a-z,]+)\]")
_PLUGIN = re.compile(r"--(benchmark|model|judge|texts|variants)[ =]([^\s`'\"\\]+)")
_GROUPS = {"benchmark": "benchmarks", "model": "models", "judge": "judges", "texts": "texts",
           "variants": "perturbations"}  # fmt: skip
SHELL = {"--help", "--traceback", "--version"}
FOREIGN = {
    "--constraint", "--cpu", "--data-parallel-size", "--enable-prompt-tokens-details",
    "--extra-index-url", "--generation-config", "--index-url", "--mm-processor-kwargs",
    "--no-push",
    "--num_processes",
    "--numprocesses", "--reasoning-parser", "--write",
}  # fmt: skip
"""Options of other programs (pip, vLLM, accelerate, verifiers), which a page may name."""
ELSEWHERE = {
    "utils.py",  # CONTRIBUTING: there is none
    "examples/config.yaml",  # EasyR1
    "grpo_trainer_ref_ema.py",  # GRPO-CARE
    "inference.py",  # VLAA-Thinker
    "src/eval_bench.py",  # Video-R1
    "SpaceR-Eval/data_utils/videomme.py",  # SpaceR
    "vllm_inference.py",  # ViGoRL
}
"""Files that are meant to be nowhere here: most are of other repositories."""


class Missing(NamedTuple):
    """A name that leads nowhere."""

    place: str
    name: str
    why: str


# --- what exists ---------------------------------------------------------------------------------


@cache
def _module(path: Path) -> dict[str, ast.AST]:
    """Return what a module binds at its top level: name → the statement."""
    bound: dict[str, ast.AST] = {}
    for node in _statements(ast.parse(path.read_text("utf-8")).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                bound |= {n.id: node for n in ast.walk(target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            bound[node.target.id] = node
        elif isinstance(node, ast.ImportFrom | ast.Import):
            bound |= {a.asname or a.name.partition(".")[0]: node for a in node.names}
    return bound | {name: ast.Pass() for name in _lazy(bound)}


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements(node.body)


def _lazy(bound: dict[str, ast.AST]) -> list[str]:
    """Return the names that a lazy `__init__` offers: strings in its `__all__` or its tables."""
    if "__getattr__" not in bound:
        return []
    tables = (node for node in bound.values() if isinstance(node, ast.Assign | ast.AnnAssign))
    return [
        node.value
        for table in tables
        for node in ast.walk(table)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.isidentifier()
    ]


def _file_of(package: Path, name: str) -> Path | None:
    """Return the file of a module or package below a package."""
    for path in (package / f"{name}.py", package / name / "__init__.py"):
        if path.is_file():
            return path
    return None


def _members(node: ast.AST, module: dict[str, ast.AST] | None = None) -> set[str]:
    """Return the fields, methods and attributes of a class, those of bases beside it as well."""
    if not isinstance(node, ast.ClassDef):
        return set()
    names = {
        n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
    }
    for one in node.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(one.name)
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            names.add(one.target.id)
        elif isinstance(one, ast.Assign):
            names |= {t.id for t in one.targets if isinstance(t, ast.Name)}
    for base in node.bases:
        if module and isinstance(base, ast.Name) and base.id in module:
            names |= _members(module[base.id], module)
    return names


def dotted(name: str, package: Path = SOURCE) -> bool:
    """Say whether `a.b.c` below a package is a module, or something that a module has."""
    parts = name.split(".")
    while parts and (file := _file_of(package, parts[0])):
        package, parts = file.parent if file.name == "__init__.py" else file, parts[1:]
        if file.name != "__init__.py":
            return not parts or _has(file, parts)
    return not parts or _has(package / "__init__.py", parts)


def _has(file: Path, parts: list[str]) -> bool:
    bound = _module(file)
    if parts[0] not in bound:
        return False
    node = bound[parts[0]]
    if len(parts) == 1 or not isinstance(node, ast.ClassDef):
        return True  # what an imported name or a value has is not looked at
    return parts[1] in _members(node, bound)


@cache
def project() -> dict[str, object]:
    """Return the table `[project]` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@cache
def entry_points() -> dict[str, set[str]]:
    """Return group (`benchmarks`, …) → the names in it."""
    groups: dict[str, dict[str, str]] = project()["entry-points"]  # type: ignore[assignment]
    return {group.removeprefix("unswayed."): set(names) for group, names in groups.items()}


@cache
def command_options() -> dict[tuple[str, ...], set[str]]:
    """Return (command, subcommand) → its options, as click knows them."""
    import click

    from unswayed.cli import COMMANDS, cli

    context = click.Context(cli)
    table: dict[tuple[str, ...], set[str]] = {(): set(SHELL)}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        table[(name,)] = _options(command)
        for inner, sub in getattr(command, "commands", {}).items():
            table[(name, inner)] = _options(sub)
    return table


def _options(command: object) -> set[str]:
    return SHELL | {o for p in command.params for o in (*p.opts, *p.secondary_opts)}  # type: ignore[attr-defined]


@cache
def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@cache
def recipe_tables() -> set[str]:
    """Return the names of the tables in recipes, written like extras: `[reward]`."""
    found = {"serving"}
    for path in recipes():
        if path.suffix == ".toml":
            found |= set(tomllib.loads(path.read_text("utf-8")))
    return found


@cache
def _file_names() -> set[str]:
    found = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*")}
    return found | {path.name for path in ROOT.iterdir()}


# --- pages ---------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    found: set[str] = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = sum(one == slug or one.startswith(f"{slug}-") for one in found)
        found.add(f"{slug}-{number}" if slug in found else slug)
    return found


def in_page(page: Path, text: str | None = None) -> Iterator[Missing]:
    """Yield what a Markdown page names in vain.

    Args:
        page: where it lies, which relative links start from.
        text: its text, if it is not the file's.
    """
    text = page.read_text("utf-8") if text is None else text
    prose = _FENCE.sub("", text)
    place = page.relative_to(ROOT).as_posix()
    for link in _LINK.findall(prose):
        yield from _link(page, place, link)
    for code in _CODE.findall(prose):
        yield from _inline(page, place, code)
    for language, block in _FENCE.findall(text):
        yield from _block(place, language, block)
    yield from _anywhere(place, text)


def _link(page: Path, place: str, link: str) -> Iterator[Missing]:
    if "://" in link or link.startswith("mailto:"):
        return
    target, _, anchor = link.partition("#")
    path = (page.parent / target).resolve() if target else page
    if not path.exists():
        yield Missing(place, link, "no such file")
    elif anchor and path.suffix == ".md" and anchor not in anchors(path):
        yield Missing(place, link, "no such heading")
    elif anchor.startswith("L") and path.suffix == ".py":
        yield Missing(place, link, "a line number moves: name the function")


def _inline(page: Path, place: str, code: str) -> Iterator[Missing]:
    """Look at one piece of code in a sentence."""
    if code.startswith(("unswayed ", "make ")):
        yield from _command(place, code)
    elif re.fullmatch(r"--[a-z][\w-]*(?:[ =].*)?", code):
        option = re.split(r"[ =]", code)[0]
        if option not in FOREIGN and not any(
            option in known for known in command_options().values()
        ):
            yield Missing(place, code, "no command has this option")
    elif _PATH.match(code) and not YOURS.search(code):
        yield from _path(page, place, code)


def _path(page: Path, place: str, code: str) -> Iterator[Missing]:
    """Look at something that may be a path of this repository."""
    name = code.removeprefix("./")
    if name in ELSEWHERE:
        return
    first = name.partition("/")[0]
    if name.endswith(".py") or ("/" in name and first in (*FOLDERS, *_packages())):
        places = (ROOT, SOURCE, ROOT / "recipes", page.parent, *SOURCE.iterdir())
        if not any((one / name).exists() for one in places) and not (
            "/" not in name and name in _file_names()
        ):
            yield Missing(place, code, "no such file")


@cache
def _packages() -> tuple[str, ...]:
    return tuple(
        path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "benchmarks"
    )


def _block(place: str, language: str, block: str) -> Iterator[Missing]:
    """Look at one block of code."""
    if language == "python":
        yield from _imports(place, block)
    joined = re.sub(r"\s*\\\n\s*", " ", block)
    for line in joined.splitlines():
        line = re.sub(r"^\s*(?:\$ |srun |for .*; do |do )*", "", line)
        if line.startswith(("unswayed ", "make ")):
            yield from _command(place, line)


def _imports(place: str, block: str) -> Iterator[Missing]:
    try:
        tree = ast.parse(block)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "unswayed":
            base = (node.module or "").partition(".")[2]
            for alias in node.names:
                name = f"{base}.{alias.name}" if base else alias.name
                if not dotted(name):
                    yield Missing(place, f"unswayed.{name}", "cannot be imported")


def _command(place: str, line: str) -> Iterator[Missing]:
    """Look at a command line: its command, its options."""
    line = re.split(r"\s[|>&#]|\s&&\s|;|\$\(|  +", line)[0]
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    if words[0] == "make":
        for target in words[1:]:
            if re.fullmatch(r"[a-z][\w-]*", target) and target not in make_targets():
                yield Missing(place, line, f"no target {target}")
            break
        return
    table = command_options()
    names = [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word)][:2]
    if words[1:2] and words[1].startswith("-"):
        names = []
    elif words[1:2] and not re.fullmatch(r"[a-z][a-z|-]*", words[1]):
        return  # a placeholder: unswayed COMMAND
    key = tuple(names)
    known = next((table[k] for k in (key, key[:1]) if k in table), None)
    if known is None:
        if "|" not in words[1]:
            yield Missing(place, line, f"no command {words[1]}")
        return
    for word in words[1:]:
        option = word.partition("=")[0]
        if option.startswith("--") and len(option) > 2 and option not in known:
            yield Missing(place, line, f"{' '.join(names)} has no option {option}")


def _anywhere(place: str, text: str) -> Iterator[Missing]:
    """Look at names that may stand in prose, code and comments alike."""
    for name in _DOTTED.findall(text):
        inner = name.removeprefix("unswayed.")
        last = inner.rpartition(".")[2]
        group = inner in entry_points() or name in _strings(SOURCE / "registry" / "__init__.py")
        if not (dotted(inner) or group or last in {"toml", "git", "md", "py"}):
            yield Missing(place, name, "no such module or name")
    for one, several in _EXTRA.findall(text):
        for extra in (one or several).split(","):
            extras: dict[str, object] = project()["optional-dependencies"]  # type: ignore[assignment]
            if extra not in extras and extra not in recipe_tables():
                yield Missing(place, f"[{extra}]", "no such extra")
    for number in _SECTION.findall(text):
        if not any(a.startswith(f"{number}-") for a in anchors(ROOT / "docs" / "protocol.md")):
            yield Missing(place, f"PROTOCOL section {number}", "no such section")
    for name in re.findall(r"\bdocs/[\w-]+\.md", text):
        if not (ROOT / name).exists():
            yield Missing(place, name, "no such page")
    for option, spec in _PLUGIN.findall(text):
        yield from _plugins(place, option, spec)


def _plugins(place: str, option: str, spec: str) -> Iterator[Missing]:
    """Look at the names of benchmarks, models, judges and variants in a command."""
    known = entry_points().get(_GROUPS[option], set()) | (
        {"all"} if option == "variants" else set()
    )
    if "." in spec.partition(":")[0] or YOURS.search(spec) or not known:
        return  # a file or a hub id
    names = re.split(r"[,+]", spec) if option == "variants" else [re.split(r"[:,]", spec)[0]]
    for name in names:
        if re.fullmatch(r"[a-z0-9][\w.-]*", name) and name not in known:
            yield Missing(place, f"--{option} {spec}", f"no {option} {name}")


# --- docstrings and comments ---------------------------------------------------------------------


def in_module(path: Path) -> Iterator[Missing]:
    """Yield what a module's docstrings name in vain."""
    tree = ast.parse(path.read_text("utf-8"))
    place = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            yield from _anywhere(place, text)
            for code in _CODE.findall(text):
                yield from _inline(path, place, code)
                yield from _of_a_module(path, place, code)
    if path.name == "__init__.py":
        yield from in_package(path.parent, ast.get_docstring(tree) or "")


def _of_a_module(path: Path, place: str, code: str) -> Iterator[Missing]:
    """Look at `module.name` in a docstring, where the package or the project has such a module."""
    first, dot, _ = code.partition(".")
    if not (dot and _WORD.match(code)) or _FILE.search(code):
        return
    packages = [package for package in (path.parent, SOURCE) if _file_of(package, first)]
    if packages and not any(dotted(code.removesuffix("()"), package) for package in packages):
        yield Missing(place, code, f"no such name in {first}")


def in_package(package: Path, text: str) -> Iterator[Missing]:
    """Yield what a package's docstring says that it has, and has not."""
    place = (package / "__init__.py").relative_to(ROOT).as_posix()
    for name in _INDEX.findall(text):
        if not (dotted(name, package) or _elsewhere(name)):
            yield Missing(place, name, "the package has no such module")
    for code in _CODE.findall(text):
        name = code.removesuffix("()")
        if _WORD.match(code) and not (_in_package(package, name) or _elsewhere(name)):
            yield Missing(place, code, "the package has no such name")


def _in_package(package: Path, name: str) -> bool:
    """Say whether a name is of the package or of any module in it."""
    if dotted(name, package):
        return True
    parts = name.split(".")
    return any(
        _has(module, parts)
        or any(parts[0] in _members(node) for node in _module(module).values())
        or name in _strings(module)
        for module in package.rglob("*.py")
    )


@cache
def _strings(path: Path) -> set[str]:
    """Return the codes of a module (`ok`, in a `Literal`), and the files and groups it names."""
    tree = ast.parse(path.read_text("utf-8"))
    literals = (n for n in ast.walk(tree) if isinstance(n, ast.Subscript)
                and isinstance(n.value, ast.Name) and n.value.id == "Literal")  # fmt: skip
    codes = [n for one in literals for n in ast.walk(one) if isinstance(n, ast.Constant)]
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    files = [n for n in texts if _FILE.search(n.value) or n.value.startswith("unswayed.")]
    return {str(node.value) for node in (*codes, *files)}


def _elsewhere(name: str) -> bool:
    """Say whether a name is a file, an entry point, a command, or `unswayed.…` (checked apart)."""
    points = set().union(*entry_points().values())
    file = bool(_FILE.search(name)) and name in _file_names()
    apart = name.startswith("unswayed")  # looked at by `_anywhere`
    return file or apart or name in points or any(name in one for one in command_options())


def in_recipe(path: Path) -> Iterator[Missing]:
    """Yield what the comments of a TOML file or a script name in vain."""
    place = path.relative_to(ROOT).as_posix()
    comments = re.findall(r"^\s*# ?(.*)$", path.read_text("utf-8"), re.MULTILINE)
    text = re.sub(r"\s*\\\n\s*", " ", "\n".join(comments))
    yield from _anywhere(place, text)
    for code in _CODE.findall(text):
        yield from _inline(path, place, code)
    for line in text.splitlines():
        if line.strip().startswith(("unswayed ", "make ")) and "--" in line:
            yield from _command(place, line.strip())
    for name in re.findall(r"\b(?:recipes|docs|dev|examples)/[\w./-]+\.\w+", text):
        if not (ROOT / name).exists():
            yield Missing(place, name, "no such file")


def pages() -> list[Path]:
    """Return every page for people."""
    fixed = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]
    return [*fixed, *sorted((ROOT / "docs").rglob("*.md"))]


def recipes() -> list[Path]:
    """Return every recipe, and the scripts beside them."""
    folders = (ROOT / "recipes", SOURCE)
    return sorted(p for f in folders for e in ("toml", "sh", "sbatch") for p in f.rglob(f"*.{e}"))


def missing() -> list[Missing]:
    """Return everything that is named and not there, each once."""
    found = [m for page in pages() for m in in_page(page)]
    found += [m for path in sorted(SOURCE.rglob("*.py")) for m in in_module(path)]
    found += [m for path in recipes() for m in in_recipe(path)]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    nowhere = missing()
    for one in nowhere:
        print(f"{one.place}: {one.name} ({one.why})")
    sys.exit(bool(nowhere))
