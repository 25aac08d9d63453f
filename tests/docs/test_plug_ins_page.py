"""docs/plug-ins.md: every example runs, and the table of doors is true."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unswayed import registry, testing
from unswayed.cli import cli

PAGE = (Path(__file__).parents[2] / "docs" / "plug-ins.md").read_text("utf-8")
FILES = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```sh\nunswayed (.*?)\n```", PAGE, re.DOTALL)
ROW = r"^\| ([\w ]+) \| .* \| `([\w.]+)` \| `([\w.]+)` \| `(\w+)` \|$"
DOORS = re.findall(ROW, PAGE, re.MULTILINE)
KIND = {"prompt profile": "profile", "reward term": "reward"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the page in a folder that is worked in."""
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name, _ in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_table_has_every_door() -> None:
    assert {KIND.get(kind, kind): group for kind, group, *_ in DOORS} == registry._GROUPS
    for _, _, protocol, check in DOORS:
        module, _, name = protocol.rpartition(".")
        assert hasattr(importlib.import_module(module), name)
        assert check in testing.__all__
    assert len(DOORS) == len(testing.__all__)


def test_the_examples_keep_their_contracts(folder: Path) -> None:
    exec((folder / "test_mine.py").read_text(), {})
    for kind, spec, check in (
        ("model", "my_model.py:FirstOption", testing.check_model),
        ("judge", "my_judge.py:Echo", testing.check_judge),
        ("text source", "my_texts.py:Blunt", testing.check_text_source),
    ):
        check(registry.create(kind, spec))  # type: ignore[arg-type]
    testing.check_profile(registry.load("profile", "my_profiles.py:TERSE"))
    testing.check_reward(registry.load("reward", "my_rewards.py:brief"), most=40)


def test_all_of_it_in_one_evaluation(folder: Path) -> None:
    (command,) = COMMANDS
    cli.main(shlex.split(command), standalone_mode=False)
    shown = records(folder / "runs/mine/variants.jsonl")
    names = ["base", "wrong-think", "abstain+rumour-90", "rumour-70"]
    assert [v["name"] for v in shown[:4]] == names
    assert shown[1]["prefill"] in ("<think>It is red!", "<think>It is blue!")
    assert shown[1]["text_source"] == "blunt"
    assert shown[3]["caption"].startswith("70 % of people")
    judged = records(folder / "runs/mine/verdicts.jsonl")
    assert {(v["judge"], v["status"]) for v in judged} == {("echo", "consistent")}
