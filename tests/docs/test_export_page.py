"""docs/export.md: its commands and its code run, and its tables are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from unswayed.cli import cli
from unswayed.export.exporting import FORMATS
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.results.frames import ColumnKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "export.md").read_text("utf-8")
SCRIPTED = ROOT / "tests" / "scripted.py"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `runs/demo` in it."""
    folder = tmp_path_factory.mktemp("page")
    values = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": ("scenes,n=8",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    evaluate(Settings.model_validate(values), folder / "runs" / "demo")
    return folder


def test_its_commands_and_its_code_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(runs)
    commands = re.findall(r"^unswayed (export .*?)(?:  #.*)?$", PAGE, re.MULTILINE)
    assert commands
    for command in commands:
        if "--push" not in command:
            cli.main(shlex.split(command), standalone_mode=False)
    for place in re.findall(r"^unswayed export .*?  # (runs/\S+)$", PAGE, re.MULTILINE):
        assert Path(place).exists()
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "docs/export.md", "exec"), {"__name__": "docs"})


def test_its_tables_are_those_of_the_code() -> None:
    names = re.findall(r"^\| `(\w[\w-]*)` \| ", PAGE, re.MULTILINE)
    assert names == list(FORMATS)
    table = PAGE.partition("| type there |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == [*get_args(ColumnKind), "missing"]
