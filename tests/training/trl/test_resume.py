"""Training that is killed goes on: the same number of steps, one log, the same weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unswayed.training.folder import TrainingFolder, repair

STEPS = 5
DEADLINE_S = 600


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = f"""
model = "organism,which=early"
profile = "organism"
logging = "none"
data = [{{benchmark = "scenes,n=20,split=train"}}]
checkpoints = {{every = 2}}
grpo = {{steps = {STEPS}, prompts_per_step = 2, group_size = 4, max_new_tokens = 110,
        learning_rate = 1e-4, beta = 0.0, dtype = "float32"}}
"""
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(text.replace(",\n        ", ", "))
    return path


def command(recipe: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "unswayed", "train", str(recipe), "--out", str(out)]


def test_killed_between_checkpoints(recipe: Path, tmp_path: Path) -> None:
    whole = subprocess.run(command(recipe, tmp_path / "whole"), capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.strip() == str(tmp_path / "whole" / "seed-0" / f"checkpoint-{STEPS}")

    killed = TrainingFolder(tmp_path / "killed" / "seed-0")
    process = subprocess.Popen(
        command(recipe, tmp_path / "killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    waited = time.monotonic() + DEADLINE_S
    while not any(line["step"] >= 3 for line in killed.log()):
        assert process.poll() is None
        assert time.monotonic() < waited
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed.path / f"checkpoint-{STEPS}").exists()
    with (killed.path / "log.jsonl").open("ab") as log:
        log.write(b'{"step": 4, "rew')  # killed while it wrote

    again = subprocess.run(command(recipe, tmp_path / "killed"), capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    expected = TrainingFolder(tmp_path / "whole" / "seed-0")
    assert [line["step"] for line in killed.log()] == list(range(1, STEPS + 1))
    for name in ("loss", "reward", "entropy", "completions/mean_length"):
        assert [line[name] for line in killed.log()] == [line[name] for line in expected.log()]
    for step in (4, STEPS):
        name = Path(f"checkpoint-{step}") / "model.safetensors"
        assert (killed.path / name).read_bytes() == (expected.path / name).read_bytes()
    first, last = (expected.path / f"checkpoint-{step}" for step in (2, STEPS))
    assert (first / name.name).read_bytes() != (last / name.name).read_bytes()
    lines = (killed.path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["resumed"] for line in lines if "resumed" in line] == [2]
    for run in (killed, expected):
        written = sorted(file.name for file in (run.path / "completions").iterdir())
        assert written == [f"completions_{step:05d}.parquet" for step in range(1, STEPS + 1)]
        assert [one.step for one in run.checkpoints()] == [2, 4, STEPS]


def test_steps_that_were_done_again_count_once(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    for line in (
        {"step": 1, "reward": 0.1},
        {"step": 2, "reward": 0.2},
        {"step": 3, "reward": 0.3},
        {"resumed": 1},
        {"step": 2, "reward": 0.4},
    ):
        folder.append(line)
    assert [(line["step"], line["reward"]) for line in folder.log()] == [(1, 0.1), (2, 0.4)]


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    folder.append({"step": 1, "reward": float("nan")})
    with (tmp_path / "log.jsonl").open("ab") as log:
        log.write(b'{"step": 2')
    assert [line["reward"] for line in folder.log()] == [None]
    repair(tmp_path / "log.jsonl")
    folder.append({"step": 2})
    assert [line["step"] for line in folder.log()] == [1, 2]
