"""Groups of copies, categories and weighted sources, each counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from unswayed.metrics import columns_of, measure
from unswayed.metrics.groups import MAX_CATEGORIES, SOURCE_WEIGHTS
from unswayed.metrics.intervals import IntervalSettings, Mean, Strata, mean_figure, strata_figure


def metrics_of(estimates, benchmark="toy"):
    return {one.metric for one in estimates if one.benchmark == benchmark}


# --- groups: one question of 3DSRBench in its four copies, scored in three ways

COPIES = {
    "Q1": "A", "Q1-1": "A", "Q1-flip": "A", "Q1-flip-1": "A",
    "Q2": "A", "Q2-1": "A", "Q2-flip": "B", "Q2-flip-1": "A",
    "Q3": "A", "Q3-1": "B", "Q3-flip": "A", "Q3-flip-1": "B",
}  # fmt: skip
"""Native id → answer, where A is right."""

LEVELS = {
    "circular": (lambda name: "-flip" if "flip" in name else "", 3 / 6),
    "flip": (lambda name: "-1" if name.endswith("-1") else "", 4 / 6),
    "flip-circular": (lambda name: "", 1 / 3),
}


@pytest.mark.parametrize("level", LEVELS)
def test_the_groups_that_a_loader_gives_decide_what_is_scored(row, find, level):
    side, value = LEVELS[level]
    rows = [
        row(name, answer=answer, group=name[:2] + side(name), cluster=name[:2])
        for name, answer in COPIES.items()
    ]
    estimates = measure(columns_of(rows), resamples=200)
    assert find(estimates, "group_accuracy").value == pytest.approx(value)
    assert find(estimates, "accuracy").value == pytest.approx(9 / 12)


def test_a_copy_that_is_wrong_with_one_foil_breaks_its_group(row, find):
    rows = [row("a1", group="a"), row("a2", group="a")]
    rows += [row(name, "wrong-think", group="a", foil_index=0) for name in ("a1", "a2")]
    rows += [row(name, "wrong-think", group="a", foil_index=1, foil="C") for name in ("a1",)]
    rows += [row("a2", "wrong-think", "C", group="a", foil_index=1, foil="C")]
    estimates = measure(columns_of(rows), resamples=200)
    assert find(estimates, "group_accuracy").value == 1
    assert find(estimates, "group_accuracy", "wrong-think").value == 0


# --- categories


def test_each_category_has_its_accuracy(row, find):
    rows = [
        row("a", category="count"),
        row("b", category="count", answer="B"),
        row("c", category="depth"),
        row("d", category="depth"),
        row("e", category="depth", answer=None),
        row("f", category="lost", status="error"),
        row("g"),
    ]
    estimates = measure(columns_of(rows), resamples=200)
    assert find(estimates, "accuracy[count]").value == pytest.approx(1 / 2)
    depth = find(estimates, "accuracy[depth]")
    assert (depth.value, depth.n, depth.n_clusters) == (pytest.approx(2 / 3), 3, 3)
    assert depth.low < 2 / 3 < depth.high
    lost = find(estimates, "accuracy[lost]")
    assert (lost.value, lost.reason) == (None, "no completed rows")


def test_categories_are_not_measured_where_they_say_nothing(row):
    one = [row(name, category="only") for name in "ab"]
    ids = [row(str(i), category=str(i)) for i in range(MAX_CATEGORIES + 1)]
    for rows in ([row()], one, ids):
        found = metrics_of(measure(columns_of(rows), resamples=200))
        assert not [name for name in found if name.startswith("accuracy[")]


def test_categories_of_different_benchmarks_are_not_pooled(row, find):
    rows = [row(c, benchmark="x", category=c) for c in "ab"]
    rows += [row(c, benchmark="y", category=c, answer="B") for c in "ab"]
    estimates = measure(columns_of(rows), resamples=200)
    assert find(estimates, "accuracy[a]", benchmark="x").value == 1
    assert find(estimates, "accuracy[a]", benchmark="y").value == 0
    assert not [name for name in metrics_of(estimates, "all") if "[" in name]


# --- weighted sources


def cv_bench(row, counts):
    """Return rows by category → (right, wrong), every row on a picture of its own."""
    return [
        row(f"{category}-{i}", answer="A" if i < right else "B", category=category)
        for category, (right, wrong) in counts.items()
        for i in range(right + wrong)
    ]


def test_cv_bench_weighs_its_sources_not_its_questions(row, find):
    counts = {
        "2D/Count/ADE20K": (1, 3),
        "2D/Relation/ADE20K": (4, 0),  # ADE20K: 5 of 8
        "2D/Count/COCO": (1, 3),  # COCO: 1 of 4
        "3D/Depth/Omni3D": (1, 1),
        "3D/Distance/Omni3D": (2, 1),  # Omni3D: 3 of 5
    }
    estimates = measure(columns_of(cv_bench(row, counts)), resamples=200)
    flat = (5 / 8 + 1 / 4) / 2
    assert find(estimates, "cv_bench_score").value == pytest.approx((flat + 3 / 5) / 2)
    assert find(estimates, "cv_bench_2d_score").value == pytest.approx(flat)
    assert find(estimates, "cv_bench_3d_score").value == pytest.approx(3 / 5)
    assert find(estimates, "accuracy").value == pytest.approx(9 / 17)
    assert find(estimates, "accuracy[2D/Count/ADE20K]").value == pytest.approx(1 / 4)
    score = find(estimates, "cv_bench_score")
    assert (score.n, score.n_clusters, score.low, score.method) == (17, 17, None, "")
    assert "too few clusters" in score.reason


def test_a_missing_source_leaves_no_score(row, find):
    counts = {"2D/Count/ADE20K": (1, 3), "2D/Relation/ADE20K": (4, 0)}
    estimates = measure(columns_of(cv_bench(row, counts)), resamples=200)
    for metric in ("cv_bench_score", "cv_bench_2d_score"):
        one = find(estimates, metric)
        assert (one.value, one.reason) == (None, "no completed rows from COCO")
    assert "cv_bench_3d_score" not in metrics_of(estimates)


@pytest.mark.parametrize("category", ["", "2D", "2D/Count/VOC", "Count/COCO", "a/2D/Count/COCO"])
def test_other_categories_are_not_cv_bench(row, category):
    rows = [*cv_bench(row, {"2D/Count/COCO": (2, 2)}), row("x", category=category)]
    assert not metrics_of(measure(columns_of(rows), resamples=200)) & set(SOURCE_WEIGHTS)


def test_each_source_is_resampled_by_itself(row, find):
    counts = {
        "2D/Count/ADE20K": (60, 40),
        "2D/Count/COCO": (30, 70),
        "3D/Depth/Omni3D": (90, 60),
    }
    score = find(measure(columns_of(cv_bench(row, counts))), "cv_bench_score")
    value = (0.6 + 0.3) / 4 + 0.6 / 2
    error = np.sqrt((0.24 + 0.21) / 100 / 16 + 0.24 / 150 / 4)
    assert score.value == pytest.approx(value)
    assert score.method == "stratified-cluster-bootstrap"
    assert score.low == pytest.approx(value - 1.96 * error, abs=0.006)
    assert score.high == pytest.approx(value + 1.96 * error, abs=0.006)


def test_parts_of_one_size_are_drawn_independently():
    """Were they drawn alike, the spreads of two parts would add up instead of their squares."""
    values = np.tile([0.0, 1.0], 100)
    one = Mean("one", values, np.arange(200))
    other = Mean("other", values, np.arange(200, 400))
    settings = IntervalSettings(resamples=4000)
    both = strata_figure(Strata("both", ((0.5, one), (0.5, other))), settings)
    alone = mean_figure(one, settings)
    ratio = (both.high - both.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(1 / np.sqrt(2), abs=0.05)
    again = strata_figure(Strata("both", ((0.5, one), (0.5, other))), settings)
    assert again == both


def test_stratified_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    shares, weights, sizes = (0.5, 0.7, 0.3), (0.25, 0.25, 0.5), (100, 120, 160)
    truth = sum(w * s for w, s in zip(weights, shares, strict=True))
    held = 0
    for _ in range(200):
        parts, start = [], 0
        for weight, share, size in zip(weights, shares, sizes, strict=True):
            where = start + np.repeat(np.arange(size), 2)
            values = np.repeat(rng.random(size) < share, 2).astype(np.float64)
            parts.append((weight, Mean("part", values, where)))
            start += size
        figure = strata_figure(Strata("score", tuple(parts)), IntervalSettings(resamples=400))
        held += figure.low <= truth <= figure.high
    assert 0.90 <= held / 200 <= 0.99
