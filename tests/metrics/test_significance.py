"""p-values that agree with intervals, Holm's correction, and the difference that n can show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.metrics.intervals import IntervalSettings, Mean, figures_by_level
from unswayed.metrics.robustness import exact_mcnemar
from unswayed.metrics.significance import detectable, holm, leaves_out_zero, p_value

FEW = IntervalSettings(0.95, 500, 0)


def changes(up: int, down: int, same: int, per: int = 1) -> Mean:
    values = np.repeat([1.0, -1.0, 0.0], [up, down, same])
    return Mean("change", values, np.arange(len(values)) // per, (-1.0, 1.0))


def p_of(mean: Mean, level: float = 0.95) -> float | None:
    asked = IntervalSettings(level, FEW.resamples, 0)
    (at,) = figures_by_level([mean], asked)
    return p_value(mean, at, asked)


@settings(max_examples=60, deadline=None)
@given(
    up=st.integers(0, 40),
    down=st.integers(0, 40),
    same=st.integers(0, 60),
    per=st.integers(1, 3),
    level=st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]),
)
def test_a_p_value_and_its_interval_never_contradict(up, down, same, per, level) -> None:
    mean = changes(up, down, same + 4, per)
    (at,) = figures_by_level([mean], IntervalSettings(level, 500, 0))
    p = p_of(mean, level)
    assert p is not None
    assert 0 < p <= 1
    assert (p <= 1 - level) == leaves_out_zero(at(level))


@pytest.mark.parametrize(("up", "down"), [(30, 30), (40, 25), (45, 20), (60, 20), (5, 1), (9, 0)])
def test_p_values_of_flips_lie_near_those_of_mcnemar(up: int, down: int) -> None:
    p, exact = p_of(changes(up, down, 200)), exact_mcnemar(down, up)
    assert p is not None
    assert abs(p - exact) < 0.02 + 0.35 * exact, (p, exact)


def test_what_no_resample_reaches_is_students() -> None:
    p, more = p_of(changes(50, 10, 100)), p_of(changes(55, 10, 100))
    assert p is not None
    assert more is not None
    assert 1e-12 < more < p < 1e-5  # 500 resamples alone would say 0.002 of both


def test_without_an_interval_there_is_no_p_value() -> None:
    assert p_of(Mean("m", np.array([1.0]), np.array([0]), (-1.0, 1.0))) is None
    assert p_of(Mean("m", np.empty(0), np.empty(0, np.int64))) is None
    constant = Mean("entropy", np.full(9, 0.3), np.arange(9), (-2.0, 2.0))
    assert p_of(constant) is not None


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([None, 0.5, None, 0.9]) == [None, 1.0, None, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=12))
def test_holm_is_the_sequentially_rejective_procedure(p_values: list[float]) -> None:
    alpha, rejected = 0.05, set[int]()
    while len(rejected) < len(p_values):
        least = min((p, i) for i, p in enumerate(p_values) if i not in rejected)
        if least[0] * (len(p_values) - len(rejected)) > alpha:
            break
        rejected.add(least[1])
    found = holm(p_values)
    assert {i for i, p in enumerate(found) if p is not None and p <= alpha} == rejected
    assert all(p is not None and p >= q for p, q in zip(found, p_values, strict=True))


def test_the_detectable_difference_is_t_of_level_and_power_times_the_standard_error() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0.1, 0.3, 400)
    mean = Mean("entropy", values, np.arange(400), (-2.0, 2.0))
    expected = (1.966 + 0.843) * values.std(ddof=1) / math.sqrt(400)
    assert detectable(mean, 0.95) == pytest.approx(expected, rel=0.005)
    # two rows an image that say the same are one row
    twice = Mean("entropy", np.repeat(values, 2), np.arange(800) // 2, (-2.0, 2.0))
    assert detectable(twice, 0.95) == pytest.approx(expected, rel=0.005)


def test_a_detectable_difference_is_found_in_eight_of_ten_runs() -> None:
    rng = np.random.default_rng(1)

    def run(least: float) -> Mean:
        values = rng.choice([1.0, -1.0, 0.0], 200, p=[0.15 + least / 2, 0.15 - least / 2, 0.7])
        return Mean("change", values, np.arange(200), (-1.0, 1.0))

    least = detectable(run(0), 0.95)
    assert least is not None
    p_values = [p_of(run(least)) for _ in range(150)]
    assert 0.68 < np.mean([p is not None and p <= 0.05 for p in p_values]) < 0.93
    nothing = [p_of(run(0)) for _ in range(150)]
    assert np.mean([p is not None and p <= 0.05 for p in nothing]) < 0.12


def test_doubled_changes_have_a_doubled_detectable_difference() -> None:
    once = changes(4, 2, 60)
    doubled = Mean("twice", 2 * once.values, once.clusters, (-2.0, 2.0))
    least, double = detectable(once, 0.95), detectable(doubled, 0.95)
    assert least is not None
    assert double == pytest.approx(2 * least)


def test_nothing_is_detectable_where_the_spread_is_not_known() -> None:
    assert detectable(Mean("m", np.array([0.5]), np.array([0])), 0.95) is None
    constant = Mean("entropy", np.full(9, 0.3), np.arange(9), (-2.0, 2.0))
    assert detectable(constant, 0.95) is None
    assert detectable(changes(1, 1, 0), 0.95) is None  # no change is that large
    assert detectable(changes(0, 0, 100), 0.95) is not None  # all agree: not certain
