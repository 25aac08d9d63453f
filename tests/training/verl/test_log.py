"""What verl wrote, taken over into the log of a training: each line once, whoever was killed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import RunError, StageError
from unswayed.training.folder import TrainingFolder
from unswayed.training.reward.parts import RewardParts
from unswayed.training.verl import checkpoints as verl_checkpoints
from unswayed.training.verl.log import Attempt, Transfer, attempts, catch_up, next_attempt

pq = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
RIGHT = RewardParts(format=0.1, correct=1.0, answer=1.0, consistent=True, verdict="consistent")
UNKNOWN = RewardParts(format=0.1, correct=1.0, answer=None, verdict="failed")


@pytest.fixture
def folder(tmp_path: Path) -> TrainingFolder:
    return TrainingFolder(tmp_path)


def append(path: Path, *lines: dict[str, Any], end: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("\n".join(map(json.dumps, lines)) + end)


def attempt(folder: TrainingFolder, number: int = 1) -> Attempt:
    return Attempt(number, folder.path / "verl" / "attempts" / str(number))


def metrics(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "data": {"critic/score/mean": None, "actor/lr": 1e-6, **more}}


def record(step: int | None, parts: RewardParts | None, text: str = "<answer>A</answer>") -> Any:
    shown = {"sample": "toy/1", "variant": "base", "prefill": "", "text": text, "reason": ""}
    return {"step": step, **shown, "parts": None if parts is None else asdict(parts)}


def test_a_step_gets_verls_figures_and_the_rewards_of_its_completions(
    folder: TrainingFolder,
) -> None:
    one = attempt(folder)
    append(one.records / "a.jsonl", record(1, RIGHT), record(1, UNKNOWN), record(None, RIGHT))
    append(one.records / "b.jsonl", record(1, None), record(1, RIGHT), record(2, UNKNOWN))
    append(one.metrics, metrics(1, **{"response_length/mean": 40.0, "perf/total": 3}))
    Transfer(folder, one)()
    (line,) = folder.log()
    assert line["reward"] == pytest.approx(1.1)
    assert line["parts/unscored"] == 0.5
    assert line["parts/consistent"] == 1.0
    assert (line["learning_rate"], line["completions/mean_length"]) == (1e-6, 40.0)
    assert "perf/total" not in line
    rows = pq.read_table(folder.path / "completions/completions_00001.parquet").to_pylist()
    assert [row["reward"] for row in rows] == [1.1, None, None, 1.1]


def test_a_step_without_one_known_reward_has_none(folder: TrainingFolder) -> None:
    one = attempt(folder)
    append(one.records / "a.jsonl", record(1, UNKNOWN), record(1, UNKNOWN))
    append(one.metrics, metrics(1))
    Transfer(folder, one)()
    (line,) = folder.log()
    assert (line["reward"], line["parts/unscored"]) == (None, 1.0)


def test_lines_are_taken_over_as_they_appear_and_once(folder: TrainingFolder) -> None:
    one = attempt(folder)
    transfer = Transfer(folder, one)
    assert transfer() == []
    append(one.metrics, metrics(1), metrics(2))
    assert [line["step"] for line in transfer()] == [1, 2]
    append(one.metrics, metrics(3), end="")
    assert transfer() == []  # a line that is still being written
    append(one.metrics)
    assert [line["step"] for line in transfer()] == [3]
    assert Transfer(folder, one)() == []
    assert [line["step"] for line in folder.log()] == [1, 2, 3]


def test_what_a_killed_process_left_is_made_up_for(folder: TrainingFolder) -> None:
    append(attempt(folder).metrics, metrics(1), metrics(2), metrics(3))
    transfer = Transfer(folder, attempt(folder))
    transfer()
    append(attempt(folder).metrics, metrics(4))
    append(attempt(folder, 2).metrics, metrics(3, **{"actor/lr": 2e-6}), metrics(4))
    catch_up(folder)
    catch_up(folder)
    assert [line["step"] for line in folder.log()] == [1, 2, 3, 4]
    assert folder.log()[2]["learning_rate"] == 2e-6
    raw = [json.loads(line) for line in (folder.path / "log.jsonl").read_text().splitlines()]
    assert [line.get("step", f"resumed {line.get('resumed')}") for line in raw] == [
        "resumed 0",
        1,
        2,
        3,
        4,
        "resumed 2",
        3,
        4,
    ]


def test_a_start_that_never_began_is_begun(folder: TrainingFolder) -> None:
    own = folder.path / "verl"
    assert next_attempt(own).number == 1
    attempt(folder).path.mkdir(parents=True)
    attempt(folder).config.write_text("")
    assert next_attempt(own).number == 1
    attempt(folder).console.write_text("")
    assert next_attempt(own).number == 2
    assert [one.number for one in attempts(own)] == [1]


class TestCheckpoints:
    def shards(self, folder: TrainingFolder, step: int, gpus: int = 2) -> Path:
        own = folder.path / "verl" / "checkpoints"
        actor = own / f"global_step_{step}" / "actor"
        actor.mkdir(parents=True)
        (actor / "fsdp_config.json").write_text(json.dumps({"world_size": gpus}))
        (own / "latest_checkpointed_iteration.txt").write_text(str(step))
        return own

    def test_only_whole_checkpoints_count(self, folder: TrainingFolder) -> None:
        own = self.shards(folder, 2)
        assert (verl_checkpoints.latest(own), verl_checkpoints.saved(own)) == (2, [2])
        self.shards(folder, 4)
        (own / "latest_checkpointed_iteration.txt").write_text("2")  # killed before it was whole
        assert verl_checkpoints.saved(own) == [2]
        (own / "global_step_2" / "actor" / "fsdp_config.json").unlink()  # not kept
        assert verl_checkpoints.saved(own) == []

    def test_as_many_gpus_as_before(self, folder: TrainingFolder) -> None:
        own = self.shards(folder, 2, gpus=8)
        verl_checkpoints.check_processes(own, 8)
        with pytest.raises(RunError, match="written by 8 GPUs"):
            verl_checkpoints.check_processes(own, 16)

    def test_a_merger_that_fails_leaves_nothing_half_made(self, folder: TrainingFolder) -> None:
        self.shards(folder, 2)  # no weights, and no verl to merge them
        with pytest.raises(StageError, match=r"merger could not put .* together \(exit 1\)"):
            verl_checkpoints.export(folder, 2)
        assert not folder.saving.exists()
        assert folder.checkpoints() == []

    def test_an_export_that_is_there_is_left(self, folder: TrainingFolder) -> None:
        there = folder.path / "checkpoint-2"
        there.mkdir()
        assert verl_checkpoints.export(folder, 2) == there
