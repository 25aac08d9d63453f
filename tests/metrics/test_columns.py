"""Records → columns: letters mapped back, entropies, failures, and what is refused."""

from __future__ import annotations

import math
import weakref

import numpy as np
import pytest

from unswayed.answers import AnswerRules
from unswayed.errors import DataError
from unswayed.metrics import columns_of
from unswayed.metrics.codes import ABSTAINED, CONSISTENCY, NO_LETTER, UNPARSED
from unswayed.types import Failure


def test_letters_are_mapped_back_to_the_samples(row):
    # Shown A, B, C, D are the sample's D, A, B, C: the shown gold B is the sample's A.
    got = columns_of([row("s", "shuffle", "C", gold="B", foil="D", shown="DABC")])
    assert got.chosen.tolist() == [1]
    assert got.gold.tolist() == [0]
    assert got.foil.tolist() == [2]
    assert not got.correct[0]


def test_abstaining_and_unparsed_are_codes_of_their_own(row):
    got = columns_of(
        [
            row("a", "abstain", "E", abstain=True),
            row("b", "abstain", None, abstain=True),
            row("c", "abstain", "A", abstain=True, foil=None),
        ]
    )
    assert got.chosen.tolist() == [ABSTAINED, UNPARSED, 0]
    assert got.correct.tolist() == [False, False, True]
    assert got.can_abstain.all()
    assert got.foil.tolist() == [1, 1, NO_LETTER]
    assert got.options.tolist() == [5, 5, 5]


def test_entropy_and_scores_of_a_distribution_by_hand(row):
    got = columns_of([row(p=[0.5, 0.25, 0.25, 0.0], other_mass=0.1), row("s2", p=None)])
    assert got.entropy[0] == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4))
    assert got.entropy_normalised[0] == pytest.approx(got.entropy[0] / math.log(4))
    assert got.p_correct[0] == 0.5
    assert got.p_foil[0] == 0.25
    assert got.p_top[0] == 0.5
    assert got.top_correct[0] == 1
    assert got.brier[0] == pytest.approx(0.25 + 0.0625 + 0.0625)
    assert got.other_mass[0] == 0.1
    assert np.isnan(got.entropy[1])
    assert got.method.tolist() == [0, -1]


def test_a_certain_distribution_has_no_entropy(row):
    got = columns_of([row(p=[1.0, 0.0, 0.0, 0.0])])
    assert got.entropy[0] == 0
    assert got.entropy_normalised[0] == 0
    assert math.copysign(1, got.entropy[0]) == 1


def test_a_tie_at_the_top_is_shared(row):
    got = columns_of([row(p=[0.4, 0.4, 0.2, 0.0]), row("s2", p=[0.2, 0.4, 0.4, 0.0])])
    assert got.top_correct.tolist() == [0.5, 0.0]


def test_the_prefill_belongs_to_the_text_that_counts(row):
    variant, generation, _ = row(text="hm</think><answer>A</answer>")
    opened = variant.model_copy(update={"prefill": "<think>no thought is over yet <think>"})
    assert columns_of([(opened, generation, None)]).chosen.tolist() == [0]
    rest = generation.model_copy(update={"text": "B</answer>"})
    answered = variant.model_copy(update={"prefill": "<think>hm</think><answer>"})
    assert columns_of([(answered, rest, None)]).chosen.tolist() == [1]
    assert columns_of([(variant, rest, None)]).chosen.tolist() == [UNPARSED]


@pytest.mark.parametrize(("policy", "code"), [("letter", 0), ("text", 1), ("unparsed", UNPARSED)])
def test_the_conflict_policy_decides_and_the_flag_stays(row, policy, code):
    got = columns_of([row(answer="A. text B")], rules=AnswerRules(on_conflict=policy))
    assert got.chosen.tolist() == [code]
    assert got.flagged("letter-text-conflict").tolist() == [True]
    assert got.flagged("option-text").tolist() == [False]


def test_an_error_is_counted_and_in_no_column(row):
    got = columns_of([row(status="error", verdict="failed", p=[1, 0, 0, 0]), row("s2")])
    assert got.failed.tolist() == [[1]]
    assert got.consistency.tolist() == [-1, -1]
    assert np.isnan(got.p_correct[0])
    assert len(got.completed()) == 1
    assert not got.correct[0]


def _failure(stage: str, item: str, benchmark: str = "toy") -> Failure:
    return Failure(stage=stage, id=item, benchmark=benchmark, error="E", message="m")


