"""Somebody else's training by verl, with the lines of docs/in-your-training.md added to it."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import unswayed
from unswayed.errors import ConfigError, UnknownName
from unswayed.organism import weights_folder
from unswayed.results.loggers import figures
from unswayed.run.folder import RunFolder
from unswayed.training.start import Start
from unswayed.training.verl import engine
from unswayed.training.verl.config import VerlFiles, composed, settings
from unswayed.training.verl.process import started

from .conftest import recipe

PAGE = Path(__file__).parents[2] / "docs" / "in-your-training.md"
SHOWN = re.search(r"python -m verl\.trainer\.main_ppo.*?```", PAGE.read_text("utf-8"), re.DOTALL)
WATCH = """\
benchmarks = ["scenes,n=3"]
variants = ["base", "wrong-think"]
profile = "organism"
"""
STEPS = 2


def lines_of_the_page() -> list[str]:
    """Return what the page adds to verl's command."""
    assert SHOWN is not None
    _, *lines = SHOWN[0].removesuffix("```").replace("\\\n", "\n").strip().splitlines()
    added = [part for line in lines for part in shlex.split(line)]
    assert len(added) == 2
    return added


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cpu: None) -> Path:
    """Train for two steps by verl's own command, its own GRPO, and the lines of the page.

    The console of the first evaluation cannot be written.
    """
    out = tmp_path_factory.mktemp("theirs")
    theirs = recipe(
        reward={"faithful": False},
        grpo={"steps": STEPS, "beta": 0.0, "prompts_per_step": 2, "max_new_tokens": 48},
        checkpoints={"every": 1},
    )
    launch = engine.prepare(theirs, out)
    assert launch is not None
    console = launch.attempt.console
    console.parent.mkdir(parents=True, exist_ok=True)
    (console.parent / "watch.toml").write_text(WATCH, "utf-8")
    evaluations = out / "verl" / "checkpoints" / "evaluations"
    evaluations.mkdir(parents=True)
    (evaluations / "step-1.log").mkdir()  # where the evaluation's console would be
    theirs_own = ["algorithm.adv_estimator=grpo", "trainer.resume_mode=disable"]
    with started([*launch.command, *theirs_own, *lines_of_the_page()], console) as process:
        assert process.wait(600) == 0, console.read_text("utf-8")[-4000:]
    return out


def logged(out: Path) -> dict[int, dict[str, float]]:
    """Return what went into verl's tracking and is ours, by step."""
    (file,) = out.glob("verl/attempts/1/metrics.jsonl")
    found: dict[int, dict[str, float]] = {}
    for line in file.read_text("utf-8").splitlines():
        entry = json.loads(line)
        ours = {key: value for key, value in entry["data"].items() if key.startswith("unswayed/")}
        found.setdefault(entry["step"], {}).update(ours)
    return found


def test_the_figures_of_a_save_are_in_verls_tracking(trained: Path) -> None:
    run = RunFolder(trained / "verl" / "checkpoints" / "evaluations" / f"step-{STEPS}")
    found = logged(trained)[STEPS]
    assert found == figures(run, "unswayed")
    assert {f"unswayed/scenes/{one}/accuracy" for one in ("base", "wrong-think")} <= set(found)


def test_a_failed_evaluation_is_said_and_training_goes_on(trained: Path) -> None:
    assert logged(trained)[1] == {}
    console = (trained / "verl/attempts/1/console.log").read_text("utf-8")
    assert re.search(r"step 1 was not evaluated: .*step-1\.log.*; training goes on", console)
    tracker = trained / "verl/checkpoints/latest_checkpointed_iteration.txt"
    assert tracker.read_text("utf-8") == str(STEPS)


def test_the_evaluation_is_that_of_the_saved_weights(trained: Path, tmp_path: Path) -> None:
    from unswayed.training.verl.checkpoints import merge

    merge(trained / f"verl/checkpoints/global_step_{STEPS}/actor", tmp_path / "weights")
    weights = f"transformers:{tmp_path / 'weights'}"
    run = unswayed.evaluate(model=weights, out=tmp_path / "run", **tomllib.loads(WATCH))
    assert figures(RunFolder(run.folder), "unswayed") == logged(trained)[STEPS]
    assert not list((trained / "verl/checkpoints/evaluations/weights").iterdir())


def configuration(**trainer: Any) -> Any:
    from omegaconf import OmegaConf

    found = recipe(reward={"faithful": False}, checkpoints={"every": 2})
    template = (weights_folder("early") / "chat_template.jinja").read_text("utf-8")
    files = VerlFiles(Path("run"), Path("run/records"), Path("run/metrics.jsonl"))
    start = Start(found.model, str(weights_folder("early")), "organism")
    config = composed(settings(found, start, files, template))
    for key, value in trainer.items():
        OmegaConf.update(config, key.replace("__", "."), value, force_add=True)
    return config


ACTOR = "actor_rollout_ref__actor__"


