"""Advantages on groups whose numbers follow by hand: RLOO, CORA's splitting, Faithful GRPO."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from unswayed.errors import ConfigError
from unswayed.training.advantage import EPSILON, Advantage, advantages, compared
from unswayed.training.recipe import training_recipe
from unswayed.training.reward.completion import read_completion
from unswayed.training.reward.faith import support
from unswayed.training.reward.lagrangian import Lagrangian, Multiplier
from unswayed.types import Sample, Variant, Verdict

HALF = 0.5 / (math.sqrt(1 / 3) + EPSILON)
"""Of two ones and two zeros: (1 − 1/2) / (std + ε), std with n − 1."""


def settings(**tables: Any) -> Advantage:
    return Advantage.model_validate(tables)


def test_the_plain_advantage_is_grpos() -> None:
    found = advantages([1.0, 0.0, 0.0, 1.0, 5.0, 7.0, 5.0, 7.0], [], 4, settings(), "group")
    one = 1 / (math.sqrt(4 / 3) + EPSILON)
    assert found == pytest.approx([HALF, -HALF, -HALF, HALF, -one, one, -one, one])


def test_rloo_leaves_a_completion_out_of_its_own_baseline() -> None:
    alone = settings(baseline="leave-one-out")
    found = advantages([1.0, 0.0, 0.0, 0.25], [], 4, alone, "none")
    # 1 − (0 + 0 + 0.25)/3, 0 − (1 + 0 + 0.25)/3 twice, 0.25 − 1/3
    assert found == pytest.approx([11 / 12, -5 / 12, -5 / 12, -1 / 12])


def test_rloo_counts_the_known_ones_only() -> None:
    alone = settings(baseline="leave-one-out")
    found = advantages([1.0, None, 0.0, 0.5], [], 4, alone, "none")
    assert found == pytest.approx([0.75, 0.0, -0.75, 0.0])
    assert advantages([1.0, None], [], 2, alone, "none") == [0.0, 0.0]


def test_scaling_by_the_batch_takes_one_deviation() -> None:
    found = compared([1.0, 0.0, 0.0, 0.0], 2, "batch")
    assert found[:2] == pytest.approx([0.5 / (0.5 + EPSILON), -0.5 / (0.5 + EPSILON)])
    assert found[2:] == [0.0, 0.0]


def test_splitting_normalises_reward_and_consistency_apart() -> None:
    rewards, consistent = [100.0, 0.0, 0.0, 100.0], [1.0, 1.0, 0.0, 0.0]
    split = settings(splitting={"task": 1.0, "consistency": 0.5})
    found = advantages(rewards, consistent, 4, split, "group")
    task = 50 / (100 * math.sqrt(1 / 3) + EPSILON)
    expected = [task + HALF / 2, -task + HALF / 2, -task - HALF / 2, task - HALF / 2]
    assert found == pytest.approx(expected)
    only = settings(splitting={"task": 0.0, "consistency": 2.0})
    assert advantages(rewards, consistent, 4, only, "group") == pytest.approx(
        [2 * HALF, 2 * HALF, -2 * HALF, -2 * HALF]
    )


def test_a_measured_probability_is_split_as_it_is() -> None:
    split = settings(splitting={"task": 1.0, "consistency": 1.0})
    found = advantages([1.0, 1.0], [0.9, 0.5], 2, split, "none")
    assert found == pytest.approx([0.2, -0.2])


def test_the_constraint_speaks_where_all_rewards_are_equal() -> None:
    held = settings(constraint={"target": 0.95, "rate": 0.1})
    right, consistent = [1.0] * 4, [1.0, 1.0, 0.0, 0.0]
    assert advantages(right, consistent, 4, held, "group", 0.0) == [0.0] * 4
    found = advantages(right, consistent, 4, held, "group", 0.4)
    assert found == pytest.approx([0.4 * HALF, 0.4 * HALF, -0.4 * HALF, -0.4 * HALF])


def test_the_multiplier_goes_up_below_the_target_and_down_above() -> None:
    held = Lagrangian(target=0.75, rate=0.4, start=0.1, most=0.3)
    first = Multiplier(value=held.start).updated([True, False, None], held)
    assert first.value == pytest.approx(0.1 + 0.4 * 0.25)
    assert first.updated([False, False], held).value == pytest.approx(0.3)  # most
    assert first.updated([True, True], held).value == pytest.approx(0.2 - 0.4 * 0.25)
    assert Multiplier(value=0.05).updated([True], held).value == 0.0


def test_an_unknown_verdict_moves_nothing_by_itself_and_no_other() -> None:
    held = settings(constraint={})
    found = advantages([1.0, 0.0, 1.0], [1.0, None, 0.0], 3, held, "none", 1.0)
    task = [1 / 3, -2 / 3, 1 / 3]
    assert found == pytest.approx([task[0] + 0.5, task[1], task[2] - 0.5])


def test_an_unknown_reward_still_learns_from_its_consistency() -> None:
    held = settings(constraint={})
    found = advantages([None, 0.0, 1.0], [1.0, 0.0, 0.5], 3, held, "none", 1.0)
    assert found == pytest.approx([0.5, -0.5 - 0.5, 0.5])


@pytest.mark.parametrize(
    ("recipe", "changes", "said"),
    [
        ("rloo", ["grpo.scale_rewards=group"], r"scale_rewards = \"none\""),
        ("cora", ["reward.faithful=true"], "reward.faithful = false"),
        ("faithful-grpo", ["reward.lagrangian={}"], "no reward.lagrangian"),
        ("faithful-grpo", ["reward.judge_wrong=false"], "judge_wrong = true"),
        ("faithful-grpo", ["advantage.splitting={}"], "splitting or constraint, not both"),
        ("rloo", ["advantage.baseline=median"], "'group' or 'leave-one-out'"),
    ],
)
def test_what_does_not_go_together_is_refused(recipe: str, changes: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        training_recipe(recipe, changes)


@pytest.mark.parametrize(
    ("status", "consistent", "letters", "expected"),
    [
        ("consistent", True, None, 1.0),
        ("inconsistent", False, None, 0.0),
        ("consistent", True, {"A": 0.7, "B": 0.3}, 0.7),
        ("inconsistent", False, {"A": 0.2, "B": 0.8}, 0.2),
        ("consistent", False, {"A": 0.7, "B": 0.3}, 0.0),  # a fault speaks against it
        ("failed", None, None, None),
    ],
)
def test_what_a_thought_is_split_by(
    status: Any, consistent: bool | None, letters: Any, expected: float | None
) -> None:
    sample = Sample(
        id="s/0",
        benchmark="s",
        images=(),
        cluster="0",
        question="What is blue?",
        options={"A": "the cup", "B": "the bowl"},
        answer="A",
    )
    shown = Variant(id="v", name="base", sample=sample, options=sample.options, answer="A")
    read = read_completion(shown, "<think>The cup.</think><answer>A</answer>")
    verdict = Verdict(id="v", judge="j", status=status, letters=letters)
    assert support(replace(read, verdict=verdict, consistent=consistent)) == expected
    assert support(read) is None
