"""Terms that look at more than one completion, in cases worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import ConfigError, RunError, StageError
from unswayed.training.reward import guards, invariance, likelihood
from unswayed.training.reward.completion import Completion, Grading, read_completion
from unswayed.training.reward.guards import Guards
from unswayed.training.reward.invariance import PairedInvariance
from unswayed.training.reward.lagrangian import Lagrangian, Multiplier
from unswayed.training.reward.likelihood import LikelihoodConsistency
from unswayed.types import AnswerKind, Sample, Variant

OPTIONS = {"A": "the chair", "B": "the table", "C": "the lamp"}


def prompt(
    name: str = "base", sample: str = "1", kind: AnswerKind = "choice", prefill: str = ""
) -> Variant:
    options = OPTIONS if kind == "choice" else {}
    answer = "B" if kind == "choice" else "7"
    asked = Sample(
        id=f"toy/{sample}",
        benchmark="toy",
        images=(),
        question="Which?",
        options=options,
        answer=answer,
        answer_kind=kind,
        cluster=sample,
    )
    return Variant(
        id=f"{sample}/{name}",
        sample=asked,
        name=name,
        options=options,
        answer=answer,
        origin={k: k for k in options},
        prefill=prefill,
    )


def said(answer: str, variant: Variant, thought: str = "so") -> Completion:
    opened = "" if variant.prefill else "<think>"
    return read_completion(variant, f"{opened}{thought}</think><answer>{answer}</answer>")


CARE = LikelihoodConsistency(weight=0.5, margin=0.0, ceiling=0.95)


def test_a_right_answer_as_likely_as_the_right_ones_mean_gets_the_bonus() -> None:
    # right: .8, .4, .6 with mean .6; the wrong one, however likely, is not looked at
    logs = [math.log(p) for p in (0.8, 0.4, 0.6, 0.9)]
    assert likelihood.bonuses([1, 1, 1, 0], logs, CARE) == [0.5, 0, 0.5, 0]


def test_the_margin_lets_one_in_that_is_just_below() -> None:
    logs = [math.log(p) for p in (0.61, 0.60, 0.602)]
    assert likelihood.bonuses([1, 1, 1], logs, CARE) == [0.5, 0, 0]
    near = CARE.model_copy(update={"margin": 0.01})
    assert likelihood.bonuses([1, 1, 1], logs, near) == [0.5, 0.5, 0.5]


def test_likelihoods_are_cut_off_at_the_ceiling() -> None:
    # without the ceiling the mean is .98 and only the first is above it
    logs = [math.log(0.99), math.log(0.97)]
    assert likelihood.bonuses([1, 1], logs, CARE) == [0.5, 0.5]
    assert likelihood.bonuses([1, 1], logs, CARE.model_copy(update={"ceiling": 1.0})) == [0.5, 0]


def test_graded_answers_have_to_reach_the_groups_mean() -> None:
    logs = [math.log(0.5)] * 3
    assert likelihood.bonuses([0.9, 0.3, 0.0], logs, CARE) == [0.45, 0, 0]  # the mean is .4
    assert likelihood.bonuses([0.05, 0.05], [0.0, 0.0], CARE) == [0, 0]


def test_no_answer_no_bonus() -> None:
    assert likelihood.bonuses([1, 1], [None, math.log(0.2)], CARE) == [0, 0.5]
    assert likelihood.bonuses([0, 0], [-1.0, -1.0], CARE) == [0, 0]
    assert likelihood.bonuses([], [], CARE) == []


@pytest.mark.parametrize("bad", [math.nan, 0.1, math.inf])
def test_a_log_likelihood_that_is_none_is_an_error(bad: float) -> None:
    with pytest.raises(StageError, match="'likelihood'"):
        likelihood.bonuses([1], [bad], CARE)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(-20, 0)), min_size=1, max_size=8))
def test_a_bonus_is_all_or_nothing_and_some_right_one_gets_it(
    group: list[tuple[float, float]],
) -> None:
    correct = [one for one, _ in group]
    found = likelihood.bonuses(correct, [log for _, log in group], LikelihoodConsistency())
    pairs = zip(found, correct, strict=True)
    assert all(bonus in (0, 0.5) and bonus <= right for bonus, right in pairs)
    assert any(found) == any(correct)


def test_the_span_of_the_answer() -> None:
    completion = said(" (B) the table ", prompt())
    span = likelihood.answer_span(completion)
    assert span is not None
    assert completion.output[slice(*span)] == "(B) the table"
    twice = read_completion(prompt(), "<think>B</think><answer>B</answer> <answer>B</answer>")
    assert likelihood.answer_span(twice) == (43, 44)
    assert likelihood.answer_span(read_completion(prompt(), "B")) is None


INVARIANT = PairedInvariance(weight=0.5)


def invariant(batch: list[Completion], term: PairedInvariance = INVARIANT) -> list[float]:
    return invariance.invariance_bonuses(batch, term, Grading())


def test_agreeing_with_the_twin_is_rewarded_by_its_share() -> None:
    base, wrong = prompt(), prompt("wrong-think")
    batch = [said("B", base), said("B", base), said("A", base), said("C", base)]
    batch += [said("B", wrong), said("A", wrong), said("A", wrong), said("A", wrong)]
    # base B agrees with one of four, wrong B with two of four; nothing else is right
    assert invariant(batch) == [0.125, 0.125, 0, 0, 0.25, 0, 0, 0]
    every = PairedInvariance(weight=0.5, only_right=False)
    assert invariant(batch, every) == [
        *(0.125, 0.125, 0.375, 0),
        *(0.25, 0.125, 0.125, 0.125),
    ]


def test_two_unread_answers_do_not_agree() -> None:
    every = PairedInvariance(only_right=False)
    batch = [said("?", prompt()), said("?", prompt("wrong-think"))]
    assert invariant(batch, every) == [0, 0]


def test_open_answers_agree_by_value() -> None:
    base, wrong = prompt(kind="number"), prompt("wrong-caption", kind="number")
    assert invariant([said("7", base), said("7.0", wrong)]) == [0.5, 0.5]


def test_a_prompt_without_its_twin_is_an_error() -> None:
    with pytest.raises(ConfigError, match="toy/1 with and without"):
        invariant([said("B", prompt("wrong-think")), said("B", prompt(sample="2"))])


RULE = Lagrangian(target=0.9, rate=0.5, start=0.0, most=1.0)


def test_the_multiplier_rises_while_consistency_falls_short() -> None:
    first = Multiplier(value=0.0).updated([True, False], RULE)  # .5 · (.9 − .5)
    assert first.value == pytest.approx(0.2)
    second = first.updated([True, None, True, True, False], RULE)  # .2 + .5 · (.9 − .75)
    assert second.value == pytest.approx(0.275)
    assert second.updates == 2


def test_the_multiplier_falls_when_there_is_enough_and_keeps_its_bounds() -> None:
    assert Multiplier(value=0.2).updated([True], RULE).value == pytest.approx(0.15)
    assert Multiplier(value=0.01).updated([True], RULE).value == 0
    assert Multiplier(value=0.9).updated([False], RULE).value == 1.0


def test_a_batch_without_a_verdict_changes_nothing() -> None:
    start = Multiplier(value=0.3, updates=4)
    assert start.updated([None, None], RULE) is start
    assert start.updated([], RULE) is start


@given(st.floats(0, 2), st.integers(0, 10**6))
def test_a_multiplier_is_restored_as_it_was(value: float, updates: int) -> None:
    one = Multiplier(value=value, updates=updates)
    assert Multiplier.restored(one.model_dump(mode="json")) == one


@pytest.mark.parametrize("state", [None, {}, {"value": -1}, {"value": math.nan}, {"value": "x"}, 3])
def test_a_broken_state_is_refused(state: object) -> None:
    with pytest.raises(RunError, match="multiplier"):
        Multiplier.restored(state)


GUARDS = Guards(thin=0.4, least=4, duplicate=0.3, overlap=0.5)


@pytest.mark.parametrize(
    ("thought", "lost"),
    [
        ("", -0.4),
        ("Okay, let's see. The answer is", -0.4),
        ("The chair, the chair, the chair.", -0.3),
        ("red chair left", -0.1),
        ("The red chair is left of a lamp", 0.0),
        ("red chair left lamp table window door", 0.0),
    ],
)
def test_a_thought_with_little_in_it_loses(thought: str, lost: float) -> None:
    completion = said("B", prompt(), thought)
    assert guards.thin_penalty(completion, GUARDS) == pytest.approx(lost)


def test_what_the_prefill_says_is_not_the_models_own() -> None:
    given_ = prompt("wrong-think", prefill="<think>The red chair is left of a lamp")
    assert guards.thin_penalty(said("B", given_, ""), GUARDS) == pytest.approx(-0.4)


def test_a_shared_thought_loses_by_the_share_of_the_others() -> None:
    thoughts = ["a red chair stands there", "a red chair stands there", "the lamp hangs above us"]
    group = [said("B", prompt(), thought) for thought in thoughts]
    assert guards.duplicate_penalties(group, GUARDS) == pytest.approx([-0.15, -0.15, 0])


def test_overlap_is_of_word_trigrams() -> None:
    # abc bcd cde and bcd cde def share two of four: .5
    group = [said("B", prompt(), "a b c d e"), said("B", prompt(), "b c d e f")]
    assert guards.duplicate_penalties(group, GUARDS) == pytest.approx([-0.3, -0.3])
    strict = GUARDS.model_copy(update={"overlap": 0.51})
    assert guards.duplicate_penalties(group, strict) == pytest.approx([0, 0])


def test_empty_thoughts_are_the_same_and_one_alone_shares_nothing() -> None:
    empty = said("B", prompt(), "")
    assert guards.duplicate_penalties([empty, empty], GUARDS) == pytest.approx([-0.3, -0.3])
    assert guards.duplicate_penalties([empty], GUARDS) == [0]