def test_failures_count_for_the_variants_that_lack_the_item(row):
    rows = [row("s1"), row("s1", "wrong-think"), row("s2")]
    failures = [
        _failure("load", "row 7"),  # never became a sample: missing everywhere
        _failure("perturb", "toy/s2"),  # has a base row: missing in wrong-think only
        _failure("perturb", "toy/s2"),  # told twice, counted once
        _failure("judge", "toy/s2"),  # the judge's failures have their own rate
        _failure("judge", "some verdict"),
    ]
    got = columns_of(rows, failures)
    assert got.variants == ("base", "wrong-think")
    assert got.failed.tolist() == [[1, 2]]


def test_a_failed_generation_is_not_counted_twice(row):
    failed = row(status="error")
    got = columns_of([failed], [_failure("generate", failed[0].id)])
    assert got.failed.tolist() == [[1]]


def test_a_benchmark_of_which_everything_failed_is_still_there():
    got = columns_of([], [_failure("load", "row 1", "gone")])
    assert got.benchmarks == ("gone",)
    assert got.failed.tolist() == [[1]]


def test_verdicts_are_coded(row):
    got = columns_of([row(name, verdict=name) for name in CONSISTENCY])
    for name in CONSISTENCY:
        assert got.samples[got.sample[got.judged(name)]].tolist() == [f"toy/{name}"]


def test_equal_cluster_names_of_two_benchmarks_are_two_clusters(row):
    got = columns_of(
        [row(cluster="1"), row(cluster="1", benchmark="other"), row("s2", cluster="1")]
    )
    assert len(np.unique(got.cluster)) == 2
    assert got.cluster[0] == got.cluster[2]


def test_the_hash_of_a_cluster_is_that_of_its_name_in_any_run(row):
    whole = columns_of([row("s1", cluster="1"), row("s2", cluster="2"), row("s3", cluster="1")])
    part = columns_of([row("s4", cluster="2"), row("s1", cluster="1", benchmark="other")])
    one, two, again = whole.cluster_hash.tolist()
    assert one == again != two
    other, same = part.cluster_hash.tolist()
    assert {other, same} & {one, two} == {two}


def test_rows_are_streamed_and_let_go(row):
    alive, most = weakref.WeakSet(), 0

    def stream():
        nonlocal most
        for i in range(500):
            made = row(f"s{i}")
            alive.add(made[1])
            yield made
            most = max(most, len(alive))

    got = columns_of(stream())
    assert most < 5
    assert got.samples[got.sample].tolist() == [f"toy/s{i}" for i in range(500)]


def test_two_rows_of_one_variant_are_refused(row):
    with pytest.raises(DataError, match="found 2 of base of 'toy/s1'"):
        columns_of([row(), row(answer="B")])
    with pytest.raises(DataError, match="one base row per sample"):
        columns_of([row(), row(foil_index=1)])
    several = [row(), row(variant="wrong-think"), row(variant="wrong-think", foil_index=1)]
    assert len(columns_of(several)) == 3


def test_what_does_not_fit_its_variant_is_refused(row):
    with pytest.raises(DataError, match="sum to 1"):
        columns_of([row(p=[0.5, 0.2, 0.2, 0.0])])
    with pytest.raises(DataError, match="sum to 1"):
        columns_of([row(p=[1.5, -0.5, 0.0, 0.0])])
    variant, generation, _ = row()
    with pytest.raises(DataError, match="which option of the sample"):
        columns_of(
            [(variant.model_copy(update={"origin": {"A": "A"}, "foil": "B"}), generation, None)]
        )
    with pytest.raises(DataError, match=r"found .* without any"):
        columns_of([(variant.model_copy(update={"options": {}}), generation, None)])
    with pytest.raises(DataError, match="'all'"):
        columns_of([row(benchmark="all")])


@pytest.mark.parametrize("text", ["<answer></answer>", "<answer>A and B</answer>"])
def test_an_answer_that_is_none_has_no_letters(row, text):
    """The place where the letters were read is none where a letter was decided."""
    p = [0.7, 0.1, 0.1, 0.1]
    got = columns_of(
        [row("a", p=p, text=text), row("b", p=p, text=text, forced=True), row("c", p=p)]
    )
    assert got.chosen.tolist() == [UNPARSED, UNPARSED, 0]
    assert np.isnan(got.p_correct).tolist() == [True, False, False]
    assert (got.method >= 0).tolist() == [False, True, True]


def test_whether_a_text_is_a_fallback(row):
    variants = [
        (variant.model_copy(update={"wordings": told, "fallback": fallback}), *rest)
        for (variant, *rest), told, fallback in zip(
            [row("a"), row("b"), row("c")], ["", "a", "a"], [False, False, True], strict=True
        )
    ]
    assert columns_of(variants).fallback.tolist() == [-1, 0, 1]
