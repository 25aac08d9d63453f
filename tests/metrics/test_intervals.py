"""Intervals: closed forms against scipy, and that none of them claims certainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unswayed.errors import ConfigError
from unswayed.metrics.closed_forms import bonett_price, effective_rows, t_quantile, wilson
from unswayed.metrics.intervals import (
    BONETT_PRICE,
    BOOTSTRAP,
    T_CLUSTERS,
    WILSON,
    WILSON_BOOTSTRAP,
    IntervalSettings,
    Mean,
    Weighted,
    mean_figure,
    mean_figures,
    percentile_interval,
    resampled_counts,
    weighted_figure,
)

FAST = IntervalSettings(resamples=200)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (3, 10), (10, 10), (480, 500)])
def test_wilson_is_scipys(k, n):
    theirs = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k / n, n, stats.norm.ppf(0.975)) == pytest.approx(tuple(theirs), abs=1e-12)


def test_bonett_price_by_hand():
    # 10 pairs, 1 up, 3 down: adjusted shares 2/12 and 4/12, difference −1/6.
    low, high = bonett_price(0.1, 0.3, 10, 2.0)
    half = 2 * math.sqrt((6 / 12 - 1 / 36) / 12)
    assert (low, high) == pytest.approx((-1 / 6 - half, -1 / 6 + half))


@pytest.mark.parametrize("bound", [1.0, 2.0])
def test_half_changes_have_the_interval_with_a_row_added_at_each_bound(bound):
    values = bound * np.array([0.5] * 3 + [-1.0] * 2 + [0.0] * 35)
    figure = mean_figure(Mean("m", values, np.arange(40), (-bound, bound)))
    rows = 39  # the effective number: the variance between 40 clusters has 39 degrees of freedom
    centre = rows * values.mean() / (rows + 2)
    square = (rows * (values**2).mean() + 2 * bound**2) / (rows + 2)
    half = stats.t.ppf(0.975, 39) * math.sqrt((square - centre**2) / (rows + 2))
    assert figure.method == BONETT_PRICE
    assert (figure.low, figure.high) == pytest.approx((centre - half, centre + half))


def test_many_half_changes_are_resampled():
    values = np.array([0.5, -0.5, 1.0, 0.0] * 10)
    assert mean_figure(Mean("m", values, np.arange(40), (-1.0, 1.0))).method == BOOTSTRAP


def test_effective_rows_of_copies_is_the_number_of_clusters():
    # 6 clusters of 4 equal rows: as good as 6 rows, less the n / (n − 1) of an unbiased variance.
    values = np.repeat([0.0, 1, 1, 0, 1, 0], 4)
    total, count = values.reshape(6, 4).sum(axis=1), np.full(6, 4.0)
    assert effective_rows(values, total, count) == pytest.approx(5)
    assert effective_rows(np.ones(24), count, count) == 6


def test_single_row_clusters_give_the_plain_bootstrap():
    values = np.random.default_rng(0).random(400)
    got = mean_figure(Mean("m", values, np.arange(400)))
    plain = stats.bootstrap(
        (values,), np.mean, method="percentile", rng=np.random.default_rng(1), n_resamples=2000
    ).confidence_interval
    assert got.method == BOOTSTRAP
    assert got.value == pytest.approx(values.mean())
    assert got.low == pytest.approx(plain.low, abs=0.004)
    assert got.high == pytest.approx(plain.high, abs=0.004)


def test_copied_rows_do_not_narrow_the_interval():
    values = (np.random.default_rng(0).random(60) < 0.5).astype(float)
    once = mean_figure(Mean("m", values, np.arange(60)))
    copied = mean_figure(Mean("m", np.repeat(values, 10), np.repeat(np.arange(60), 10)))
    assert (copied.value, copied.n, copied.n_clusters) == (once.value, 600, 60)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


def test_clusters_are_drawn_whole():
    (counts,) = resampled_counts(7, IntervalSettings(resamples=500))
    assert counts.shape == (500, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.mean() == 1
    assert 0.7 < counts.var() < 1.0  # multinomial: (C − 1) / C


def test_chunks_do_not_lose_resamples():
    chunks = list(resampled_counts(10, IntervalSettings(resamples=103), cells=200))
    assert [len(chunk) for chunk in chunks] == [20, 20, 20, 20, 20, 3]


def test_a_mean_does_not_depend_on_its_company():
    rng = np.random.default_rng(0)
    one = Mean("one", rng.random(90), np.arange(90) // 3)
    two = Mean("two", rng.random(40), np.arange(40))
    assert mean_figures([one, two])[0] == mean_figure(one)
    assert mean_figure(one) == mean_figure(one)
    assert mean_figure(one, IntervalSettings(seed=1)).low != mean_figure(one).low


@pytest.mark.parametrize("clusters", [2, 5, 19, 300])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_shares_get_wilson_at_the_number_of_clusters(clusters, value):
    got = mean_figure(Mean("m", np.full(3 * clusters, value), np.arange(3 * clusters) // 3))
    quantile = stats.t.ppf(0.975, clusters - 1)
    assert got.method == WILSON
    assert (got.low, got.high) == pytest.approx(wilson(value, clusters, quantile))
    assert got.high - got.low > 0


@pytest.mark.parametrize(("rare", "method"), [(19, WILSON), (20, BOOTSTRAP)])
def test_rare_outcomes_are_not_resampled(rare, method):
    values = (np.arange(300) >= rare).astype(float)
    assert mean_figure(Mean("m", values, np.arange(300)), FAST).method == method
    # Many rare rows on few images are few all the same.
    assert mean_figure(Mean("m", np.repeat(values, 2), np.arange(600) // 12), FAST).method == WILSON


def test_no_difference_at_all_is_not_certain():
    got = mean_figure(Mean("drop", np.zeros(50), np.arange(50), (-1, 1)))
    assert got.method == BONETT_PRICE
    assert got.low == pytest.approx(-got.high)
    assert 0.03 < got.high < 0.1


def test_a_constant_that_is_no_share_is_not_certain():
    got = mean_figure(Mean("h", np.full(50, 0.3), np.arange(50), (0, math.log(4))))
    assert got.value == pytest.approx(0.3)
    assert 0 < got.low < 0.3 < got.high < math.log(4)


def test_clusters_that_all_agree_are_not_certain():
    # One right and one wrong row in each cluster: every resample has a share of 1/2.
    values = np.tile([0.0, 1.0], 40)
    got = mean_figure(Mean("m", values, np.arange(80) // 2))
    assert got.method == WILSON
    assert got.high - got.low > 0.15
    scores = mean_figure(Mean("m", np.tile([0.2, 0.8], 40), np.arange(80) // 2))
    assert scores.value == pytest.approx(0.5)
    assert scores.low is None
    assert "agree" in scores.reason


def test_few_clusters_get_students_interval():
    values = np.array([0.1, 0.4, 0.6, 0.3, 0.5])
    got = mean_figure(Mean("m", values, np.arange(5)))
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert got.method == T_CLUSTERS
    assert (got.low, got.high) == pytest.approx((theirs.low, theirs.high))
    wide = mean_figure(Mean("m", np.array([0.1, 0.4]), np.arange(2)))
    assert (wide.low, wide.high) == (0, 1)


def test_too_few_clusters_have_no_interval():
    none = mean_figure(Mean("m", np.empty(0), np.empty(0, np.int64), missing="why"))
    assert (none.value, none.low, none.reason, none.n) == (None, None, "why", 0)
    one = mean_figure(Mean("m", np.array([0.0, 1.0]), np.array([4, 4])))
    assert (one.value, one.low, one.high, one.n, one.n_clusters) == (0.5, None, None, 2, 1)
    assert "at least 2 clusters" in one.reason


def test_levels_are_widened_for_few_clusters():
    draws = np.random.default_rng(0).normal(size=100_000)
    for clusters in (5, 20):
        wide = math.sqrt(clusters / (clusters - 1)) * stats.t.ppf(0.975, clusters - 1)
        low, high = percentile_interval(draws, clusters, 0.95)
        assert (low, high) == pytest.approx((-wide, wide), rel=0.08)


def test_statistics_without_a_value_or_without_spread_say_so():
    def undefined(weights):
        return math.nan if weights[0] == 0 else 1.0 + weights[0]

    clusters = np.arange(10)
    lost = weighted_figure(Weighted("w", undefined, clusters, (0, 99)), FAST)
    assert lost.value == 2
    assert lost.low is None
    assert "leave it undefined" in lost.reason
    same = weighted_figure(Weighted("w", lambda weights: 1.0, clusters, (-1.0, 1.0)), FAST)
    assert (same.value, same.low) == (1.0, None)
    assert "agree" in same.reason
    share = weighted_figure(Weighted("w", lambda weights: 1.0, clusters), FAST)
    assert share.method == WILSON_BOOTSTRAP
    assert 0.5 < share.low < 0.9
    nothing = weighted_figure(Weighted("w", lambda w: math.nan, clusters, missing="why"), FAST)
    assert (nothing.value, nothing.reason) == (None, "why")
    single = weighted_figure(Weighted("w", lambda w: 0.5, np.zeros(3, np.int64)), FAST)
    assert (single.value, single.low) == (0.5, None)


def test_a_weighted_mean_is_the_mean():
    values = np.random.default_rng(0).random(90)
    clusters = np.arange(90) // 3
    weighted = Weighted("m", lambda w: float(w @ values / w.sum()), clusters, (-1.0, 1.0))
    ours, theirs = weighted_figure(weighted), mean_figure(Mean("m", values, clusters))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_a_weighted_share_is_wilsons_at_its_spread():
    values = (np.random.default_rng(0).random(400) < 0.3).astype(float)
    weighted = Weighted("m", lambda w: float(w @ values / w.sum()), np.arange(400))
    got = weighted_figure(weighted)
    assert got.method == WILSON_BOOTSTRAP
    expected = wilson(values.mean(), 400, t_quantile(0.95, 400))
    assert (got.low, got.high) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("settings", [{"level": 1.0}, {"level": 0.0}, {"resamples": 99}])
def test_settings_that_give_no_interval_are_refused(settings):
    with pytest.raises(ConfigError):
        IntervalSettings(**settings)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=40),
    st.booleans(),
)
def test_shares_lie_in_their_interval_and_the_interval_in_0_1(rows, centred):
    values = np.array([value for value, _ in rows], dtype=float) - (1 if centred else 0)
    bounds = (-1.0, 1.0) if centred else (0.0, 1.0)
    got = mean_figure(Mean("m", values, np.array([c for _, c in rows]), bounds), FAST)
    assert got.value == pytest.approx(values.mean())
    if got.low is None:
        assert got.n_clusters < 2
    else:
        assert bounds[0] <= got.low <= got.value <= got.high <= bounds[1]
        assert got.high > got.low


def test_a_mean_of_no_rows_has_no_value_and_its_own_reason():
    some = Mean("some", np.array([1.0, 0.0]), np.array([0, 1]))
    none = Mean("none", np.empty(0), np.empty(0, dtype=np.int64), missing="there are none")
    first, second = mean_figures([none, some])
    assert (first.metric, first.value, first.n, first.n_clusters) == ("none", None, 0, 0)
    assert (first.low, first.high, first.reason) == (None, None, "there are none")
    assert second.value == 0.5
