"""AUROC: against every pair of rows, and its interval at its ends and in clusters."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from sklearn.metrics import roc_auc_score

from unswayed.metrics.ranking import DELONG, METHOD, auroc_figure, gain_figure, influences

rows = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 9)), min_size=2, max_size=40
).filter(lambda cells: len({label for _, label, _ in cells}) == 2)


def figure(scores, labels, clusters, level=0.95):
    arrays = (np.array(scores, float), np.array(labels, bool), np.array(clusters))
    return auroc_figure("auroc", *arrays, level, "one label")


@given(rows)
def test_it_is_the_share_of_pairs_that_are_ranked_rightly(cells):
    right = [s for s, label, _ in cells if label]
    wrong = [s for s, label, _ in cells if not label]
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    got = figure(*zip(*cells, strict=True))
    assert got.value == pytest.approx(np.mean(pairs))
    if got.low is not None:
        assert 0 <= got.low <= got.value <= got.high <= 1
        assert got.high - got.low > 0.01


@given(rows)
def test_a_monotone_change_of_the_scores_changes_nothing(cells):
    scores, labels, clusters = zip(*cells, strict=True)
    one, two = figure(scores, labels, clusters), figure(np.exp(scores), labels, clusters)
    assert one == two


@given(rows)
def test_the_influence_of_a_row_is_what_its_weight_moves(cells):
    scores, labels, _ = (np.array(cells_) for cells_ in zip(*cells, strict=True))
    area, influence = influences(scores.astype(float), labels)
    assert influence.sum() == pytest.approx(0, abs=1e-9)
    assert area == pytest.approx(roc_auc_score(labels, scores))
    many = 10**5
    for row in range(len(cells)):
        weights = np.full(len(cells), many)
        weights[row] += 1
        moved = (roc_auc_score(labels, scores, sample_weight=weights) - area) * many
        assert moved == pytest.approx(influence[row], abs=1e-3)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_count_and_turned_scores_mirror(cells, random):
    got = figure(*zip(*cells, strict=True))
    mixed = figure(*zip(*random.sample(cells, len(cells)), strict=True))
    turned = figure(*zip(*[(-s, label, c) for s, label, c in cells], strict=True))
    assert got.reason == mixed.reason == turned.reason
    if got.low is not None:
        assert (mixed.low, mixed.high) == pytest.approx((got.low, got.high))
        assert (1 - turned.high, 1 - turned.low) == pytest.approx((got.low, got.high))


def moments(scores, labels, clusters):
    """Return area, clustered and independent variance, and influences: pair by pair."""
    good = [i for i, label in enumerate(labels) if label]
    bad = [i for i, label in enumerate(labels) if not label]

    def wins(i, j):
        return 1.0 if scores[i] > scores[j] else 0.5 if scores[i] == scores[j] else 0.0

    of_good = {i: statistics.fmean(wins(i, j) for j in bad) for i in good}
    of_bad = {j: statistics.fmean(wins(i, j) for i in good) for j in bad}
    area = statistics.fmean(of_good.values())
    sums, squares = dict.fromkeys(clusters, 0.0), 0.0
    for placed, size in ((of_good, len(good)), (of_bad, len(bad))):
        for row, share in placed.items():
            sums[clusters[row]] += (share - area) / size
            squares += ((share - area) / size) ** 2
    n, c = len(labels), len(sums)
    between = c / (c - 1) * math.fsum(x * x for x in sums.values())
    return area, between, n / (n - 1) * squares, sums


def students(sums, held):
    squares = math.fsum(x**2 for x in sums)
    freedom = 2 / (math.fsum(x**4 for x in sums) / squares**2 - 1 / len(sums))
    return stats.t.ppf(0.975, max(1, min(freedom, held - 1)))


def simulated(surely):
    """Forty images; the rows that turn wrong lie lower, or some of them above all others."""
    rng = np.random.default_rng(7)
    clusters = np.repeat(np.arange(40), rng.integers(1, 6, 40))
    labels = rng.random(len(clusters)) > 0.3
    noise = 0.5 * rng.normal(size=40)[clusters] + 0.8 * rng.normal(size=len(clusters))
    scores = np.round(labels * 1.5 + noise, 1)
    if surely:
        scores = np.where(labels, 20.0, np.where(clusters % 13 == 0, 50.0, 0.0)) + noise
    return scores, labels, clusters


@pytest.mark.parametrize("surely", [False, True])
def test_the_interval_is_newcombes_at_effective_numbers(surely):
    scores, labels, clusters = simulated(surely)
    area, between, alone, sums = moments(*(x.tolist() for x in (scores, labels, clusters)))
    m, k = int(labels.sum()), int((~labels).sum())

    def spread(area, m, k):
        terms = (1 - area) / (2 - area) + area / (1 + area)
        return area * (1 - area) * (1 + ((m + k) / 2 - 1) * terms) / (m * k)

    of_shape = between / spread(area, m, k)
    design = max(1.0, between / alone, of_shape)
    assert (of_shape == design) == surely
    held = min(len(set(clusters[labels])), len(set(clusters[~labels])))
    quantile = students(list(sums.values()), held) if surely else stats.t.ppf(0.975, held - 1)

    def beyond(other):
        return abs(other - area) - quantile * math.sqrt(spread(other, m / design, k / design))

    got = figure(scores, labels, clusters)
    assert (got.value, got.method) == (pytest.approx(area), METHOD)
    assert got.low == pytest.approx(optimize.brentq(beyond, 1e-9, area))
    assert got.high == pytest.approx(optimize.brentq(beyond, area, 1 - 1e-9))
    if surely:
        assert quantile > 1.2 * stats.t.ppf(0.975, held - 1)


def gain(first, second, labels, clusters):
    arrays = np.array(labels, bool), np.array(clusters)
    both = np.array(first, float), np.array(second, float)
    return gain_figure("gain", both, *arrays, 0.95, "one label")


def test_a_gain_has_students_interval_of_both_areas_together():
    scores, labels, clusters = simulated(surely=False)
    worse = scores + np.random.default_rng(5).normal(size=len(scores))
    plain = [x.tolist() for x in (scores, worse, labels, clusters)]
    first, _, _, moved = moments(plain[0], *plain[2:])
    second, _, _, back = moments(plain[1], *plain[2:])
    sums = [moved[c] - back[c] for c in moved]
    error = math.sqrt(len(sums) / (len(sums) - 1) * math.fsum(x**2 for x in sums))
    held = min(len(set(clusters[labels])), len(set(clusters[~labels])))
    half = students(sums, held) * error
    got = gain(scores, worse, labels, clusters)
    assert (got.value, got.method) == (pytest.approx(first - second), DELONG)
    assert (got.low, got.high) == pytest.approx((got.value - half, got.value + half))


@given(rows)
def test_a_gain_lies_in_its_interval_within_its_bounds(cells):
    scores, labels, clusters = zip(*cells, strict=True)
    got = gain(scores, [-s for s in scores], labels, clusters)
    assert got.value == pytest.approx(2 * figure(scores, labels, clusters).value - 1)
    if got.low is not None:
        assert -1 <= got.low <= got.value <= got.high <= 1
        assert got.high > got.low


def test_a_gain_of_nothing_and_of_one_image_have_reasons():
    scores, labels, clusters = simulated(surely=False)
    got = gain(scores, scores, labels, clusters)
    assert (got.value, got.low) == (0.0, None)
    assert "agree" in got.reason
    assert gain([0.1, 0.2], [0.2, 0.1], [True, True], [0, 1]).reason == "one label"
    few = gain([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [True, False, False], [0, 0, 1])
    assert "stay correct are of 1 image" in few.reason


def test_a_faultless_ranking_is_not_certain():
    got = figure([0.9] * 20 + [0.1] * 10, [True] * 20 + [False] * 10, range(30))
    assert (got.value, got.high) == (1.0, 1.0)
    assert 0.7 < got.low < 0.95
    few = [row % 5 for row in range(30)]
    of_few_images = figure([0.9] * 20 + [0.1] * 10, [True] * 20 + [False] * 10, few)
    assert of_few_images.low < got.low


def test_rows_that_copy_each_other_count_once():
    rng = np.random.default_rng(0)
    labels = rng.random(60) < 0.6
    scores = labels + rng.normal(size=60)
    one = figure(scores, labels, range(60))
    copied = figure(np.repeat(scores, 5), np.repeat(labels, 5), np.repeat(range(60), 5))
    assert copied.value == pytest.approx(one.value)
    assert copied.high - copied.low == pytest.approx(one.high - one.low, rel=0.1)
    apart = figure(np.repeat(scores, 5), np.repeat(labels, 5), range(300))
    assert apart.high - apart.low < 0.6 * (one.high - one.low)


def test_without_both_labels_there_is_a_reason():
    assert figure([0.1, 0.2], [True, True], [0, 1]).reason == "one label"
    got = figure([0.1, 0.2, 0.3], [True, False, False], [0, 0, 1])
    assert (got.value, got.low) == (0.0, None)
    assert "stay correct are of 1 image" in got.reason
