"""A whole study, as small as can be: two recipes, trained, evaluated, reported, packed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unswayed.cli import main
from unswayed.organism.architecture import write_tiny_checkpoint
from unswayed.study.plan import StudyFolder
from unswayed.training.folder import TrainingFolder
from unswayed.training.track.folders import evaluations

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

PLAN = """
note = "tiny: nothing can be learnt from it"
overrides = [
  "model={model}", "logging=none", "grpo.steps=5", "grpo.prompts_per_step=2", "grpo.group_size=2",
  "grpo.max_new_tokens=6", "grpo.learning_rate=1e-2", "checkpoints.every=3",
  'data=[{{benchmark="scenes,n=8,split=train"}}]',
]

[[blocks]]
recipes = ["accuracy", "faithful"]
seeds = [1]

[evaluations.checkpoints]
benchmarks = ["scenes,n=3", "scenes,n=3,pairs=held-out,name=scenes-held-out"]
variants = ["base", "wrong-think"]
decoding = {{ max_new_tokens = 6 }}

[evaluations.judges]
benchmarks = ["scenes,n=3,name=scenes-judged"]
variants = ["base"]
judge = "panel:rules+graph"
decoding = {{ max_new_tokens = 6 }}

[evaluations.draws]
steps = "ends"
benchmarks = ["scenes,n=2,name=scenes-draws"]
variants = ["base", "wrong-think"]
decoding = {{ n = 2, temperature = 1.0, max_new_tokens = 6 }}
"""


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "study", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_two_recipes_from_the_plan_to_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trl")
    pytest.importorskip("matplotlib")
    plan, study = tmp_path / "plan.toml", tmp_path / "study"
    plan.write_text(PLAN.format(model=write_tiny_checkpoint(tmp_path / "start")))
    assert called(monkeypatch, "run", str(study), "--plan", str(plan)) == 0
    trained = [TrainingFolder(study / name / "seed-1") for name in ("accuracy", "faithful")]
    for one in trained:
        assert [checkpoint.step for checkpoint in one.checkpoints()] == [3, 5]
        assert list(evaluations(one, "evaluations-checkpoints")) == [0, 3, 5]
        assert list(evaluations(one, "evaluations-draws")) == [0, 5]
    # the start was evaluated once: every training has the same files of it
    shared = [
        folder / "evaluations-judges" / "step-0" / "generations.jsonl"
        for folder in (study / "start", *(one.path for one in trained))
    ]
    assert len({file.stat().st_ino for file in shared}) == 1
    capsys.readouterr()
    assert called(monkeypatch, "run", str(study)) == 0  # nothing is left
    assert "5 done" in capsys.readouterr().err
    assert called(monkeypatch, "report", str(study)) == 0
    table = capsys.readouterr().out
    assert table.startswith("**tiny: nothing can be learnt from it**")
    assert table.count("| not run |") == 12
    assert called(monkeypatch, "pack", str(study), str(tmp_path / "packed.zip")) == 0
    capsys.readouterr()
    assert called(monkeypatch, "report", str(tmp_path / "packed.zip"), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["jobs"]["standing"] == {"done": 5, "running": 0, "failed": 0, "open": 0}
    lines = [one for one in document["curves"] if one["by_seed"]]
    assert {step for one in lines for step in one["by_seed"]["1"]} == {"0", "3", "5"}
    assert StudyFolder(study).plan().note in (study / "report.html").read_text("utf-8")
