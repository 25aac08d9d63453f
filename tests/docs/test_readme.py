"""README and CONTRIBUTING say what is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_file_tree_is_true() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    made = runpy.run_path(str(ROOT / "dev" / "tree.py"))["contributing"](text)
    assert text == made, "run: python dev/tree.py --write"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_commands_of_the_readme_exist() -> None:
    from click.testing import CliRunner

    from unswayed.cli import COMMANDS, cli

    named = set(re.findall(r"unswayed ([a-z-]+)", (ROOT / "README.md").read_text("utf-8")))
    named -= {"measures", "shows", "as"}  # the sentences about unswayed itself, and its import
    assert named
    assert named <= set(COMMANDS)
    for name in named:
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0
