"""`unswayed train`: what it prints, what it refuses, and how it exits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unswayed.cli import main
from unswayed.training.folder import TrainingFolder
from unswayed.training.recipe import training_recipe

FEW = 'data=[{benchmark="scenes,n=120,split=train"}]'


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "train", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    options = ("--seeds", "1,2", "--out", str(out), "--set", "grpo.steps=7", "--dry-run")
    assert called(monkeypatch, "augmented", "--set", FEW, *options) == 0
    shown, said = capsys.readouterr()
    assert "112 prompts of 112 samples: scenes 112" in said
    assert re.search(r"shown as base \d+, .*wrong-think \d+", said)
    assert "warning" not in said
    assert "7 of 16 prompts × 8 completions" in shown
    assert "wrong-think 10%" in shown
    assert f"{out / 'seed-2'}: new" in shown
    assert re.search(r"evaluation +scenes,.* under base, .*; by --track, or ", shown)
    assert not out.exists()


def test_a_dry_run_refuses_to_track_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--set", FEW, "--set", "evaluation.benchmarks=[]", "--track", "--dry-run")
    assert called(monkeypatch, "accuracy", *options) == 2
    assert "expected benchmarks in its [evaluation]" in capsys.readouterr().err
    assert called(monkeypatch, "accuracy", *options[:-2], "--dry-run") == 0
    assert re.search(r"evaluation +of nothing", capsys.readouterr().out)


def test_a_dry_run_refuses_completions_that_cannot_be_split(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--set", "grpo.group_size=5", "--set", "grpo.batch_size=7", "--dry-run")
    assert called(monkeypatch, "accuracy", *options) == 2
    assert "the 80 completions of a step" in capsys.readouterr().err


def test_a_profile_without_answer_tags_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "accuracy", "--set", "profile=qwen3-vl", "--dry-run") == 2
    assert "found 'qwen3-vl' with the style plain" in capsys.readouterr().err


def test_training_on_what_is_evaluated_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    overlap = 'evaluation.benchmarks=["scenes,n=5,split=train"]'
    options = ("--set", FEW, "--set", overlap, "--set", "prompts=2", "--dry-run")
    assert called(monkeypatch, "accuracy", *options) == 0
    assert "warning: scenes,n=120,split=train is trained on, and" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["accurracy"], "unknown recipe 'accurracy'; did you mean accuracy or accuracy-extra?"),
        (
            ["nowhere.yaml"],
            "expected a recipe file (TOML) or the folder of a training run at nowhere.yaml, found "
            "nothing there; check the path, or name a shipped recipe (accuracy, ",
        ),
        (["accuracy", "--seeds", "1,1"], "expected --seeds as different numbers"),
        (["accuracy", "--seeds", "one"], "expected --seeds as different numbers"),
        (
            ["accuracy", "--from", "nowhere/at/all"],
            "a config.json at nowhere/at/all, found nothing",
        ),
        (["accuracy", "--set", "grpo.step=1"], "unknown recipe key 'grpo.step'"),
        (["accuracy", "--set", "data=[]"], "data"),
        (["accuracy", "--from", "organizm"], "unknown model 'organizm'; did you mean organism?"),
        (["accuracy", "--set", 'data=[{benchmark="scene"}]'], "did you mean scenes?"),
    ],
)
def test_a_slip_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert called(monkeypatch, *arguments, "--out", str(tmp_path / "run")) == 2
    said = capsys.readouterr()
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("unswayed: error: ")
    assert message in last
    assert said.out == ""
    assert not (tmp_path / "run").exists()


def test_a_begun_run_has_its_own_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = training_recipe("accuracy", ["grpo.steps=3"])
    folder = TrainingFolder(tmp_path / "seed-0")
    with folder.writing():
        folder.begin(recipe, {"path": "somewhere", "sha256": "0"}, {})
    assert folder.recipe() == recipe
    assert called(monkeypatch, str(folder.path), "--seeds", "1") == 2
    assert "leave them out to finish it" in capsys.readouterr().err


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    from unswayed.errors import RunError

    second = TrainingFolder(tmp_path).writing()
    refused = pytest.raises(RunError, match="is being written by")
    with TrainingFolder(tmp_path).writing(), refused, second:
        pass
