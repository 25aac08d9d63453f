"""What is sent to a logger, and that no error of one comes through; by a package of our own."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from unswayed.results import loggers
from unswayed.training import job, watching
from unswayed.training.recipe import training_recipe
from unswayed.training.watching import run_name


class Service(ModuleType):
    """A package of the form of wandb and trackio; what stands in `broken` raises."""

    def __init__(self, *broken: str, name: str = "wandb") -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)
        self.broken, self.opened, self.sent, self.over = broken, [], [], []
        self.run: Any = None
        self.context_vars = SimpleNamespace(current_run=SimpleNamespace(get=lambda: self.run))

    def _call(self, name: str) -> None:
        if name in self.broken:
            raise Exception(f"{name} is down\nand more")

    def init(self, **options: Any) -> None:
        self._call("init")
        self.run = SimpleNamespace(**options)
        self.opened.append((options["project"], options["name"]))

    def define_metric(self, name: str, step_metric: str) -> None:
        self.over.append((name, step_metric))

    def log(self, values: dict[str, Any]) -> None:
        self._call("log")
        self.sent.append(values)

    def finish(self) -> None:
        self._call("finish")
        self.run = None


@pytest.fixture(autouse=True)
def no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    monkeypatch.delenv("TRACKIO_PROJECT", raising=False)


def use(monkeypatch: pytest.MonkeyPatch, *broken: str) -> Service:
    service = Service(*broken)
    monkeypatch.setitem(sys.modules, "wandb", service)
    return service


def test_a_run_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    service = use(monkeypatch)
    loggers.begin("wandb", "first", {})
    loggers.finish("wandb")
    loggers.begin("wandb", "second", {}, "trials")
    loggers.finish("wandb")
    monkeypatch.setenv("TRACKIO_PROJECT", "not this one")
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    loggers.begin("wandb", "third", {}, "trials")
    expected = [("unswayed", "first"), ("trials", "second"), ("mine", "third")]
    assert service.opened == expected
    assert loggers.project_of("trackio", "trials") == "not this one"


def test_a_training_that_goes_on_does_so_in_its_run_of_trackio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service(name="trackio")
    monkeypatch.setitem(sys.modules, "trackio", service)
    recipe = training_recipe("accuracy", ["logging=trackio", "project=trials"])
    for resumed, expected in ((False, "never"), (True, "allow")):
        watching.begin("trackio", recipe, Path("runs/faithful/seed-3"), resumed)
        assert service.run.resume == expected
        assert service.run.config == recipe.model_dump(mode="json")
    assert service.opened == [("trials", "faithful-seed-3")] * 2
    loggers.send("trackio", {"a": 1})
    loggers.finish("trackio")
    loggers.send("trackio", {"a": 2})
    assert service.sent == [{"a": 1}]


def test_what_verl_was_evaluated_on_is_sent_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Path]] = []
    monkeypatch.setattr(job.TrainingJob, "require", lambda *_: None)
    monkeypatch.setattr(job, "train_seeds", lambda *_: iter(()))
    monkeypatch.setattr("unswayed.training.track.evaluation.track", lambda _: None)
    monkeypatch.setattr(watching, "report_steps", lambda *each: sent.append(each))
    for engine, logger in (("verl", "wandb"), ("verl", "none"), ("trl", "wandb")):
        recipe = training_recipe("accuracy", [f"engine={engine}", f"logging={logger}"])
        list(job.TrainingJob(recipe, Path("run"), {}, (1,)).run(tracked=True))
    assert sent == [("wandb", Path("run"))]


def test_figures_are_drawn_over_their_own_step(monkeypatch: pytest.MonkeyPatch) -> None:
    service = use(monkeypatch)
    loggers.send("wandb", {"a": 1})
    assert service.sent == []  # no run is open
    loggers.begin("wandb", "run", {})
    loggers.send("wandb", {"train/loss": 1})
    assert service.over == [("train/*", "train/global_step")]
    loggers.send("wandb", {loggers.STEP: 3})
    assert service.over[1:] == [("evaluation/*", "evaluation/step")]
    assert service.sent == [{"train/loss": 1}, {loggers.STEP: 3}]


@pytest.mark.parametrize("broken", ["init", "log", "finish"])
def test_an_error_is_said_once_for_a_run_and_ends_nothing(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = use(monkeypatch, broken)
    for _ in range(2):  # two seeds
        loggers.begin("wandb", "run", {})
        loggers.send("wandb", {"a": 1})
        loggers.send("wandb", {"a": 2})
        loggers.finish("wandb")
        service.run = None
        said = capsys.readouterr().err
        assert said.count(f"wandb failed ({broken} is down);") == 1
        assert "and more" not in said
    assert len(service.sent) == (4 if broken == "finish" else 0)


def test_a_broken_import_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    loggers.begin("wandb", "run", {})
    loggers.send("wandb", {"a": 1})
    assert capsys.readouterr().err.count("wandb failed (") == 1


def test_runs_are_called_as_the_recipe_or_the_folder() -> None:
    recipe = training_recipe("accuracy")
    named = training_recipe("accuracy", ["run_name=ablation"])
    assert run_name(recipe, Path("runs/faithful/seed-3")) == "faithful-seed-3"
    assert run_name(named, Path("runs/faithful/seed-3")) == "ablation-seed-3"
    assert run_name(recipe, Path("runs/one")) == "one"
    assert run_name(named, Path("runs/one")) == "ablation"
    assert named.deciding() == recipe.deciding()
