"""Checkpoints are evaluated once each, on the same questions, whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.training.policies import QUESTIONS, WIDE, checkpoint, policy, training

from unswayed.cli import main
from unswayed.errors import ConfigError, RunError, UnknownName
from unswayed.organism import weights_folder
from unswayed.run.folder import RunFolder
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.recipe import training_recipe
from unswayed.training.start import start_of
from unswayed.training.track import evaluation as tracking
from unswayed.training.track.evaluation import Tracker, check_evaluation, spec_of, track
from unswayed.training.track.folders import evaluations, place
from unswayed.training.track.settings import CheckpointEvaluation


@pytest.fixture
def start(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "start", {"right": 12})


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def accuracy(folder: TrainingFolder, step: int, variant: str = "base") -> float:
    found = json.loads((place(folder, step) / "metrics.json").read_text())["estimates"]
    return next(
        one["value"] for one in found if (one["variant"], one["metric"]) == (variant, "accuracy")
    )


def test_seeds_are_evaluated_alike_and_share_their_start(tmp_path: Path, start: Path) -> None:
    out = tmp_path / "runs"
    first = training(out / "seed-1", start, {2: {"right": 6}, 4: {"right": 18}}, seed=1)
    second = training(out / "seed-2", start, {2: {"right": 24}}, seed=2)
    drawn: list[list[str]] = []
    track(out, model_of=policy, after=lambda: drawn.append(sorted(p.name for p in out.iterdir())))
    assert len(drawn) == 1
    assert [accuracy(first, step) for step in (0, 2, 4)] == [0.5, 0.25, 0.75]
    assert [accuracy(second, step) for step in (0, 2)] == [0.5, 1.0]
    copied = RunFolder(place(second, 0)).description()
    assert copied["copied_from"] == "seed-1"
    assert "copied_from" not in RunFolder(place(first, 0)).description()
    asked = {
        (path / "variants.jsonl").read_bytes()
        for folder in (first, second)
        for path in evaluations(folder).values()
    }
    assert len(asked) == 1
    assert Tracker(first, model_of=policy).catch_up() == []


def test_a_start_of_other_weights_is_not_shared(tmp_path: Path, start: Path) -> None:
    other = checkpoint(tmp_path / "other", {"right": 3})
    out = tmp_path / "runs"
    training(out / "seed-1", start, {}, seed=1)
    second = training(out / "seed-2", other, {}, seed=2)
    track(out, model_of=policy)
    assert accuracy(second, 0) == 3 / QUESTIONS
    assert "copied_from" not in RunFolder(place(second, 0)).description()


def test_a_half_written_checkpoint_is_left_alone_until_it_is_whole(
    tmp_path: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = training(tmp_path / "run", start, {2: {"right": 6}})
    weights = folder.path / "checkpoint-2" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-4])
    tracker = Tracker(folder, model_of=policy)
    assert tracker.catch_up() == [0]
    assert tracker.catch_up() == []
    assert capsys.readouterr().err.count("is left alone for now") == 1
    weights.write_bytes(whole)
    assert tracker.catch_up() == [2]


def test_a_checkpoint_whose_shards_are_not_all_there_is_left_alone(
    tmp_path: Path, start: Path
) -> None:
    folder = training(tmp_path / "run", start, {2: {"right": 6}})
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    made = folder.path / "checkpoint-2"
    (made / "model.safetensors.index.json").write_text(json.dumps(index))
    tracker = Tracker(folder, model_of=policy)
    assert tracker.catch_up() == [0]
    shutil.copy(made / "model.safetensors", made / "model-2.safetensors")
    assert tracker.catch_up() == [2]


def test_changed_weights_are_refused(tmp_path: Path, start: Path) -> None:
    folder = training(tmp_path / "run", start, {2: {"right": 6}})
    tracker = Tracker(folder, model_of=policy)
    tracker.catch_up()
    weights = folder.path / "checkpoint-2" / "model.safetensors"
    later = (place(folder, 2) / "metrics.json").stat().st_mtime + 10
    os.utime(weights, (later, later))  # touched, but the same
    assert tracker.catch_up() == []
    shutil.copy(start / "model.safetensors", weights)
    os.utime(weights, (later, later))
    with pytest.raises(RunError, match="holds other weights now than when"):
        tracker.catch_up()


def test_a_start_that_changed_is_left_out_and_told(
    tmp_path: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = training(tmp_path / "run", start, {2: {"right": 6}})
    other = checkpoint(tmp_path / "other", {"right": 1})
    shutil.copy(other / "model.safetensors", start / "model.safetensors")
    assert Tracker(folder, model_of=policy).catch_up() == [2]
    assert "step 0 of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"limit": 5}, "limit was None, is 5"),
        ({"variants": ("base",)}, "variants was"),
        ({"judge": "tests/scripted.py:SlowRules"}, "judge was 'rules'"),
    ],
)
def test_other_questions_are_refused(
    tmp_path: Path, start: Path, change: dict[str, Any], named: str
) -> None:
    folder = training(tmp_path / "run", start, {})
    Tracker(folder, model_of=policy).catch_up()
    checkpoint(folder.path / "checkpoint-2", {"right": 6})

    def changed(own: CheckpointEvaluation) -> CheckpointEvaluation:
        return own.model_copy(update=change)

    with pytest.raises(RunError, match="was evaluated with other settings") as told:
        Tracker(folder, changed, policy).catch_up()
    assert named in str(told.value)
    smaller = Tracker(folder, lambda own: own.model_copy(update={"batch_size": 3}), policy)
    assert smaller.catch_up() == [2]  # how many are asked at a time is no other question


def test_a_killed_evaluation_goes_on(tmp_path: Path, start: Path) -> None:
    folder = training(tmp_path / "run", start, {2: {"right": 6}})
    model = policy(Checkpoint(0, Path("{}")), delay=0.4)
    command = [sys.executable, "-m", "unswayed", "track", str(folder.path), "--model", model]
    command += ["--batch-size", "8"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    written = place(folder, 2) / "generations.jsonl"
    while process.poll() is None and not (written.exists() and written.stat().st_size):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = written.read_bytes()
    assert 0 < before.count(b"\n") < 2 * QUESTIONS
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    after = written.read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    ids = [json.loads(line)["id"] for line in after.splitlines()]
    assert len(ids) == len(set(ids)) == 2 * QUESTIONS
    assert accuracy(folder, 2) == 0.25


def test_one_process_evaluates(tmp_path: Path, start: Path) -> None:
    folder = training(tmp_path / "run", start, {})
    program = (
        "import sys, time; from pathlib import Path; from unswayed.run.folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).writing(): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder.path / "evaluations")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="is being written by process"):
            Tracker(folder, model_of=policy).catch_up()
        other.communicate()


def test_a_watcher_waits_for_checkpoints_and_seeds_to_come(
    tmp_path: Path, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "runs"
    out.mkdir()
    (out / "seeds.json").write_text(json.dumps({"seeds": [1, 2]}))
    events = [
        lambda: training(out / "seed-1", start, {}, seed=1),
        lambda: checkpoint(out / "seed-1" / "checkpoint-4", {"right": 6}),
        lambda: training(out / "seed-2", start, {4: {"right": 7}}, seed=2),
    ]
    looked: list[float] = []

    def wait(seconds: float) -> None:
        looked.append(seconds)
        events[len(looked) - 1]()

    monkeypatch.setattr(tracking, "sleep", wait)
    calls: list[int] = []
    track(out, model_of=policy, watch=True, poll_s=7, after=lambda: calls.append(1))
    assert looked == [7, 7, 7]
    assert len(calls) == 3
    assert accuracy(TrainingFolder(out / "seed-2"), 4) == 7 / QUESTIONS


def test_what_cannot_be_tracked_is_told(tmp_path: Path, start: Path) -> None:
    with pytest.raises(ConfigError, match="expected the folder of a training run"):
        track(tmp_path)
    folder = training(tmp_path / "run", start, {}, benchmarks=[])
    with pytest.raises(ConfigError, match="evaluates on nothing"):
        track(folder.path, model_of=policy)
    nothing = training_recipe("accuracy", ["evaluation.benchmarks=[]"])
    with pytest.raises(ConfigError, match="leave --track out"):
        check_evaluation(nothing)
    unknown = training_recipe("accuracy", ['evaluation.variants=["bse"]'])
    with pytest.raises(UnknownName, match="did you mean base"):
        check_evaluation(unknown)


def test_a_checkpoint_is_read_as_the_first_one_was(start: Path, tmp_path: Path) -> None:
    found = start_of(f"transformers:{start},max_pixels=99,attention=eager,trust_remote_code=true")
    own = spec_of(found, Checkpoint(3, tmp_path / "checkpoint-3"), "bfloat16")
    assert own.startswith(f"transformers:{tmp_path / 'checkpoint-3'},dtype=bfloat16")
    assert "max_pixels=99" in own
    assert "attention=eager" in own
    hub = spec_of(start_of("some/model,revision=abc"), Checkpoint(0, Path("some/model")), "float32")
    assert hub == "transformers:some/model,dtype=float32,revision=abc"


def test_the_command_evaluates_draws_and_tells(
    tmp_path: Path,
    start: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "runs"
    for seed, right in ((1, 18), (2, 21), (3, 24)):
        training(out / f"seed-{seed}", start, {4: {"right": right}}, seed=seed)
    model = policy(Checkpoint(0, Path("{}")))
    assert called(monkeypatch, "track", str(out), "--model", model) == 0
    shown = capsys.readouterr().out
    line = next(x for x in shown.splitlines() if "accuracy (%)" in x and " base " in x)
    # changes of 25, 37.5 and 50 points: 37.5 ± 4.303 · 12.5 / √3
    assert line.split()[-5:] == ["87.5", "+37.5", "[+6.4,", "+68.6]", "*"]
    assert "[ ] is the change's interval over seeds" in shown
    assert "COLLAPSED" not in shown
    names = {path.name for path in out.iterdir()}
    assert {"dynamics.parquet", "curves.svg", "curves.png", "rewards.svg", "rewards.png"} <= names
    table = pd.read_parquet(out / "dynamics.parquet")
    base = table.query("variant == 'base' and metric == 'accuracy'")
    values = {(row.seed, row.step): row.value for row in base.itertuples()}
    assert values == {
        **{(seed, 0): 0.5 for seed in (1, 2, 3)},
        (1, 4): 0.75,
        (2, 4): 0.875,
        (3, 4): 1.0,
    }
    assert set(base.n) == {QUESTIONS}
    reward = table.query("benchmark == 'training' and metric == 'reward' and seed == 2")
    assert list(reward.value.round(3)) == [0.512, 0.522, 0.532, 0.542]
    (out / "curves.svg").unlink()
    assert called(monkeypatch, "track", str(out), "--no-evaluate", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == len(table)
    assert {one["collapsed"] for one in found["collapse"]} == {False}
    assert (out / "curves.svg").is_file()


def test_the_command_says_that_thoughts_collapsed(
    tmp_path: Path,
    start: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = training(tmp_path / "run", start, {4: {"right": 20, "thought": "collapsed"}})
    model = policy(Checkpoint(0, Path("{}")))
    options = ("--model", model, "--variants", "base", "--benchmark", WIDE, "--limit", "22")
    assert called(monkeypatch, "track", str(folder.path), *options) == 0
    said = capsys.readouterr().out
    assert "COLLAPSED  seed 1, wide: from step 4 on, collapsed: short and templated" in said
    assert "one seed: [ ] is the change's interval over questions" in said
    assert "Collapsed: seed 1" in (folder.path / "curves.svg").read_text("utf-8")


def test_the_command_says_where_thoughts_fell_silent(
    tmp_path: Path,
    start: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = training(tmp_path / "run", start, {4: {"right": 20, "silent": True}})
    model = policy(Checkpoint(0, Path("{}")))
    options = ("--model", model, "--variants", "base,wrong-think", "--benchmark", WIDE)
    assert called(monkeypatch, "track", str(folder.path), *options) == 0
    said = capsys.readouterr().out
    assert (
        "EMPTY      seed 1, wide, wrong-think: at step 4, 100% of the thoughts have no word of the "
        "model's own (was 0%); at the last, step 4: 100%"
    ) in said
    assert said.count("EMPTY") == 1
    assert "COLLAPSED" not in said
    assert "Empty thoughts: seed 1" in (folder.path / "curves.svg").read_text("utf-8")
    assert called(monkeypatch, "track", str(folder.path), "--no-evaluate", "--json") == 0
    told = json.loads(capsys.readouterr().out)["empty_thoughts"]
    assert {one["variant"]: one["empty"] for one in told} == {"base": False, "wrong-think": True}


@pytest.mark.slow
def test_the_organism_is_tracked_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path / "start"
    shutil.copytree(weights_folder("early"), start)
    asked = {"benchmarks": ["scenes,n=20"], "variants": ["base", "wrong-think"]}
    folder = training(tmp_path / "run", start, {}, **asked)
    settings = json.loads((folder.path / "run.json").read_text())
    settings["settings"]["profile"] = "organism"
    (folder.path / "run.json").write_text(json.dumps(settings))
    shutil.copytree(start, folder.path / "checkpoint-2")
    shutil.copytree(weights_folder("final"), folder.path / "checkpoint-4")
    assert called(monkeypatch, "track", str(folder.path)) == 0
    shown = capsys.readouterr().out
    texts = [(path / "generations.jsonl").read_text() for path in evaluations(folder).values()]
    assert texts[0] == texts[1] != texts[2]
    assert "seed 1, scenes: at step 4, " in shown
    assert "COLLAPSED" not in shown
    assert "collapse unknown" not in shown