class TestBeforeTheFirstStep:
    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"trainer__unswayed__evry": 2}, r"unknown setting 'evry'.* every"),
            ({"trainer__unswayed__every": 3}, r"multiple of trainer.save_freq \(2\), found 3"),
            ({"trainer__unswayed__model": "transformers:x"}, r"expected {} .* found 'transf"),
            ({"trainer__unswayed__model": "transfomers:{}"}, "transformers"),
            ({"trainer__unswayed__out": "runs/a,b"}, r"key=value after a comma in .*runs/a,b"),
            ({"trainer__unswayed__recipe": "nowhere.toml"}, "nowhere.toml"),
            ({"trainer__save_freq": -1}, "trainer.save_freq of at least 1"),
            ({f"{ACTOR}strategy": "megatron"}, "by fsdp or fsdp2 .* found megatron"),
            ({f"{ACTOR}checkpoint__async_save": True}, "no async_save"),
            ({f"{ACTOR}checkpoint__save_contents": ["optimizer"]}, "with 'model'"),
            ({"actor_rollout_ref__model__lora_rank": 8}, "found an adapter"),
            ({"actor_rollout_ref__model__lora_adapter_path": "a"}, "found an adapter"),
        ],
    )
    def test_what_cannot_be_evaluated_is_refused(self, keys: dict[str, Any], message: str) -> None:
        from unswayed.training.verl.evaluator import CheckpointEvaluator

        with pytest.raises((ConfigError, UnknownName), match=message):
            CheckpointEvaluator(config=configuration(**keys))

    def test_names_of_the_recipe_are_looked_up(self, tmp_path: Path) -> None:
        from unswayed.training.verl.evaluator import CheckpointEvaluator

        (tmp_path / "watch.toml").write_text(WATCH.replace("wrong-think", "wrong-thing"), "utf-8")
        config = configuration(trainer__unswayed__recipe=str(tmp_path / "watch.toml"))
        with pytest.raises(UnknownName, match=r"wrong-thing.*wrong-think"):
            CheckpointEvaluator(config=config)


class TestSaves:
    def test_those_that_are_due_and_the_last(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from unswayed.training.verl.evaluator import CheckpointEvaluator

        evaluator, seen = CheckpointEvaluator(configuration(trainer__unswayed__every=4)), []
        monkeypatch.setattr(evaluator, "_figures", lambda _, step: seen.append(step) or {})
        sent = SimpleNamespace(log=lambda data, step: None)
        trainer = SimpleNamespace(logger=sent, total_training_steps=10)
        for step in (2, 4, 6, 8, 10):
            evaluator.on_save(trainer, global_step=step, checkpoint_dir=str(tmp_path), new=1)
        assert seen == [4, 8, 10]

    @pytest.fixture
    def calls(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
        """Merge nothing; note the commands and environments of the evaluations."""
        from unswayed.training.verl import evaluator as module

        noted: list[tuple[list[str], dict[str, str]]] = []

        def spy(command: list[str], console: Path, cwd: Path, env: dict[str, str]) -> Any:
            noted.append((command, env))
            return started(command, console, cwd, env)

        monkeypatch.setattr(module, "merge", lambda shards, target: None)
        monkeypatch.setattr(module, "started", spy)
        return noted

    def test_one_that_hangs_is_ended(
        self, tmp_path: Path, calls: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        from unswayed.training.verl.evaluator import CheckpointEvaluator

        keys = {"timeout_s": 0.2, "gpus": "3", "out": str(tmp_path / "out")}
        config = configuration(**{f"trainer__unswayed__{key}": keys[key] for key in keys})
        CheckpointEvaluator(config).on_save(SimpleNamespace(), 2, str(tmp_path / "global_step_2"))
        assert "took more than 0.2 s (trainer.unswayed.timeout_s)" in capsys.readouterr().out
        [(command, env)] = calls
        assert env["CUDA_VISIBLE_DEVICES"] == "3"
        assert "--benchmark=scenes,n=60" in command
        assert f"transformers:{tmp_path / 'out/weights/step-2'}" in command

    def test_the_reason_of_a_failure_is_the_commands_own(
        self,
        tmp_path: Path,
        calls: list[Any],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from unswayed.training.verl.evaluator import CheckpointEvaluator

        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
        evaluator = CheckpointEvaluator(configuration())
        evaluator.on_save(SimpleNamespace(), 2, str(tmp_path / "global_step_2"))
        said = capsys.readouterr().out
        assert re.search(r"step 2 was not evaluated: .*weights/step-2.*output is in", said), said
        assert (tmp_path / "evaluations/step-2.log").is_file()
        assert calls[0][1]["CUDA_VISIBLE_DEVICES"] == "0,1"

    def test_a_step_that_is_reached_again_gets_a_folder_of_its_own(self, tmp_path: Path) -> None:
        from unswayed.training.verl.evaluator import _place

        names = [_place(tmp_path, 4).folder.name]
        for _ in range(2):
            (tmp_path / names[-1]).mkdir()
            names.append(_place(tmp_path, 4).folder.name)
        assert names == ["step-4", "step-4-again-2", "step-4-again-3"]
