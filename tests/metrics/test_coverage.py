"""Do 95 % intervals hold the truth in 95 % of simulated runs? Small version of the script."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def coverage():
    spec = importlib.util.spec_from_file_location("coverage_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    yield (spec.loader.exec_module(module), module)[1]
    del sys.modules[spec.name]


# 400 runs: a true coverage of 0.95 shows at least 0.915 in 999 of 1000 simulations.
@pytest.mark.parametrize(
    ("kind", "truth", "clusters", "size"),
    [
        ("share", 0.5, 5, "4"),
        ("share", 0.5, 60, "4"),
        ("share", 0.98, 50, "1"),
        ("share", 0.98, 50, "4"),
        ("drop", 0.1, 10, "4"),
        ("drop", 0.02, 50, "1"),
        ("drop", 0.02, 50, "4"),
        ("sway", 0.1, 50, "4"),
        ("sway", 0.5, 50, "4 unequal"),
        ("entropy", 0.3, 20, "4"),
    ],
)
def test_intervals_cover(coverage, kind, truth, clusters, size):
    case = coverage.Case(kind, clusters, size, truth)
    got = coverage.simulate(case, runs=400, resamples=400)
    assert got.without == 0
    assert got.covered >= 0.915
    if size != "1":  # taking rows of one image as independent is what this must not look like
        assert got.naive < 0.9


@pytest.mark.parametrize(
    ("kind", "truth", "clusters", "size"),
    [
        ("auroc", 0.75, 50, "4"),
        ("auroc", 0.94, 20, "4"),
        ("auroc", 0.99, 50, "4 unequal"),
        ("auroc, 10 % negative", 0.94, 50, "4"),
        ("auroc, surely wrong", 0.94, 50, "4"),
        ("ece_debiased", 0.0, 50, "4"),
        ("ece_debiased", 0.15, 20, "4"),
    ],
)
def test_intervals_near_an_end_cover(coverage, kind, truth, clusters, size):
    got = coverage.simulate(coverage.Case(kind, clusters, size, truth), runs=300)
    assert got.without == 0
    assert got.covered >= 0.905


def test_the_area_under_risk_and_coverage_covers(coverage):
    got = coverage.simulate(coverage.Case("aurc", 20, "4", 0.0), runs=100, resamples=200)
    assert got.covered >= 0.88


@pytest.mark.parametrize(
    ("truth", "clusters", "size"), [(0.1, 20, "1"), (0.02, 50, "4"), (0.4, 60, "4")]
)
def test_a_contrast_with_halves_covers(coverage, truth, clusters, size):
    case = coverage.Case("contrast with halves", clusters, size, truth)
    got = coverage.simulate(case, runs=300, resamples=300)
    assert got.without == 0
    assert got.covered >= 0.91


def test_the_gain_of_auroc_covers(coverage):
    got = coverage.simulate(coverage.Case("auroc_gain", 50, "4", 0.8), runs=120, resamples=200)
    assert got.covered >= 0.88
    assert got.without == 0
