"""docs/python-api.md: its code runs from top to bottom, its tables are the ones in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import unswayed as us
from unswayed.pipeline.settings import Settings
from unswayed.results.frames import Column
from unswayed.results.row_columns import COLUMNS
from unswayed.results.tables import COMPARISON_COLUMNS, ESTIMATE_COLUMNS, FAILURE_COLUMNS
from unswayed.training.track import frames

PAGE = (Path(__file__).parents[2] / "docs" / "python-api.md").read_text("utf-8")
TABLES = {
    "rows": COLUMNS,
    "metrics": ESTIMATE_COLUMNS,
    "failures": FAILURE_COLUMNS,
    "compare": COMPARISON_COLUMNS,
    "compare trainings": frames.COMPARISON_COLUMNS,
    "track": frames.DYNAMICS_COLUMNS,
}


def test_its_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    namespace: dict[str, object] = {"__name__": "docs"}
    for block in blocks:
        exec(compile(block, "docs/python-api.md", "exec"), namespace)
    assert isinstance(namespace["own"], us.Run)


def test_the_misspelt_setting_says_what_the_page_says() -> None:
    said = re.findall(r"print\(error\)  # (.*)", PAGE)
    with pytest.raises(us.UnswayedError) as error:
        us.evaluate(model="organism", benchmark="scenes")  # type: ignore[call-arg]
    assert [str(error.value)] == said


@pytest.mark.parametrize("columns", TABLES.values(), ids=TABLES)
def test_its_tables_are_those_of_the_code(columns: tuple[Column, ...]) -> None:
    rows = [f"| `{one.name}` | {one.kind} | {one.meaning} |" for one in columns]
    assert "\n".join(["| column | type | what it says |", "|---|---|---|", *rows]) + "\n" in PAGE


def test_it_names_every_setting() -> None:
    table = PAGE.partition("| setting |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(Settings.model_fields)


def test_it_names_every_public_call() -> None:
    lower = {name for name in us.__all__ if name[0].islower()}
    assert all(f"`us.{name}" in PAGE for name in lower)
    methods = {name for name in vars(us.Run) if not name.startswith("_")}
    assert all(f"`run.{name}" in PAGE for name in methods)
