"""The calibration error: by hand, and what the debiased one says of calibrated and other models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.metrics.calibration import BIASED, ece, ece_figures
from unswayed.metrics.intervals import IntervalSettings

NAMES = ("ece", "ece_debiased")
rows = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 11)), min_size=1, max_size=60
)


def figures(confidence, correct, clusters, level=0.95):
    arrays = (np.array(confidence, float), np.array(correct, float), np.array(clusters))
    return ece_figures(NAMES, *arrays, IntervalSettings(level), "no rows")


def answered(n, excess, seed=0):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1, n)
    return confidence, rng.random(n) < confidence - excess, np.arange(n)


def test_the_binned_error_by_hand():
    # Bin (0.9, 1]: confidences 1.0 and 0.95, one right; bin (0.5, 0.6]: 0.6, right.
    expected = (2 * abs(0.5 - 0.975) + 1 * abs(1 - 0.6)) / 3
    assert ece(np.array([1.0, 0.95, 0.6]), np.array([1.0, 0.0, 1.0])) == pytest.approx(expected)
    assert math.isnan(ece(np.empty(0), np.empty(0)))


def test_bins_are_closed_on_the_right():
    # 0.5 and 0.41 share the bin (0.4, 0.5]; 0.51 is in the next.
    right = np.array([1.0, 0.0])
    assert ece(np.array([0.5, 0.41]), right) == pytest.approx(abs(1 - 0.91) / 2)
    assert ece(np.array([0.51, 0.41]), right) == pytest.approx((0.49 + 0.41) / 2)


@given(rows)
def test_the_interval_holds_the_value_and_lies_in_the_range(cells):
    binned, debiased = figures(*zip(*cells, strict=True))
    assert 0 <= binned.value <= 1
    assert binned.low is None
    assert binned.reason == BIASED
    if debiased.value is None:
        assert "at least 8 clusters" in debiased.reason
        return
    assert 0 <= debiased.low <= debiased.value <= debiased.high <= 1
    assert debiased.high > debiased.low or binned.value < 1e-9


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(cells, random):
    mixed = list(cells)
    random.shuffle(mixed)
    for one, two in zip(*(figures(*zip(*c, strict=True)) for c in (cells, mixed)), strict=True):
        assert one.value == pytest.approx(two.value, abs=1e-6)
        assert (one.low is None) == (two.low is None)


def test_noise_alone_is_no_error():
    binned, debiased = zip(*(figures(*answered(200, 0, seed)) for seed in range(40)), strict=True)
    assert np.mean([one.value for one in binned]) > 0.05
    assert sum(one.low == 0 for one in debiased) >= 35
    assert np.median([one.value for one in debiased]) < 0.03


def test_a_true_error_is_found():
    _, debiased = figures(*answered(2000, 0.15))
    assert debiased.low > 0.1
    assert debiased.value == pytest.approx(0.15, abs=0.03)
    assert debiased.high < 0.2


def test_a_higher_level_holds_a_lower_one():
    cells = answered(300, 0.1)
    (_, wide), (_, narrow) = figures(*cells, level=0.99), figures(*cells, level=0.8)
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_images_with_many_rows_count_as_images():
    confidence, correct, _ = answered(100, 0.1)
    _, apart = figures(confidence, correct, range(100))
    _, copied = figures(np.repeat(confidence, 9), np.repeat(correct, 9), np.repeat(range(100), 9))
    assert copied.high - copied.low == pytest.approx(apart.high - apart.low, rel=0.15)


def test_without_rows_there_is_a_reason():
    assert [(one.value, one.reason) for one in figures([], [], [])] == [(None, "no rows")] * 2
