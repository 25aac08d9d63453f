"""Recipes for 8 GPUs that leave room for a judge: the GPUs add up, and so do the completions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unswayed.errors import ConfigError
from unswayed.training.grpo import split
from unswayed.training.recipe import TrainingRecipe, training_recipe
from unswayed.training.rollouts import PORT
from unswayed.training.trl.rollouts import check_addresses, vllm_options
from unswayed.training.verl.config import check_supported

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "recipes" / "study" / "train"
FILES = sorted((STUDY / "8-gpus").glob("*.toml"))
PASSED = 32 * 1500
"""Prompts of the recipe that all of them extend."""


def each() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def commands(path: Path) -> list[tuple[list[int], str]]:
    """Return the commands that a recipe's comment names, each with its GPUs."""
    lines = path.read_text("utf-8").splitlines()
    found = (re.match(r"#   CUDA_VISIBLE_DEVICES=([\d,]+) (.+)", line) for line in lines)
    return [([int(gpu) for gpu in one[1].split(",")], one[2]) for one in found if one]


def processes(recipe: TrainingRecipe, command: str) -> int:
    """Return on how many GPUs a command trains."""
    if recipe.engine == "verl":
        return recipe.cluster.gpus
    return int(command.partition("--num_processes ")[2].split()[0])


def test_both_engines_with_a_judge_beside_and_a_remote_one() -> None:
    assert {path.stem for path in FILES} == {
        *("trl-judge-beside", "trl-judge-remote"),
        *("verl-judge-beside", "verl-judge-beside-one", "verl-judge-remote"),
    }
    for path in FILES:
        recipe = training_recipe(path)
        assert recipe.engine == path.stem.partition("-")[0]
        assert recipe.reward.judge == recipe.evaluation.judge
        assert ("base_url=http://judge:" in recipe.reward.judge) == ("remote" in path.stem)


@each()
def test_no_gpu_is_given_twice_and_all_eight_are_used(path: Path) -> None:
    found = commands(path)
    assert sorted(gpu for gpus, _ in found for gpu in gpus) == list(range(8))
    gpus, command = found[-1]
    assert str(path.relative_to(ROOT)) in command
    assert processes(training_recipe(path), command) == len(gpus)
    for others, other in found[:-1]:
        told = re.search(r"--tensor-parallel-size (\d+)|rollouts\.sh \S+ (\d+)", other)
        assert len(others) == (int(told[1] or told[2]) if told else 1)


@each()
def test_the_completions_come_out_even(path: Path) -> None:
    recipe = training_recipe(path)
    gpus = processes(recipe, commands(path)[-1][1])
    size, passes = split(recipe.grpo, gpus)
    assert size == recipe.grpo.batch_size == 8
    assert size * passes * gpus == recipe.grpo.prompts_per_step * recipe.grpo.group_size
    assert recipe.prompts_needed == pytest.approx(PASSED, rel=0.001)
    if recipe.engine == "verl":
        check_supported(recipe)
        assert gpus % recipe.cluster.tensor_parallel == 0
    else:
        assert vllm_options(recipe, gpus)["use_vllm"]
        check_addresses(recipe, judged=True)


def test_what_the_check_is_for() -> None:
    seven = training_recipe(STUDY / "faithful.toml", ["verl.gpus_per_node=7"])
    with pytest.raises(ConfigError, match="a multiple of 7 GPUs"):
        check_supported(seven)
    at_the_judges = training_recipe(STUDY / "8-gpus/trl-judge-beside.toml", ["vllm.port=8000"])
    with pytest.raises(ConfigError, match="at two addresses"):
        check_addresses(at_the_judges, judged=True)


@each()
def test_only_what_the_gpus_ask_for_differs(path: Path) -> None:
    found, base = training_recipe(path), training_recipe(STUDY / "faithful.toml")
    moved = {"engine", "vllm", "verl", "grpo", "reward", "evaluation"}
    assert found.model_dump(exclude=moved) == base.model_dump(exclude=moved)
    placed = {"judge"}
    assert found.reward.model_dump(exclude=placed) == base.reward.model_dump(exclude=placed)
    sized = {"prompts_per_step", "steps", "vllm"}
    assert found.grpo.model_dump(exclude=sized) == base.grpo.model_dump(exclude=sized)


def test_the_rollouts_script_serves_where_the_recipes_look() -> None:
    script = (ROOT / "recipes/serve/rollouts.sh").read_text("utf-8")
    assert f"${{PORT:-{PORT}}}" in script
    assert "${HOST:-127.0.0.1}" in script
    assert "${PORT:-8000}" in (ROOT / "recipes/serve/vllm.sh").read_text("utf-8")
