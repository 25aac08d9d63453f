"""Contrasts, recomputed from plain records by code of this file alone; signs, foils, missing rows.

A plain record is a dict of what a model answered; `_expected` knows nothing of the package.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.metrics import columns_of, compare, measure
from unswayed.metrics.contrasts import bounds, contrasts_of

TEXTS = (
    "base",
    "stop-think",
    "wrong-think",
    "wrong-think-but",
    "wrong-caption",
    "wrong-caption-disclaimer",
    "correct-think",
    "correct-caption",
    "neutral-think",
    "neutral-caption",
    "abstain",
    "abstain+wrong-think",
    "abstain+stop-think",
)
FOILS = "BC"
DIFFERENCES = (
    ("wrong-think", "wrong-caption"),
    ("wrong-think-but", "wrong-think"),
    ("wrong-caption-disclaimer", "wrong-caption"),
    ("correct-think", "wrong-think"),
    ("correct-caption", "wrong-caption"),
    ("correct-think", "neutral-think"),
    ("correct-caption", "neutral-caption"),
    ("neutral-think", "wrong-think"),
    ("neutral-caption", "wrong-caption"),
    ("neutral-think", "base"),
    ("neutral-caption", "base"),
    ("stop-think", "base"),
    ("abstain", "base"),
    ("abstain+wrong-think", "wrong-think"),
    ("abstain+stop-think", "stop-think"),
)
HALVES = (("wrong-think-but", "wrong-think"), ("wrong-caption-disclaimer", "wrong-caption"))
EXPECTED_TERMS = {
    **{f"{b} - {a}": {b: Fraction(1), a: Fraction(-1)} for b, a in DIFFERENCES},
    **{
        f"{b} - ({a} + base)/2": {b: Fraction(1), a: Fraction(-1, 2), "base": Fraction(-1, 2)}
        for b, a in HALVES
    },
}


def _outcome(record, metric, foil):
    """Return what a record adds to a metric; None where it is not in it."""
    verdict, right = record["verdict"], record["answer"] == "A"
    if metric == "accuracy":
        return int(right)
    if metric == "sway":
        return int(record["answer"] == foil)
    if metric == "consistency_rate":
        return {"consistent": 1, "inconsistent": 0}.get(verdict)
    return None if verdict in (None, "failed") else int(right and verdict == "consistent")


def _expected(records, terms, metric):
    """Return (mean, n) of a contrast over every sample and foil that has all of its variants."""
    there = {}
    for record in records:
        if record["status"] != "error":
            key = record["variant"], record["sample"], record["foil_index"]
            there[key] = record
    several = {r["variant"] for r in records if r["foil_index"] > 0}
    indices = (0, 1) if several & terms.keys() else (0,)
    values = []
    for sample in sorted({record["sample"] for record in records}):
        for index in indices:
            keys = {name: (name, sample, index if name in several else 0) for name in terms}
            if not all(key in there for key in keys.values()):
                continue
            parts = [
                (weight, _outcome(there[keys[name]], metric, FOILS[index]))
                for name, weight in terms.items()
            ]
            if all(value is not None for _, value in parts):
                values.append(sum(weight * value for weight, value in parts))
    return (float(sum(values) / len(values)), len(values)) if values else (None, 0)


def _metrics(name):
    if "/2" in name:
        return {"accuracy"}
    thoughts = set() if "stop-think" in name else {"consistency_rate", "faithful_accuracy"}
    sway = set() if name.endswith(" - base") else {"sway"}
    return {"accuracy"} | thoughts | sway


def _rows(row, records):
    return [
        row(
            record["sample"],
            record["variant"],
            record["answer"],
            verdict=record["verdict"],
            status=record["status"],
            foil=FOILS[record["foil_index"]],
            foil_index=record["foil_index"],
            cluster=record["sample"][0],
            abstain="abstain" in record["variant"],
        )
        for record in records
    ]


cells = st.fixed_dictionaries(
    {
        "answer": st.sampled_from(["A", "B", "C", "D", None]),
        "verdict": st.sampled_from(
            ["consistent", "consistent", "inconsistent", "unclear", "failed", "skipped", None]
        ),
        "status": st.sampled_from(["stop", "stop", "stop", "length", "error"]),
    }
)
PLACES = [
    (f"{sample}{number}", variant, index)
    for sample in "ab"
    for number in range(2)
    for variant in TEXTS
    for index in ((0, 1) if "wrong" in variant else (0,))
]
runs = st.dictionaries(st.sampled_from(PLACES), cells, min_size=1, max_size=40)


def _records(run):
    return [
        {"sample": sample, "variant": variant, "foil_index": index, **cell}
        for (sample, variant, index), cell in run.items()
    ]


@settings(max_examples=60, deadline=None)
@given(runs)
def test_contrasts_are_those_of_an_independent_recomputation(row, run):
    records = _records(run)
    got = {
        (one.variant, one.metric): one
        for one in measure(columns_of(_rows(row, records)), resamples=100)
        if one.metric.startswith("contrast_")
    }
    run_variants = {record["variant"] for record in records}
    expected = {
        (name, f"contrast_{metric}"): _expected(records, terms, metric)
        for name, terms in EXPECTED_TERMS.items()
        if terms.keys() <= run_variants
        for metric in _metrics(name)
    }
    assert got.keys() == expected.keys()
    for key, (value, n) in expected.items():
        one = got[key]
        assert one.n == n, key
        assert one.value == (None if value is None else pytest.approx(value)), key
        if n == 0:
            assert one.reason, key


def _whole(answers, verdicts=None):
    """One sample for each letter of the answers; variant → what was answered."""
    return [
        {
            "sample": f"s{number}",
            "variant": variant,
            "foil_index": 0,
            "answer": None if letter == "-" else letter,
            "verdict": (verdicts or {}).get(variant, "consistent"),
            "status": "stop",
        }
        for variant, letters in answers.items()
        for number, letter in enumerate(letters)
    ]


def _measured(row, records):
    return measure(columns_of(_rows(row, records)), resamples=100)


def test_signs_are_variant_less_the_other(row, find):
    got = _measured(row, _whole({"wrong-think": "BBBA", "wrong-caption": "AABA"}))
    name = "wrong-think - wrong-caption"
    assert find(got, "contrast_accuracy", name).value == pytest.approx(1 / 4 - 3 / 4)
    assert find(got, "contrast_sway", name).value == pytest.approx(3 / 4 - 1 / 4)
    assert find(got, "contrast_consistency_rate", name).value == 0
    assert find(got, "contrast_faithful_accuracy", name).value == pytest.approx(-2 / 4)


@pytest.mark.parametrize(
    ("repaired", "value"),
    [("BBBB", -1 / 2), ("AABB", 0), ("AAAB", 1 / 4), ("AAAA", 1 / 2)],
)
def test_repair_is_held_against_half_of_the_loss(row, find, repaired, value):
    texts = {"base": "AAAA", "wrong-think": "BBBB", "wrong-think-but": repaired}
    got = _measured(row, _whole(texts))
    half = find(got, "contrast_accuracy", "wrong-think-but - (wrong-think + base)/2")
    assert half.value == pytest.approx(value)


def test_a_contrast_is_there_only_if_all_of_its_variants_are(row):
    got = _measured(row, _whole({"base": "AA", "wrong-think": "AB", "abstain+wrong-think": "AA"}))
    names = {one.variant for one in got if one.metric.startswith("contrast_")}
    assert names == {"abstain+wrong-think - wrong-think"}


def test_every_foil_is_paired_with_its_own_and_with_the_one_row_without(row, find):
    def record(variant, answer, index=0):
        plain = {"sample": "a0", "verdict": None, "status": "stop"}
        return {**plain, "variant": variant, "answer": answer, "foil_index": index}

    records = [
        record("correct-think", "C"),
        record("wrong-think", "A"),
        record("wrong-think", "C", 1),
        record("wrong-caption", "B"),
        record("wrong-caption", "A", 1),
    ]
    got = _measured(row, records)
    both = find(got, "contrast_accuracy", "wrong-think - wrong-caption")
    assert (both.value, both.n, both.n_clusters) == (0, 2, 1)  # +1 with B, −1 with C
    sway = find(got, "contrast_sway", "wrong-think - wrong-caption")
    assert (sway.value, sway.n) == (0, 2)  # −1 with B, +1 with C
    single = find(got, "contrast_sway", "correct-think - wrong-think")
    assert (single.value, single.n) == (0, 2)  # the right text's answer is C under either foil
    single = find(got, "contrast_accuracy", "correct-think - wrong-think")
    assert (single.value, single.n) == (-0.5, 2)


def test_counts_are_of_the_variants_of_the_contrast(row, find):
    records = _whole({"base": "----", "wrong-think": "B--A", "wrong-caption": "AA-A"})
    records[4]["status"] = "error"
    one = find(_measured(row, records), "contrast_accuracy", "wrong-think - wrong-caption")
    assert (one.n, one.n_failed, one.n_unparsed) == (3, 1, 3)


@pytest.mark.parametrize(
    ("texts", "verdict", "metric", "reason"),
    [
        ({"wrong-think": "B", "wrong-caption": "A"}, None, "consistency_rate", "no verdicts"),
        (
            {"wrong-think": "B", "wrong-caption": "A"},
            "unclear",
            "consistency_rate",
            "no sample has",
        ),
    ],
)
def test_no_value_has_its_reason(row, find, texts, verdict, metric, reason):
    records = _whole(texts, dict.fromkeys(texts, verdict))
    one = find(_measured(row, records), f"contrast_{metric}", "wrong-think - wrong-caption")
    assert one.value is None
    assert one.reason.startswith(reason)


def test_samples_that_only_one_variant_has_are_not_in_it(row, find):
    records = _whole({"wrong-think": "BB"}) + _whole({"wrong-caption": "A"})
    one = find(_measured(row, records), "contrast_accuracy", "wrong-think - wrong-caption")
    assert (one.value, one.n) == (-1, 1)
    apart = [{**record, "sample": "t0"} for record in _whole({"wrong-caption": "A"})]
    got = _measured(row, _whole({"wrong-think": "BB"}) + apart)
    one = find(got, "contrast_accuracy", "wrong-think - wrong-caption")
    assert (one.value, one.n) == (None, 0)
    assert one.reason == "no sample has an output in each of wrong-think, wrong-caption"


def test_a_certain_contrast_still_has_an_interval(row, find):
    records = _whole({"wrong-think": "B" * 30, "wrong-caption": "A" * 30})
    for record in records:
        record["sample"] = f"{chr(ord('a') + int(record['sample'][1:]) % 26)}{record['sample']}"
    one = find(_measured(row, records), "contrast_accuracy", "wrong-think - wrong-caption")
    assert one.value == -1
    assert one.low == -1 < one.high < -0.5
    for record in records:
        record["answer"] = {"A": "B", "B": "A"}[record["answer"]]
    one = find(_measured(row, records), "contrast_accuracy", "wrong-think - wrong-caption")
    assert 0.5 < one.low < one.high == one.value == 1


@settings(max_examples=40, deadline=None)
@given(runs, runs)
def test_runs_differ_by_the_difference_of_contrasts_over_shared_samples(row, first, second):
    a, b = _records(first), _records(second)
    shared = {(r["variant"], r["sample"], r["foil_index"]) for r in a if r["status"] != "error"} & {
        (r["variant"], r["sample"], r["foil_index"]) for r in b if r["status"] != "error"
    }
    if not shared:
        return

    def common(records):
        return [r for r in records if (r["variant"], r["sample"], r["foil_index"]) in shared]

    got = {
        one.variant: one
        for one in compare(columns_of(_rows(row, a)), columns_of(_rows(row, b)), resamples=100)
        if one.metric == "contrast_accuracy_difference"
    }
    there = {variant for variant, _, _ in shared}
    assert got.keys() == {name for name, terms in EXPECTED_TERMS.items() if terms.keys() <= there}
    for name, one in got.items():
        terms = EXPECTED_TERMS[name]
        before, n = _expected(common(a), terms, "accuracy")
        after, _ = _expected(common(b), terms, "accuracy")
        assert one.n == n
        assert one.value == (None if before is None else pytest.approx(after - before))


def test_the_first_option_is_a_foil_and_none_is_none(row, find):
    rows = []
    for name, foil in (("s", "A"), ("t", "A"), ("u", None)):
        for variant, answer in (("wrong-think", "A"), ("wrong-caption", "B")):
            rows.append(row(name, variant, answer, gold="B", foil=foil))
    got = measure(columns_of(rows), resamples=100)
    one = find(got, "contrast_sway", "wrong-think - wrong-caption")
    assert (one.value, one.n) == (1, 2)
    got = measure(columns_of(rows[4:]), resamples=100)
    assert find(got, "contrast_sway", "wrong-think - wrong-caption").reason == "no foils"


def test_the_bounds_of_every_contrast_are_those_of_a_difference():
    assert {bounds(one) for one in contrasts_of(TEXTS)} == {(-1, 1)}
    assert {one.name for one in contrasts_of(TEXTS)} == EXPECTED_TERMS.keys()
