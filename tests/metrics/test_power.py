"""What n can show: against simulation, textbook numbers and the limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from unswayed.metrics.closed_forms import wilson
from unswayed.metrics.power import detectable_change, effective, half_width


def test_clusters_are_worth_fewer_questions() -> None:
    assert effective([1] * 50) == 50
    assert effective([4] * 50, 0.3) == pytest.approx(200 / 1.9)
    assert effective([4] * 50, 0) == 200
    assert effective([4] * 50, 1) == pytest.approx(50)
    assert effective([9, 1], 1) == pytest.approx(10 / 8.2)  # the large one counts nine times
    assert effective([]) == 0


def test_half_the_interval_is_wilsons() -> None:
    low, high = wilson(0.5, 96, 1.959964)
    assert half_width(96, 0.95) == pytest.approx((high - low) / 2)
    assert half_width(0, 0.95) is None


@pytest.mark.parametrize(("n", "changes"), [(100, 0.4), (400, 0.1), (400, 0.4), (1000, 0.2)])
def test_the_smallest_change_is_found_in_eight_of_ten_studies(n: int, changes: float) -> None:
    d = detectable_change(n, changes, 0.95)
    assert d is not None
    rng = np.random.default_rng(0)
    draws = rng.multinomial(n, [(changes + d) / 2, (changes - d) / 2, 1 - changes], 4000)
    z = (draws[:, 0] - draws[:, 1]) / np.sqrt(np.maximum(1, draws[:, 0] + draws[:, 1]))
    assert np.mean(np.abs(z) > stats.norm.ppf(0.975)) == pytest.approx(0.8, abs=0.03)


def test_more_power_and_fewer_questions_need_a_larger_change() -> None:
    half, most = detectable_change(400, 0.2, 0.95, 0.5), detectable_change(400, 0.2, 0.95, 0.9)
    assert half is not None
    assert most is not None
    assert half < most < (detectable_change(200, 0.2, 0.95, 0.9) or 0)
    assert detectable_change(20, 0.1, 0.95) is None
