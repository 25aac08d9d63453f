"""Intervals over seeds: their formulas, their coverage, and what they refuse to say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from unswayed.training.track.contrasts import Contrast, Spread, contrast

A = {1: 0.50, 2: 0.55, 3: 0.45, 4: 0.52}
B = {1: 0.58, 2: 0.60, 3: 0.57, 4: 0.56}
OTHER = {11: 0.58, 12: 0.60, 13: 0.57}


def test_the_same_seeds_are_paired() -> None:
    found = contrast(A, B)
    known = stats.ttest_rel(list(B.values()), list(A.values())).confidence_interval(0.95)
    assert found.paired
    assert found.df == 3
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert found.value == pytest.approx(np.mean(list(B.values())) - np.mean(list(A.values())))


def test_the_order_of_seeds_does_not_matter() -> None:
    assert contrast(A, dict(reversed(B.items()))) == contrast(A, B)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_other_seeds_are_independent(level: float) -> None:
    found = contrast(A, OTHER, level)
    test = stats.ttest_ind(list(OTHER.values()), list(A.values()), equal_var=False)
    known = test.confidence_interval(level)
    assert not found.paired
    assert found.df == pytest.approx(test.df)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_one_seed_has_no_interval() -> None:
    for found in (contrast({1: 0.5}, {1: 0.9}), contrast({1: 0.5}, {2: 0.9, 3: 0.8})):
        assert found.low is found.high is None
        assert found.few
        assert "at least 2 seeds" in found.reason
    assert contrast({1: 0.5}, {1: 0.9}).value == pytest.approx(0.4)
    assert contrast({}, {1: 0.9}).value is None


def test_two_seeds_have_an_interval_and_are_called_too_few() -> None:
    found = contrast({1: 0.5, 2: 0.5}, {1: 0.6, 2: 0.61})
    assert found.low == pytest.approx(0.105 - 12.706 * 0.005, abs=1e-4)
    assert found.low > 0
    assert found.few
    assert not Contrast("toy", "base", "accuracy", 0.5, 0.6, found).clear
    assert not contrast(A, OTHER).few


def test_seeds_that_agree_have_no_interval() -> None:
    assert contrast({1: 0.5, 2: 0.75}, {1: 0.75, 2: 1.0}).low is None
    assert contrast({1: 0.5, 2: 0.5}, {3: 0.6, 4: 0.6, 5: 0.6}).low is None


def test_clear_is_an_interval_without_zero() -> None:
    assert Contrast("t", "base", "accuracy", 0, 1, Spread(1, 0.2, 1.8, 2, 3)).clear
    assert not Contrast("t", "base", "accuracy", 0, 1, Spread(1, -0.2, 1.8, 2, 3)).clear
    assert not Contrast("t", "base", "accuracy", 0, 1, Spread(1, None, None, None, 3)).clear
    of_one_seed = Spread(1, 0.2, 1.8, None, 1)
    assert Contrast("t", "base", "accuracy", 0, 1, of_one_seed, "questions").clear


@pytest.mark.parametrize(
    ("sizes", "paired", "spreads", "least", "most"),
    [
        ((3, 3), True, (0.05, 0.05), 0.94, 0.96),
        ((5, 5), True, (0.05, 0.20), 0.94, 0.96),
        ((3, 3), False, (0.05, 0.05), 0.94, 0.99),  # Welch is cautious with so few seeds
        ((5, 5), False, (0.05, 0.10), 0.94, 0.97),
        ((3, 10), False, (0.05, 0.05), 0.92, 0.97),
    ],
)
def test_coverage(
    sizes: tuple[int, int],
    paired: bool,
    spreads: tuple[float, float],
    least: float,
    most: float,
) -> None:
    """Simulated: seeds vary around each recipe's mean, all on the same 100 questions.

    The questions move every figure alike, by a standard deviation of 5 points. An interval that
    took their chance for the seeds' would be far off; this one is about the recipes' difference.
    """
    rng = np.random.default_rng(7)
    runs, effect = 4000, 0.03
    held = 0
    for _ in range(runs):
        questions, draw = rng.normal(0, 0.05), rng.normal(0, 0.03, max(sizes))
        shared = draw if paired else np.zeros(max(sizes))
        a = 0.5 + questions + shared[: sizes[0]] + rng.normal(0, spreads[0], sizes[0])
        b = 0.5 + effect + questions + shared[: sizes[1]] + rng.normal(0, spreads[1], sizes[1])
        first = 0 if paired else 100
        found = contrast(dict(enumerate(a)), dict(enumerate(b, first)))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= effect <= found.high
    assert least <= held / runs <= most
