"""The plan: written once, growing by recipes and seeds alone, and its jobs in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from unswayed.errors import ConfigError, RunError
from unswayed.study.jobs import Job, JobShare, jobs_of, numbers, share_of
from unswayed.study.plan import StudyFolder, name_of, plan_of
from unswayed.training.recipe import training_recipe
from unswayed.training.track.evaluation import check_evaluation

PAPER = ["accuracy", "faithful", "augmented", "augmented-faithful", "accuracy-extra"]
REMEDIES = ["care", "invariant", "lagrangian", "guarded"]


def test_the_full_plan_is_the_study_that_was_fixed() -> None:
    plan = plan_of("full")
    assert plan.note == ""
    assert list(plan.pairs()) == [
        *((recipe, seed) for recipe in (*PAPER, *REMEDIES) for seed in (1, 2, 3)),
        *((recipe, seed) for recipe in PAPER for seed in (4, 5)),
    ]
    large = plan.evaluations["large"]
    assert "n=2000" in large.benchmarks[0]
    assert len(large.variants) == 12
    assert "n=600" in plan.evaluations["checkpoints"].benchmarks[0]
    assert plan.evaluations["wordings-b"].texts == "template,wordings=b"
    assert all(
        one.steps == ("all" if name in ("checkpoints", "judges") else "ends")
        for name, one in plan.evaluations.items()
    )


@pytest.mark.parametrize("name", ["full", "quick"])
def test_every_name_in_a_shipped_plan_stands_for_something(name: str) -> None:
    plan = plan_of(name)
    for recipe in plan.recipes:
        trained = training_recipe(recipe, plan.overrides)
        for questions in plan.evaluations.values():
            check_evaluation(trained.model_copy(update={"evaluation": questions.wanted}))
    specs = [spec for one in plan.evaluations.values() for spec in one.benchmarks]
    names = [spec.rpartition("name=")[2] if "name=" in spec else "scenes" for spec in specs]
    assert len(set(names)) == len(names)  # the table of a training tells them apart by it


def test_a_quick_study_says_so_and_settings_are_named() -> None:
    assert "nothing can be learnt" in plan_of("quick").note
    changed = plan_of("full", ["evaluations.draws.limit=10"])
    assert changed.note == "not as planned: evaluations.draws.limit=10"
    assert changed.evaluations["draws"].limit == 10


def test_a_plan_is_written_once_and_read_back(tmp_path: Path) -> None:
    study = StudyFolder(tmp_path / "study")
    begun = study.begin(plan_of("quick"))
    assert begun.start is not None
    assert study.plan() == begun == study.begin(None) == study.begin(plan_of("quick"))
    assert study.recipe("accuracy").grpo.steps == 16
    with pytest.raises(RunError, match="another plan"):
        study.begin(plan_of("full"))
    with pytest.raises(RunError, match="evaluations differ"):
        study.begin(plan_of("quick", ["evaluations.draws.limit=3", "note=x"]))


def test_a_recipe_is_kept_as_it_was(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('extends = "accuracy"\n[grpo]\nlearning_rate = 1e-3\n')
    study = StudyFolder(tmp_path / "study")
    plan = study.begin(plan_of("quick"), [str(own)])
    assert list(plan.pairs())[-1] == ("mine", 1)
    own.write_text('extends = "accuracy"\n')
    study.begin(None, [str(own)])
    assert study.recipe("mine").grpo.learning_rate == 1e-3


def test_a_plan_grows_and_nothing_in_it_changes(tmp_path: Path) -> None:
    study = StudyFolder(tmp_path)
    before = list(study.begin(plan_of("quick")).pairs())
    more = study.begin(None, ["accuracy", "care"], [1, 2])
    assert list(more.pairs())[: len(before)] == before
    assert list(more.pairs())[len(before) :] == [("accuracy", 2), ("care", 1), ("care", 2)]
    assert study.plan() == more


def test_recipes_that_start_elsewhere_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('extends = "accuracy"\nmodel = "organism"\n')
    with pytest.raises(ConfigError, match="same checkpoint"):
        StudyFolder(tmp_path / "study").begin(plan_of("quick"), [str(own)])


@pytest.mark.parametrize("name", ["jobs", "start", "../x/..", "a b.toml", "recipes.toml"])
def test_a_name_that_makes_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="folder"):
        name_of(name)


def test_no_study_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="unswayed study run"):
        StudyFolder(tmp_path).plan()
    (tmp_path / "plan.toml").write_text("blocks = [")
    with pytest.raises(RunError, match="cannot read"):
        StudyFolder(tmp_path).plan()
    (tmp_path / "plan.toml").write_text("blok = 1")
    with pytest.raises(RunError, match="plan key"):
        StudyFolder(tmp_path).plan()


def test_the_jobs_stand_in_the_order_of_their_importance() -> None:
    jobs = jobs_of(plan_of("full"))
    assert [str(job) for job in jobs[:5]] == [
        "train accuracy seed 1",
        "start",
        "evaluate accuracy seed 1",
        "train accuracy seed 2",
        "evaluate accuracy seed 2",
    ]
    assert len(jobs) == 1 + 2 * (9 * 3 + 5 * 2)
    assert len(set(jobs)) == len(jobs)
    assert Job("evaluate", "care", 2).needs == (Job("start"), Job("train", "care", 2))


def test_jobs_of_a_choice_and_of_a_share() -> None:
    plan = plan_of("full")
    chosen = jobs_of(plan, ["care", "faithful"], [2])
    assert [job.name for job in chosen] == [
        "train.faithful.seed-2",
        "start",
        "evaluate.faithful.seed-2",
        "train.care.seed-2",
        "evaluate.care.seed-2",
    ]
    parts = [jobs_of(plan, share=JobShare(index, 5)) for index in range(5)]
    trained = [job for part in parts for job in part if job.kind == "train"]
    assert sorted(map(str, trained)) == sorted(str(j) for j in jobs_of(plan) if j.kind == "train")
    with pytest.raises(ConfigError, match="study list"):
        jobs_of(plan, ["nothing"])


@pytest.mark.parametrize("text", ["", "3", "2/2", "-1/3", "a/b", "1/0"])
def test_a_share_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--index"):
        share_of(text)


def test_shares_and_seeds_are_read() -> None:
    assert share_of("2/8") == JobShare(2, 8)
    assert numbers(["1,2", "2", "5"]) == [1, 2, 5]
    with pytest.raises(ConfigError, match="--seeds"):
        numbers(["1,x"])
