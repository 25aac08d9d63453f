"""A threshold chosen on one half and tried on the other: recomputed, and refused where n is small.

The threshold and what it brings are computed anew here in plain Python from the same halves.
"""

from __future__ import annotations

import numpy as np
import pytest

from unswayed.metrics import columns_of, measure
from unswayed.metrics.selection import first_half

WRONG = "wrong-think"


def _distribution(p):
    return [p, *[(1 - p) / 3] * 3]


def _run(row, n=160, seed=0, per_cluster=1, **more):
    """Base is right with its confidence; under the text the unsure are turned more often."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        p = float(np.round(rng.uniform(0.3, 0.99), 2))
        where = {"cluster": f"c{number // per_cluster}", **more}
        right, stays = rng.random() < p, rng.random() < p**2
        rows.append(row(f"s{number}", "base", "A" if right else "C", p=_distribution(p), **where))
        rows.append(row(f"s{number}", WRONG, "A" if stays else "B", **where))
    return rows


def _halves(columns, seed):
    base = columns.take(columns.variant == columns.variants.index("base"))
    names = [str(base.samples[code]).split("/")[1] for code in base.sample]
    return dict(zip(names, first_half(base, seed).tolist(), strict=True))


def _plain(rows):
    """Return sample → (confidence, base is right, right under the text)."""
    plain = {}
    for variant, generation, _ in rows:
        name = variant.sample.id.split("/")[1]
        right = "<answer>A<" in generation.text
        if variant.name == "base":
            plain[name] = (max(generation.letters.probabilities.values()), right, None)
        else:
            plain[name] = (*plain[name][:2], right)
    return plain


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("per_cluster", [1, 3])
def test_threshold_coverage_and_risk_are_recomputed(row, find, seed, per_cluster):
    rows = _run(row, per_cluster=per_cluster)
    columns = columns_of(rows)
    got, halves = measure(columns, seed=seed, resamples=200), _halves(columns, seed)
    plain = _plain(rows)
    first = [plain[name] for name, chosen in halves.items() if chosen]
    other = [plain[name] for name, chosen in halves.items() if not chosen]
    error = sum(not right for _, right, _ in first) / len(first)
    fitting = []
    for threshold in sorted({p for p, _, _ in first}):
        answered = [right for p, right, _ in first if p >= threshold]
        if len(answered) >= 20 and answered.count(False) / len(answered) <= error / 2:
            fitting.append(threshold)
    threshold = find(got, "selective_threshold")
    assert (threshold.value, threshold.n) == (pytest.approx(min(fitting)), len(first))
    assert (threshold.low, threshold.high) == (None, None)
    assert "not estimated" in threshold.reason
    answered = [case for case in other if case[0] >= min(fitting)]
    for variant, place in (("base", 1), (WRONG, 2)):
        expected = {
            "selective_coverage": (len(answered) / len(other), len(other)),
            "selective_risk": (sum(not case[place] for case in answered), len(answered)),
            "selective_risk_all": (sum(not case[place] for case in other), len(other)),
        }
        for metric, (value, n) in expected.items():
            one = find(got, metric, variant)
            share = value if metric == "selective_coverage" else value / n
            assert (one.value, one.n) == (pytest.approx(share), n), (metric, variant)
            assert one.low < one.value < one.high


def test_a_question_is_in_the_same_half_in_every_run(row):
    whole = _halves(columns_of(_run(row)), 7)
    part = _halves(columns_of(_run(row, n=37, seed=3)[::-1]), 7)
    assert part == {name: half for name, half in whole.items() if name in part}
    assert 0.35 < sum(whole.values()) / len(whole) < 0.65
    others = [_halves(columns_of(_run(row)), seed) for seed in range(8, 12)]
    assert all(0.3 < sum(o[n] == whole[n] for n in whole) / len(whole) < 0.7 for o in others)
    elsewhere = _halves(columns_of(_run(row, benchmark="other")), 7)
    assert elsewhere != whole


def test_rows_of_one_image_are_in_one_half(row):
    halves = _halves(columns_of(_run(row, per_cluster=4)), 0)
    for start in range(0, 160, 4):
        assert len({halves[f"s{number}"] for number in range(start, start + 4)}) == 1
    assert len(set(halves.values())) == 2


def _names(row, first, other):
    """Return names of samples, so many of them in the first half and in the other one."""
    halves = _halves(columns_of([row(f"s{n}") for n in range(400)]), 0)
    sides = [[name for name, half in halves.items() if half == side] for side in (True, False)]
    return sides[0][:first], sides[1][:other]


def test_a_threshold_that_just_halves_the_error_is_taken(row, find):
    first, other = _names(row, 40, 40)
    rows = [row(name, p=_distribution(0.9)) for name in other]
    for number, name in enumerate(first):  # 8 of 40 wrong; of the 20 surest 2, which is half
        sure, wrong = number < 20, number in (0, 1, 20, 21, 22, 23, 24, 25)
        rows.append(row(name, answer="C" if wrong else "A", p=_distribution(0.9 if sure else 0.5)))
    got = measure(columns_of(rows), resamples=100)
    assert find(got, "selective_threshold").value == pytest.approx(0.9)
    assert find(got, "selective_coverage").value == 1


@pytest.mark.parametrize(("surest", "chosen"), [(19, None), (20, 0.9)])
def test_a_threshold_must_answer_enough_to_be_no_chance(row, find, surest, chosen):
    first, other = _names(row, 40, 40)
    rows = [row(name, p=_distribution(0.9)) for name in other]
    for number, name in enumerate(first):  # the surest are right, all others wrong
        sure = number < surest
        p = _distribution(0.9 if sure else 0.5)
        rows.append(row(name, answer="A" if sure else "C", p=p))
    one = find(measure(columns_of(rows), resamples=100), "selective_threshold")
    assert one.value == (None if chosen is None else pytest.approx(chosen))


def test_both_halves_need_clusters(row, find):
    for first, other in ((60, 19), (19, 60)):
        names = [name for side in _names(row, first, other) for name in side]
        rows = [
            row(n, v, "AC"[i % 2], p=_distribution(0.5 + 0.4 * (i % 2 == 0)))
            for i, n in enumerate(names)
            for v in ("base", WRONG)
        ]
        assert f"{first} and {other} in the halves, each needs 20" in _reason(find, rows)


def _reason(find, rows):
    got = measure(columns_of(rows), resamples=100)
    found = [find(got, "selective_threshold")] if any(r[0].name == "base" for r in rows) else []
    for metric in ("selective_coverage", "selective_risk", "selective_risk_all"):
        found.append(find(got, metric, WRONG))
    assert {one.value for one in found} == {None}
    (reason,) = {one.reason for one in found}
    return reason


def test_too_little_to_choose_from_has_its_reason(row, find):
    assert "too few images" in _reason(find, _run(row, n=30))
    assert "too few images" in _reason(find, _run(row, n=160, per_cluster=8))
    certain = [
        row(f"s{n}", variant, p=_distribution(0.9))
        for n in range(80)
        for variant in ("base", WRONG)
    ]
    assert _reason(find, certain).startswith("too few errors to halve: 0 in base")
    plain = [row(f"s{n}", variant) for n in range(80) for variant in ("base", WRONG)]
    assert _reason(find, plain) == "no letter distributions"
    assert _reason(find, [row("a", WRONG)]) == "no base rows to pair with"


def test_a_confidence_that_is_no_use_has_no_threshold(row, find):
    rows = []
    for number in range(120):  # the surest answers are the wrong ones
        right = number % 2 == 0
        p = _distribution(0.5 if right else 0.9)
        rows.append(row(f"s{number}", "base", "A" if right else "C", p=p))
        rows.append(row(f"s{number}", WRONG))
    assert "the surest answers are wrong nearly as often" in _reason(find, rows)
