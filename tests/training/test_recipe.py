"""Recipes: every value written out, every slip told, and the shipped ones as they should be."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from unswayed import registry
from unswayed.config import toml
from unswayed.errors import ConfigError, UnknownName
from unswayed.registry import parse_spec
from unswayed.training.data import check_data, overlaps
from unswayed.training.recipe import TrainingRecipe, as_toml, as_written, shipped, training_recipe

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "src/unswayed/training/recipes").glob("*.toml"))
STUDY = sorted((ROOT / "recipes/study/train").glob("*.toml"))
NAMED = {path.stem: path for path in SHIPPED}
PLACED = sorted((ROOT / "recipes/study/train/8-gpus").glob("*.toml"))
FILES = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in SHIPPED + STUDY + PLACED
]


def missing(table: dict[str, Any], model: BaseModel, where: str = "") -> list[str]:
    """Return the keys with a value that a file leaves to the code's defaults."""
    found: list[str] = []
    for name in type(model).model_fields:
        value, path = getattr(model, name), f"{where}{name}"
        if value is None:
            continue
        if name not in table:
            found.append(path)
        elif isinstance(value, BaseModel):
            found += missing(table[name], value, f"{path}.")
    return found


def test_the_names_are_the_files() -> None:
    assert sorted(path.stem for path in SHIPPED) == list(shipped())
    assert {"accuracy", "augmented", "faithful", "augmented-faithful"} < set(shipped())
    assert all(shipped().values())
    assert len(STUDY) == 5


@pytest.mark.parametrize("path", FILES)
def test_every_value_is_written_out_with_its_source(path: Path) -> None:
    text = path.read_text("utf-8")
    assert missing(toml.read(path, NAMED), training_recipe(path)) == []
    for line in text.splitlines():
        key, equals, _ = line.partition(" = ")
        plain = ("faithful = false",)  # off
        if key == "extends":
            continue
        list_opened = line.endswith(" = [")  # its source stands at its end
        if equals and not key.startswith("#") and line not in plain and not list_opened:
            assert "  # " in line, line
        assert line != "]", "a list without its source"


@pytest.mark.parametrize("path", FILES)
def test_data_and_evaluation_are_apart(path: Path) -> None:
    recipe = training_recipe(path)
    assert recipe.evaluation.benchmarks
    assert overlaps(recipe) == []
    if path in SHIPPED:
        check_data(recipe)


def test_the_check_of_missing_values_can_fail() -> None:
    recipe = training_recipe("accuracy")
    assert "grpo.epsilon" in missing({"grpo": {"steps": 1}}, recipe)


def test_the_papers_values() -> None:
    for name in ("augmented", "faithful", "augmented-faithful"):
        for recipe in (
            training_recipe(name),
            training_recipe(ROOT / f"recipes/study/train/{name}.toml"),
        ):
            rates = set(recipe.augmentation.rates.values())
            assert rates == ({0.1} if "augmented" in name else {0.0})
            assert recipe.reward.faithful is ("faithful" in name)
            assert (recipe.reward.format, recipe.reward.correct) == (0.1, 1.0)
            assert recipe.grpo.group_size == 8
    for path in STUDY:
        recipe = training_recipe(path)
        assert (recipe.grpo.learning_rate, recipe.checkpoints.every) == (1e-6, 250)


OBJECTIVES: dict[str, set[str]] = {
    "dapo": {"loss_type", "epsilon_high"},
    "dr-grpo": {"loss_type", "scale_rewards"},
    "gspo": {"importance_sampling_level", "iterations", "steps", "epsilon", "epsilon_high"},
    "rloo": {"loss_type", "scale_rewards"},
}
"""Recipe → the keys in which its objective differs from that of `accuracy`."""
OWN_TABLES = {"cora": "advantage", "faithful-grpo": "advantage", "papo": "perception"}
"""Remedy that is no reward → the table that it stands in; the rest is that of `augmented`."""


