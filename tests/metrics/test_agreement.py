"""κ against scikit-learn and a published table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from unswayed.errors import ConfigError
from unswayed.metrics import IntervalSettings, cohen_kappa, fleiss_kappa, strict_agreement

FAST = IntervalSettings(resamples=200)

# 10 subjects × 5 categories, 14 raters: the worked example of Fleiss' κ (0.210) that textbooks and
# encyclopedias repeat.
TABLE = (
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
)

# Fleiss, Measuring nominal scale agreement among many raters (Psychological Bulletin 76, 1971):
# 30 patients, 6 psychiatrists each, 5 diagnoses (depression, personality disorder, schizophrenia,
# neurosis, other), with an overall κ of 0.430; JASP's tests give 0.430244520060141.
DIAGNOSES = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)


def raters_of(table):
    """Turn counts by category into raters; who gave which rating does not matter to Fleiss' κ."""
    items = [[str(c) for c, n in enumerate(counts) for _ in range(int(n))] for counts in table]
    return list(zip(*items, strict=True))


def test_fleiss_kappa_of_1971():
    got = fleiss_kappa(raters_of(DIAGNOSES.split()))
    assert got.value == pytest.approx(0.430244520060141, abs=1e-12)
    assert got.low < got.value < got.high
    assert (got.n, got.n_clusters) == (30, 30)


def test_fleiss_kappa_of_the_worked_example():
    got = fleiss_kappa(raters_of(TABLE))
    assert got.value == pytest.approx(0.210, abs=0.0005)
    assert got.low < got.value < got.high
    assert (got.n, got.n_clusters) == (10, 10)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=40))
def test_cohen_kappa_is_scikit_learns(pairs):
    first, second = zip(*pairs, strict=True)
    got = cohen_kappa(first, second, settings=FAST)
    if len({*first, *second}) == 1:
        assert got.value is None
        assert "same category" in got.reason
    else:
        assert got.value == pytest.approx(cohen_kappa_score(first, second))
        assert got.low is None or -1 <= got.low <= got.value <= got.high <= 1


def test_three_raters_by_hand():
    raters = (("y", "y", "n", "n"), ("y", "y", "n", "y"), ("y", "n", "n", "n"))
    strict = strict_agreement(raters)
    assert (strict.value, strict.n) == (0.5, 4)
    # P_i = 1, 1/3, 1, 1/3; shares y = 6/12: κ = (2/3 − 1/2) / (1/2).
    assert fleiss_kappa(raters).value == pytest.approx(1 / 3)


def test_total_agreement_is_one_without_an_interval():
    got = cohen_kappa("ab" * 10, "ab" * 10)
    assert got.value == pytest.approx(1)
    assert (got.low, got.high) == (None, None)
    assert "agree" in got.reason


def test_items_of_one_cluster_are_resampled_together():
    rng = np.random.default_rng(0)
    first = rng.choice(["y", "n"], 40)
    second = np.where(rng.random(40) < 0.8, first, "y")
    alone = cohen_kappa(first, second)
    copied = cohen_kappa(np.repeat(first, 5), np.repeat(second, 5), np.repeat(np.arange(40), 5))
    assert copied.value == pytest.approx(alone.value)
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))


def test_raters_must_rate_the_same_items():
    with pytest.raises(ConfigError, match="at least two raters"):
        fleiss_kappa([["y", "n"]])
    with pytest.raises(ConfigError, match=r"2 with \[1, 2\]"):
        cohen_kappa(["y"], ["y", "n"])
    assert fleiss_kappa([[], []]).reason == "no items"
