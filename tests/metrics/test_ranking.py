"""AUROC: against every pair of rows, and its interval at its ends and in clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.metrics.ranking import auroc, auroc_figure, influences

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
    statistic = auroc(scores.astype(float), labels)
    many = 10**6
    for row in range(len(cells)):
        weights = np.full(len(cells), many)
        weights[row] += 1
        moved = (statistic(weights) - area) * many
        assert moved == pytest.approx(influence[row], abs=1e-4)


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