def test_the_base_recipes_use_no_remedy() -> None:
    remedies = {"likelihood_consistency", "paired_invariance", "reanswer", "lagrangian", "guards"}
    used = {
        name: {key for key in remedies if getattr(training_recipe(name).reward, key) is not None}
        for name in shipped()
    }
    assert used == {
        "accuracy": set(),
        "accuracy-extra": set(),
        "demo": set(),
        "augmented": set(),
        "augmented-faithful": set(),
        "faithful": set(),
        "care": {"likelihood_consistency"},
        "invariant": {"paired_invariance"},
        "lagrangian": {"lagrangian"},
        "reanswer": {"reanswer"},
        "guarded": {"guards"},
        **{name: set[str]() for name in (*OBJECTIVES, *OWN_TABLES)},
    }


def test_shipped_recipes_differ_in_reward_and_augmentation_alone() -> None:
    rest = [
        training_recipe(name).model_dump(exclude={"reward", "augmentation"})
        for name in shipped()
        if name not in {"accuracy-extra", "demo", *OBJECTIVES, *OWN_TABLES}
    ]
    assert all(one == rest[0] for one in rest)


def test_more_data_is_all_that_the_extra_recipe_differs_in() -> None:
    plain, extra = training_recipe("accuracy"), training_recipe("accuracy-extra")
    assert extra.model_dump(exclude={"data"}) == plain.model_dump(exclude={"data"})
    assert extra.data[0] == plain.data[0]
    assert "level=hard" in extra.data[1].benchmark


def test_remedies_with_a_table_of_their_own_differ_in_it_alone() -> None:
    plain = training_recipe("augmented")
    for name, table in OWN_TABLES.items():
        found = training_recipe(name)
        assert found.model_dump(exclude={table}) == plain.model_dump(exclude={table})
        assert getattr(found, table) != getattr(plain, table)


def test_recipes_of_another_objective_differ_in_it_alone() -> None:
    plain = training_recipe("accuracy")
    for name in OBJECTIVES:
        found = training_recipe(name)
        apart = {"grpo", "advantage"} if name == "rloo" else {"grpo"}
        assert found.model_dump(exclude=apart) == plain.model_dump(exclude=apart)
        ours, theirs = plain.grpo.model_dump(), found.grpo.model_dump()
        changed = {key for key in ours if ours[key] != theirs[key]}
        assert changed == OBJECTIVES[name]
        assert theirs["steps"] / theirs["iterations"] == ours["steps"]  # as many completions


def test_the_page_names_every_recipe() -> None:
    page = (ROOT / "docs/training.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w-]+)` \|", page.partition("## The reward")[0], re.MULTILINE)
    assert sorted([*listed, "demo"]) == list(shipped())
    assert "`demo` is" in page


