"""Runs to export: one of a scripted model, one of hostile recorded outputs, one of open answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

SCRIPTED = Path(__file__).parents[1] / "scripted.py"
HOSTILE = (
    '=HYPERLINK("http://example.com","press")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "'quoted",
    "a\x00b",
    'two\r\nlines, "quoted"; and\ta tab',
    "\u202ereversed\u2028separated</script><b>&",
    "NA",
    "x" * 100_000,
)
"""Thoughts; the last one is followed by an answer, the others by one too."""


def evaluated(out: Path, **settings: Any) -> RunFolder:
    values: dict[str, Any] = {"statistics": {"resamples": 100}, **settings}
    return evaluate(Settings.model_validate(values), out)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two benchmarks, right, wrong, unread and failed outputs; tests that write copy it."""
    run = evaluated(
        tmp_path_factory.mktemp("finished") / "run",
        model=f"{SCRIPTED}:Scripted,script=mixed",
        benchmarks=("scenes,n=10", f"{SCRIPTED}:Wide,n=4"),
        variants=("base", "wrong-think"),
    )
    return run.folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> RunFolder:
    return RunFolder.open(shutil.copytree(finished, tmp_path / "run"))


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {
            "id": str(place),
            "question": "=1+1 Is it red?",
            "options": {"A": "yes", "B": "=no"},
            "gold": "A",
            "output": f"{thought}<answer>{'AB'[place % 2]}</answer>",
        }
        for place, thought in enumerate(HOSTILE)
    ]
    recorded = folder / "recorded.jsonl"
    recorded.write_text("".join(json.dumps(row) + "\n" for row in rows), "ascii")
    spec = f"replay:{recorded}"
    return evaluated(folder / "run", model=spec, benchmarks=(spec,), variants=("base",)).folder


@pytest.fixture
def hostile(hostile_folder: Path, tmp_path: Path) -> RunFolder:
    return RunFolder.open(shutil.copytree(hostile_folder, tmp_path / "hostile"))


@pytest.fixture
def open_answers(tmp_path: Path) -> RunFolder:
    """Return a run of numbers: no options, no letters, no verdicts."""
    rows = [
        {
            "id": str(place),
            "question": "How many chairs are there?",
            "gold": "3",
            "output": f"<think>I count.</think><answer>{place}</answer>",
        }
        for place in range(6)
    ]
    recorded = tmp_path / "counts.jsonl"
    recorded.write_text("".join(json.dumps(row) + "\n" for row in rows))
    spec = f"replay:{recorded}"
    benchmark = f"{spec},answer_kind=number"
    return evaluated(tmp_path / "counts", model=spec, benchmarks=(benchmark,), variants=("base",))
