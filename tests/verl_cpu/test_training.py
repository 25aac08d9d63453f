"""A training by the real verl: two ranks, stopped behind step 2, resumed to step 4, exported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import RunError
from unswayed.models import Decoding, request_of
from unswayed.models.transformers.backend import Backend
from unswayed.organism import weights_folder
from unswayed.training.folder import Checkpoint, TrainingFolder
from unswayed.training.reward.scorer import Scorer
from unswayed.training.track.evaluation import following
from unswayed.training.verl import engine
from unswayed.types import Variant

from .conftest import OPTIONS, recipe


@dataclass
class Trained:
    """The run, and what was seen on the way."""

    folder: TrainingFolder
    seen: list[int]
    evaluated: list[str]
    begun_again: list[int]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cpu: None) -> Trained:
    """Train; stop as soon as the checkpoint of step 2 is there; train on to step 4, evaluating."""
    out = tmp_path_factory.mktemp("trained") / "seed-3"
    made = Trained(TrainingFolder(out), [], [], [])
    evaluate: Callable[[Checkpoint], None] = following(out)

    def call(checkpoint: Checkpoint) -> None:
        made.seen.append(checkpoint.step)
        if checkpoint.step == 2:
            raise KeyboardInterrupt
        evaluate(checkpoint)
        found = out.glob("evaluations/*/metrics.json")
        made.evaluated = sorted(path.parent.name for path in found)

    with pytest.raises(KeyboardInterrupt):
        engine.train_with_verl(recipe(), out, {}, call)
    made.begun_again = [one.step for one in made.folder.checkpoints()]
    last = engine.train_with_verl(recipe(), out, {}, call)
    assert last.step == 4
    return made


def test_checkpoints_are_handed_on_and_evaluated(trained: Trained) -> None:
    assert trained.seen == [2, 4]
    assert trained.begun_again == [2]
    assert trained.evaluated == ["step-0", "step-2", "step-4"]


def test_the_resumed_training_went_on_behind_the_checkpoint(trained: Trained) -> None:
    log = trained.folder.log()
    assert [line["step"] for line in log] == [1, 2, 3, 4]
    raw = (trained.folder.path / "log.jsonl").read_text().splitlines()
    marks = [json.loads(line) for line in raw if "resumed" in line]
    assert marks == [
        {"resumed": 0, "attempt": 1, "time": marks[0]["time"]},
        {"resumed": 2, "attempt": 2, "time": marks[1]["time"]},
    ]
    assert not list((trained.folder.path / "verl/attempts").glob("3"))
    for line in log:
        assert {"reward", "loss", "kl", "grad_norm", "step_time", "parts/format"} <= line.keys()
        assert line["learning_rate"] == pytest.approx(1e-4)
    # a step whose groups are each of one reward moves nothing, but not all of them are
    assert max(line["grad_norm"] for line in log) > 0


def test_open_thoughts_are_continued_and_not_closed(trained: Trained) -> None:
    rows = [
        json.loads(line)
        for path in (trained.folder.path / "verl/rollouts").glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert {row["step"] for row in rows} == {1, 2, 3, 4}
    assert len(rows) == 4 * 16
    opened = [row for row in rows if "<think>" in row["input"]]
    assert 0 < len(opened) < len(rows)
    for row in rows:
        head = row["input"].rpartition("assistant\n")[2]
        assert head.startswith("<think>") or head == ""
        assert "</think>" not in head  # left open …
        assert not row["output"].startswith(("<think>", "assistant")) or head == ""
    assert any("</think><answer>" in row["output"] for row in opened)  # … and closed by the model


def test_recorded_rewards_are_the_reward_of_the_recorded_completions(trained: Trained) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    prompts = pq.read_table(trained.folder.path / "verl/prompts.parquet").to_pylist()
    shown = [Variant.model_validate_json(row["extra_info"]["variant"]) for row in prompts]
    known = {(one.sample.id, one.name): one for one in shown}
    for step in (1, 2, 3, 4):
        name = f"completions_{step:05d}.parquet"
        rows = pq.read_table(trained.folder.path / "completions" / name).to_pylist()
        assert len(rows) == 16
        drawn = shown[(step - 1) * 4 : step * 4]  # in the recipe's order
        assert {row["sample"] for row in rows} == {one.sample.id for one in drawn}
        variants = [known[row["sample"], row["variant"]] for row in rows]
        parts = Scorer(recipe().reward).score(variants, [row["text"] for row in rows])
        assert [row["reward"] for row in rows] == [part.total for part in parts]
        totals = sorted(part.total for part in parts if part.total is not None)
        line = trained.folder.log()[step - 1]
        assert line["reward"] == pytest.approx(sum(totals) / len(totals))
        assert line["parts/unscored"] == pytest.approx(1 - len(totals) / 16)
        dump = (trained.folder.path / f"verl/rollouts/{step}.jsonl").read_text("utf-8")
        scores = [json.loads(one)["score"] for one in dump.splitlines()]
        assert sorted(score for score in scores if score == score) == pytest.approx(totals)
        assert len(scores) == 16


def test_lost_replies_of_the_judge_spoil_no_step(trained: Trained) -> None:
    log = trained.folder.log()
    assert max(line["parts/unscored"] for line in log) > 0
    for line in log:
        assert None not in (line["loss"], line["grad_norm"], line["reward"])


def test_an_export_is_a_model_with_its_parents_processor(trained: Trained) -> None:
    import torch
    from safetensors.torch import load_file

    parent = weights_folder("early")
    made = trained.folder.path / "checkpoint-4"
    for name in ("tokenizer.json", "chat_template.jinja", "preprocessor_config.json"):
        assert (made / name).read_bytes() == (parent / name).read_bytes()
    before, after = (load_file(path / "model.safetensors") for path in (parent, made))
    changed = [k for k in before if not torch.equal(before[k].float(), after[k].float())]
    assert changed
    at_two = load_file(trained.folder.path / "checkpoint-2" / "model.safetensors")
    assert any(not torch.equal(at_two[key], after[key]) for key in after)


def test_an_export_answers_through_our_backend(trained: Trained) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    row = pq.read_table(trained.folder.path / "verl/prompts.parquet").to_pylist()[0]
    variant = Variant.model_validate_json(row["extra_info"]["variant"])
    from unswayed import prompts

    user = prompts.render_user(variant, prompts.profile("organism"))
    request = request_of(variant, trained.folder.path, "", user)
    model = Backend(str(trained.folder.path / "checkpoint-4"), device="cpu")
    (made,) = model.generate([request], Decoding(max_new_tokens=120))
    assert made.status == "stop"
    assert made.text.endswith("</answer>")


def test_a_finished_training_is_left_as_it_is(trained: Trained) -> None:
    before = (trained.folder.path / "log.jsonl").read_bytes()
    assert engine.train_with_verl(recipe(), trained.folder.path).step == 4
    assert (trained.folder.path / "log.jsonl").read_bytes() == before


def test_another_number_of_gpus_cannot_go_on(trained: Trained, tmp_path: Path) -> None:
    from unswayed.training.verl.checkpoints import check_processes

    shards = trained.folder.path / "verl/checkpoints"
    check_processes(shards, 2)
    with pytest.raises(RunError, match=r"written by 2 GPUs, .* as many only; found .* = 4"):
        check_processes(shards, 4)
    check_processes(tmp_path, 4)


def test_a_judge_that_dies_ends_training_by_the_recipes_share(tmp_path: Path, cpu: None) -> None:
    from unswayed.errors import StageError

    judge = f"{Path(__file__).with_name('gone.py')}:Dying"
    reward = {"faithful": True, "judge": judge, "asking": {"most_failed": 0.9}}
    found = recipe(reward=reward, checkpoints={"every": 9}, grpo={"steps": 9})
    with pytest.raises(StageError, match=r"the judge .*:Dying failed on .* it is switched off"):
        engine.train_with_verl(found, tmp_path)
    assert 2 <= len(TrainingFolder(tmp_path).log()) < 9


def test_a_training_that_fails_says_why(tmp_path: Path, cpu: None) -> None:
    from unswayed.errors import StageError

    options: dict[str, Any] = {**OPTIONS, "ray_kwargs.ray_init.num_gpus": 1}
    found = recipe(verl={"gpus_per_node": 2, "max_prompt_length": 512, "options": options})
    with pytest.raises(StageError, match=r"verl ended with status 1: .*GPU"):
        engine.train_with_verl(found, tmp_path)
    assert TrainingFolder(tmp_path).checkpoints() == []