def test_the_pages_example_is_read() -> None:
    page = (ROOT / "docs/training.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (example,) = (text for text in examples if "[[data]]" in text)
    recipe = training_recipe("accuracy", options=tomllib.loads(example))
    assert [source.weight for source in recipe.data] == [2, 1]
    check_data(recipe)


def test_the_pages_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/training.md").read_text("utf-8")
    codes = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (scored,) = (text for text in codes if not text.startswith("# brief.py"))
    exec(compile(scored, "docs/training.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["1.1 consistent", "0.1 inconsistent"]


def test_overrides_win() -> None:
    recipe = training_recipe(
        "accuracy",
        ["grpo.steps=7", "reward.judge=llm:x", "grpo.steps=9"],
        {"seed": 5, "model": None},
    )
    assert (recipe.grpo.steps, recipe.reward.judge, recipe.seed) == (9, "llm:x", 5)
    assert recipe.model == "organism,which=early"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("grpo.stepz=3", "unknown recipe key 'grpo.stepz'; did you mean grpo.steps"),
        ("reward.guards.leest=3", "did you mean reward.guards.least"),
        ("reward.length.weight=-1", "'reward.length.weight'.*greater than or equal to 0"),
        ("reward.length.most=3", "most to be greater than target"),
        ("grpo.learning_rate=nan", "finite number"),
        (
            "augmentation.wrong_think=0.7",
            "'augmentation': expected the rates to sum to at most 1",
        ),
        ("grpo.group_size=1", "greater than or equal to 2"),
        ("grpo.loss_type=ppo", "'grpo' or|'grpo',"),
        ("steps", "expected --set key=value"),
        ("grpo.steps.x=1", "no section"),
        ("reward.paired_invariance.weight=1", "rates that sum to 1"),
    ],
)
def test_slips_are_told(override: str, message: str) -> None:
    overrides = [override]
    if "wrong_think" in override:
        overrides += ["augmentation.correct_think=0.7"]
    with pytest.raises((ConfigError, UnknownName), match=message):
        training_recipe("accuracy", overrides)


def test_the_verdict_is_used_once() -> None:
    with pytest.raises(ConfigError, match="not both"):
        training_recipe("faithful", ["reward.lagrangian.target=0.9"])
    with pytest.raises(ConfigError, match="judge_wrong"):
        training_recipe("lagrangian", ["reward.judge_wrong=false"])


def test_pairs_fill_whole_steps() -> None:
    with pytest.raises(ConfigError, match="an even grpo"):
        training_recipe("invariant", ["grpo.prompts_per_step=5"])


def test_weights_are_everywhere_or_nowhere() -> None:
    data = [{"benchmark": "scenes,split=train", "weight": 1}, {"benchmark": "sat,split=train"}]
    with pytest.raises(ConfigError, match="a weight for every source"):
        training_recipe("accuracy", options={"data": data})


def test_files_that_are_no_recipes(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean faithful"):
        training_recipe("faithfull")
    for missing in (tmp_path / "none.toml", "none.toml", "none.yaml", "runs/none"):
        with pytest.raises(
            ConfigError, match=r"recipe file \(TOML\) or the folder of a .* nothing"
        ):
            training_recipe(missing)
    with pytest.raises(ConfigError, match=r"a folder without run\.json"):
        training_recipe(str(tmp_path))
    broken = tmp_path / "broken.toml"
    broken.write_text("a = ")
    with pytest.raises(ConfigError, match="no TOML"):
        training_recipe(broken)
    broken.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        training_recipe(broken)
    broken.write_text("seed = 3")
    with pytest.raises(ConfigError, match="'model' is missing"):
        training_recipe(broken)
    broken.write_text('model = "m"\ndata = []')
    with pytest.raises(ConfigError, match="data"):
        training_recipe(broken)


def test_a_recipe_survives_the_run_folder() -> None:
    for name in shipped():
        recipe = training_recipe(name)
        assert TrainingRecipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("path", FILES)
def test_a_resolved_recipe_is_a_file_of_its_own(path: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.toml"
    whole.write_text(as_toml(training_recipe(path)))
    assert "extends" not in whole.read_text()
    assert training_recipe(whole) == training_recipe(path)


def test_a_recipe_extends_a_shipped_one_and_the_run_keeps_both_texts(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "augmented"\n[grpo]\nsteps = 7\n')
    found, base = training_recipe(own), training_recipe("augmented")
    assert found.grpo.steps == 7
    assert found == base.model_copy(update={"grpo": found.grpo})
    written = as_written(own)
    assert written["recipe"] == own.read_text()
    assert list(written["extends"]) == ["augmented", "accuracy"]
    assert 'extends = "accuracy"' in written["extends"]["augmented"]


def test_the_pages_recipe_that_extends_another_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/training.md").read_text("utf-8")
    examples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (example,) = (text for text in examples if "[grpo]" in text)
    own = tmp_path / "own.toml"
    own.write_text(example)
    found, base = training_recipe(own), training_recipe("augmented")
    assert found != base
    assert found.grpo.model_copy(update={"steps": base.grpo.steps}) == base.grpo


@pytest.mark.parametrize("path", FILES)
def test_training_and_evaluation_are_worded_apart(path: Path) -> None:
    recipe = training_recipe(path)
    sets = [
        spec.options.get("wordings", "a")
        for spec in map(parse_spec, (recipe.augmentation.texts, recipe.evaluation.texts))
    ]
    assert sets == ["b", "a"]


def test_shipped_recipes_are_evaluated_in_and_out_of_distribution() -> None:
    specs = [parse_spec(spec) for spec in training_recipe("accuracy").evaluation.benchmarks]
    outside = [
        {key: spec.options[key] for key in ("pairs", "style", "kinds") if key in spec.options}
        for spec in specs
    ]
    assert outside == [{}, {"pairs": "held-out"}, {"style": "shaded"}, {"kinds": "unseen"}]
    names = [registry.create("benchmark", spec).name for spec in map(str, specs)]
    assert names == ["scenes", "scenes-held-out", "scenes-shaded", "scenes-unseen"]
