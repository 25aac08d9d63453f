"""What becomes of right answers: every case by hand, and the four kinds exclude each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unswayed.metrics import columns_of, measure

WRONG = "wrong-think"
KINDS = ("steadfast", "stubborn", "brittle", "confused")
YES, NO, UNCLEAR, SKIPPED = "consistent", "inconsistent", "unclear", "skipped"


@pytest.mark.parametrize(
    ("base", "answer", "verdict", "kind"),
    [
        (YES, "A", YES, "steadfast"),
        (YES, "A", NO, "stubborn"),
        (YES, "A", UNCLEAR, "stubborn"),
        (YES, "B", YES, "brittle"),
        (NO, "B", YES, "brittle"),
        (UNCLEAR, "B", YES, "brittle"),
        (YES, "B", NO, "confused"),
        (YES, "B", UNCLEAR, "confused"),
        (YES, "C", YES, "confused"),
        (YES, None, SKIPPED, "confused"),
        (NO, "A", YES, "confused"),
        (NO, "A", NO, "confused"),
    ],
)
def test_kinds_by_hand(row, find, base, answer, verdict, kind):
    rows = [row(verdict=base), row(variant=WRONG, answer=answer, verdict=verdict)]
    got = measure(columns_of(rows), resamples=100)
    found = {name: find(got, f"taxonomy_{name}", WRONG).value for name in KINDS}
    assert found == {name: float(name == kind) for name in KINDS}


@pytest.mark.parametrize(
    ("base", "variant"),
    [("failed", YES), (None, YES), (YES, "failed"), (YES, None)],
)
def test_pairs_without_both_verdicts_are_left_out_and_counted(row, find, base, variant):
    rows = [row("a", verdict=YES), row("a", WRONG, verdict=YES)]
    rows += [row("b", verdict=base), row("b", WRONG, "B", verdict=variant)]
    rows += [row("c", answer="B", verdict=YES), row("c", WRONG, "B", verdict=YES)]  # wrong in base
    got = measure(columns_of(rows), resamples=100)
    judged = find(got, "taxonomy_judged", WRONG)
    assert (judged.value, judged.n) == (1 / 2, 2)
    steadfast = find(got, "taxonomy_steadfast", WRONG)
    assert (steadfast.value, steadfast.n) == (1, 1)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"variant": WRONG, "verdict": YES}], "no base rows to pair with"),
        ([{"answer": "B"}, {"variant": WRONG}], "no sample is right in base"),
        ([{}, {"variant": WRONG}], "no verdicts"),
        ([{"verdict": "failed"}, {"variant": WRONG, "verdict": YES}], "judged in both"),
    ],
)
def test_no_shares_have_their_reason(row, find, rows, reason):
    got = measure(columns_of([row(**cells) for cells in rows]), resamples=100)
    for name in KINDS:
        one = find(got, f"taxonomy_{name}", WRONG)
        assert (one.value, one.n) == (None, 0)
        assert reason in one.reason


def test_only_misleading_variants_that_are_not_composed_have_kinds(row):
    names = ("base", WRONG, "correct-think", "neutral-think", f"abstain+{WRONG}")
    got = measure(columns_of([row(variant=name, verdict=YES) for name in names]), resamples=100)
    assert {one.variant for one in got if one.metric.startswith("taxonomy_")} == {WRONG}


def test_each_foil_is_a_pair_of_its_own(row, find):
    rows = [row(verdict=YES), row(variant=WRONG, answer="B", verdict=YES)]
    rows.append(row(variant=WRONG, answer="B", verdict=YES, foil="C", foil_index=1))
    got = measure(columns_of(rows), resamples=100)
    assert find(got, "taxonomy_brittle", WRONG).value == 1 / 2
    assert find(got, "taxonomy_confused", WRONG).value == 1 / 2


cases = st.tuples(
    st.sampled_from("AAB"),
    st.sampled_from([YES, YES, NO, UNCLEAR, "failed", None]),
    st.sampled_from(["A", "B", "C", None]),
    st.sampled_from([YES, NO, UNCLEAR, SKIPPED, "failed", None]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(cases, min_size=1, max_size=15))
def test_the_shares_sum_to_one_over_the_pairs_that_were_judged(row, find, run):
    rows = []
    for number, (base, before, answer, after) in enumerate(run):
        rows.append(row(f"s{number}", answer=base, verdict=before))
        rows.append(row(f"s{number}", WRONG, answer, verdict=after))
    got = measure(columns_of(rows), resamples=100)
    known = [case for case in run if case[0] == "A" and not {"failed", None} & {case[1], case[3]}]
    values = [find(got, f"taxonomy_{name}", WRONG) for name in KINDS]
    assert {one.n for one in values} == {len(known)}
    if known:
        assert sum(one.value for one in values) == pytest.approx(1)
        both = sum(case[1] == case[3] == YES and case[2] == "A" for case in known)
        assert values[0].value == pytest.approx(both / len(known))
