"""Trainings from Python: `us.train` asks as the command does, `us.track` and `us.compare` read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.training.policies import HERE, checkpoint, training

import unswayed as us
from unswayed.training import job
from unswayed.training.recipe import TrainingRecipe
from unswayed.training.track.dynamics import dynamics

POLICY = f"{HERE}:Policy,checkpoint={{}}"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    out = tmp_path_factory.mktemp("trainings")
    start = checkpoint(out / "start", {"right": 12})
    for name, right in (("a", 12), ("b", 18)):
        for seed in (1, 2):
            training(out / name / f"seed-{seed}", start, {4: {"right": right + seed}}, seed=seed)
    return out / "a", out / "b"


def test_track_evaluates_and_returns_the_table(both: tuple[Path, Path]) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("matplotlib")
    table = us.track(both[0], model=POLICY)
    rows = dynamics(both[0]).rows
    assert len(table) == len(rows)
    assert list(table.columns) == list(rows[0].__dataclass_fields__)
    assert table.value.tolist() == pytest.approx(
        [float("nan") if row.value is None else row.value for row in rows], nan_ok=True
    )
    at_end = table[(table.metric == "accuracy") & (table.variant == "base") & (table.step == 4)]
    of_all = at_end[at_end.benchmark != "all"].set_index("seed").value
    assert of_all.to_dict() == {1: pytest.approx(13 / 24), 2: pytest.approx(14 / 24)}
    assert set(table.attrs) == {"collapsed", "empty", "falls", "templates", "thoughts"}
    assert (both[0] / "dynamics.parquet").is_file()
    us.track(us.Training(both[1]), model=POLICY)
    again = us.track(both[0], evaluate=False)
    assert again.equals(table)
    differences = us.compare(us.Training(both[0]), both[1])
    one = differences[(differences.metric == "accuracy") & (differences.variant == "base")]
    assert one.value.tolist() == [pytest.approx(6 / 24)]
    assert one.step.tolist() == [4]
    assert list(differences.attrs["notes"]) == [str(both[1])]
    evaluated = us.load_run(both[0] / "seed-1" / "evaluations" / "step-4")
    with pytest.raises(us.UserError, match="is a training and others are not"):
        us.compare(both[0], evaluated)


def test_a_training_knows_its_checkpoints(both: tuple[Path, Path]) -> None:
    found = us.Training(both[0]).checkpoints
    assert {seed: [one.step for one in made] for seed, made in found.items()} == {1: [4], 2: [4]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: us.track("nowhere"), "expected the folder of a training run"),
        (lambda: us.track("nowhere", evaluate=False, judge="rules"), "found 'judge'"),
        (lambda: us.track("nowhere", evaluate=False, model="x"), "found 'model'"),
        (lambda: us.train("acuracy"), "did you mean accuracy"),
        (lambda: us.train("accuracy", seeds=[1, 1]), "different whole numbers"),
        (lambda: us.train("accuracy", seeds=[-1]), "different whole numbers"),
        (lambda: us.train("accuracy", grpo={"stepps": 3}), "did you mean grpo.steps"),
        (lambda: us.train("accuracy", model_="x"), "unknown recipe key 'model_'"),
    ],
)
def test_what_cannot_be_asked(call: Any, message: str) -> None:
    with pytest.raises(us.UserError, match=message):
        call()


def test_a_wrong_key_of_track(both: tuple[Path, Path]) -> None:
    with pytest.raises(us.UserError, match="did you mean benchmarks"):
        us.track(both[0], benchmark="scenes")


def test_train_runs_what_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[TrainingRecipe, Path, dict[str, Any]]] = []

    def engine(recipe: TrainingRecipe, path: Path, written: dict[str, Any], follow: Any) -> Any:
        asked.append((recipe, path, written))

    monkeypatch.setattr("unswayed.training.seeds.engine_of", lambda recipe: engine)
    monkeypatch.setattr(job, "engine_of", lambda recipe: engine)
    made = us.train("accuracy", seeds=(3, 5), out=tmp_path / "out", grpo={"steps": 7})
    assert made.folder == tmp_path / "out"
    assert [path.name for _, path, _ in asked] == ["seed-3", "seed-5"]
    recipe, _, written = asked[0]
    assert recipe.grpo.steps == 7
    assert recipe.grpo.group_size == job.asked("accuracy").recipe.grpo.group_size
    assert written["grpo"] == {"steps": 7}


def test_a_begun_training_takes_no_keys(both: tuple[Path, Path]) -> None:
    with pytest.raises(us.UserError, match="with a recipe of its own"):
        us.train(both[0] / "seed-1", grpo={"steps": 9})
    with pytest.raises(us.UserError, match="with a recipe of its own"):
        us.train(both[0] / "seed-1", seeds=[2])
