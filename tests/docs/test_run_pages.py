"""The Python on the pages of runs and metrics works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate

ROOT = Path(__file__).parents[2]
SCRIPTED = ROOT / "tests" / "scripted.py"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ("metrics.md", "run-folder.md")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `runs/demo` and `runs/other` in it, of the same samples."""
    folder = tmp_path_factory.mktemp("pages")
    for name, script in (("demo", "mixed"), ("other", "gold")):
        values = {
            "model": f"{SCRIPTED}:Scripted,script={script}",
            "benchmarks": ("scenes,n=8",),
            "variants": ("base", "wrong-think"),
            "statistics": {"resamples": 100},
        }
        evaluate(Settings.model_validate(values), folder / "runs" / name)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page: str, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(runs)
    blocks = BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {"__name__": page})
