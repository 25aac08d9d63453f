"""`unswayed train --track`: one command trains, evaluates each checkpoint and draws the curves."""

from __future__ import annotations

from pathlib import Path

import pytest

from unswayed.cli import main
from unswayed.errors import StageError
from unswayed.organism.architecture import write_tiny_checkpoint
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.track import evaluation as tracking
from unswayed.training.track.evaluation import following
from unswayed.training.track.folders import evaluations

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

RECIPE = """
model = "{model}"
profile = "organism"
logging = "none"
data = [{{ benchmark = "scenes,n=8,split=train" }}]

[reward]
faithful = true

[grpo]
prompts_per_step = 2
group_size = 2
steps = 2
max_new_tokens = 6
learning_rate = 1e-2
dtype = "float32"

[checkpoints]
every = 1

[evaluation]
benchmarks = ["scenes,n=3"]
variants = ["base", "stop-think"]
"""


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "train", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_a_training_that_is_tracked_is_the_same_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trl")
    start = write_tiny_checkpoint(tmp_path / "start")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.format(model=start))
    weights = [
        tmp_path / out / "seed-3" / "checkpoint-2" / "model.safetensors" for out in ("a", "b")
    ]
    for out, more in (("a", ()), ("b", ("--track",))):
        options = ("--seeds", "3", "--out", str(tmp_path / out), *more)
        assert called(monkeypatch, str(recipe), *options) == 0
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert list(evaluations(TrainingFolder(tmp_path / "b" / "seed-3"))) == [0, 1, 2]
    assert not (tmp_path / "a" / "seed-3" / "evaluations").exists()
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert {"dynamics.parquet", "curves.svg", "rewards.png", "seeds.json", "seed-3"} == names - {
        "curves.png",
        "rewards.svg",
    }
    shown = capsys.readouterr().out
    assert "step 0" in shown
    assert "rules both rewards and evaluates" in shown


def test_a_recipe_that_evaluates_on_nothing_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    options = ("--set", "evaluation.benchmarks=[]", "--out", str(out), "--track")
    assert called(monkeypatch, "accuracy", *options) == 2
    assert "leave --track out" in capsys.readouterr().err
    assert not out.exists()


def test_an_evaluation_that_fails_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: object) -> None:
        raise StageError("no memory left")

    monkeypatch.setattr(tracking.Tracker, "catch_up", fails)
    following(tmp_path / "run")(Checkpoint(20, tmp_path / "run" / "checkpoint-20"))
    told = capsys.readouterr().err
    assert "step 20 of" in told
    assert "no memory left; training goes on" in told
    assert f"unswayed track {tmp_path / 'run'}" in told
