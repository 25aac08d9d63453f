"""Advantages in verl: those of GRPO, with an unknown reward left out and not taken for 0."""

from __future__ import annotations

import math

import pytest
import torch

from unswayed.training.reward.failures import BATCHES, CASES
from unswayed.training.verl.advantage import Estimator, advantages
from unswayed.training.verl.failures import RecordedFailures

NAN = math.nan


def of(scores: list[float], groups: str, scaled: bool = True) -> list[float]:
    return advantages(torch.tensor(scores, dtype=torch.float64), list(groups), scaled).tolist()


def test_the_formula_by_hand() -> None:
    found = of([1.0, 0.0, 0.0, 1.0, 5.0, 7.0], "aaaabb")
    half = 0.5 / (math.sqrt(1 / 3) + 1e-4)
    assert found[:4] == pytest.approx([half, -half, -half, half])
    assert found[4:] == pytest.approx([-1 / (math.sqrt(2) + 1e-4), 1 / (math.sqrt(2) + 1e-4)])


def test_without_the_deviation() -> None:
    assert of([1.0, 0.0], "aa", scaled=False) == [0.5, -0.5]


def test_each_against_the_mean_of_the_others() -> None:
    scores = torch.tensor([1.0, 0.0, 0.0, NAN, 3.0, 1.0], dtype=torch.float64)
    found = advantages(scores, list("aaaabb"), False, alone=True).tolist()
    assert found == pytest.approx([1.0, -0.5, -0.5, 0.0, 2.0, -2.0])


def test_an_unknown_reward_is_left_out_of_its_group() -> None:
    found = of([1.0, NAN, 0.0, 1.0], "aaaa")
    assert found[1] == 0.0
    assert [found[0], found[2], found[3]] == pytest.approx(of([1.0, 0.0, 1.0], "aaa"))
    assert found != pytest.approx(of([1.0, 0.0, 0.0, 1.0], "aaaa"))


def test_one_known_reward_among_unknown_ones_moves_nothing() -> None:
    assert of([1.0, NAN, NAN], "aaa") == [0.0, 0.0, 0.0]
    assert of([NAN, NAN], "aa") == [0.0, 0.0]


def test_an_unknown_reward_spreads_to_no_other_group() -> None:
    assert of([NAN, NAN, 1.0, 0.0], "aabb")[2:] == pytest.approx(of([1.0, 0.0], "bb"))


def test_advantages_are_of_the_completions_tokens_alone() -> None:
    rewards = torch.zeros(2, 3)
    rewards[0, 1], rewards[1, 2] = 1.0, 0.0
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    found, returns = Estimator(RecordedFailures())(
        rewards, mask, ["a", "a"], {"norm_adv_by_std_in_grpo": False}
    )
    assert found.tolist() == [[0.5, 0.5, 0.0], [-0.5, -0.5, -0.5]]
    assert returns is found


class Counted(RecordedFailures):
    """Remembers the sizes of the steps that it was told of."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def count(self, completions: int) -> None:
        self.sizes.append(completions)


def test_each_step_is_counted_once() -> None:
    failures = Counted()
    estimate = Estimator(failures)
    for size in (3, 2):
        estimate(torch.full((size, 1), NAN), torch.ones(size, 1), ["a"] * size)
    assert failures.sizes == [3, 2]


def test_unknown_rewards_alone_stop_nothing() -> None:
    estimate = Estimator(RecordedFailures())
    for _ in range(2 * BATCHES):
        estimate(torch.full((CASES, 1), NAN), torch.ones(CASES, 1), ["a"] * CASES)
