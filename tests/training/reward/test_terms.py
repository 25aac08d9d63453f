"""Rewards: what a completion earns, and that nothing earns by failing."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import answers
from unswayed.answers import values
from unswayed.errors import StageError
from unswayed.training.reward.completion import read_completion
from unswayed.training.reward.faith import fault
from unswayed.training.reward.judging import judged
from unswayed.training.reward.parts import TERMS, RewardParts
from unswayed.training.reward.scorer import reward_parts
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.reward.terms import (
    LengthTerm,
    RepetitionTerm,
    consistency,
    correct_reward,
    format_reward,
    length_penalty,
    repetition_penalty,
)
from unswayed.types import AnswerKind, Consistency, Sample, Variant, Verdict

PLAIN = RewardSettings()
FAITHFUL = RewardSettings(faithful=True)
OPTIONS = {"A": "the chair", "B": "the table", "C": "the lamp"}
GOOD = "<think>It is the table.</think><answer>B</answer>"


def shown(kind: AnswerKind = "choice", answer: str = "B", prefill: str = "") -> Variant:
    options = OPTIONS if kind == "choice" else {}
    sample = Sample(
        id="toy/1",
        benchmark="toy",
        images=(),
        question="Which one is red?",
        options=options,
        answer=answer,
        answer_kind=kind,
        cluster="1",
    )
    return Variant(
        id="v",
        sample=sample,
        name="base",
        options=options,
        answer=answer,
        origin={letter: letter for letter in options},
        prefill=prefill,
    )


def verdict(status: Consistency) -> Verdict:
    return Verdict(id="v", judge="j", status=status)


def rewarded(
    text: str,
    judgement: Verdict | None,
    settings: RewardSettings,
    terms: dict[str, float] | None = None,
) -> RewardParts:
    completion = judged(read_completion(shown(), text), judgement, settings)
    return reward_parts(completion, settings, terms)


@pytest.mark.parametrize(
    "completion",
    [
        GOOD,
        f"\n {GOOD}\n",
        "<think>a</think>\n\n<answer> (B) </answer>",
        "<think>a</think><answer>the table</answer>",
    ],
)
def test_the_format_is_one_thought_and_one_readable_answer(completion: str) -> None:
    assert format_reward(read_completion(shown(), completion), 0.1) == 0.1


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "B",
        "<answer>B</answer>",
        "<think>a</think>B",
        "<think>a<answer>B</answer>",
        "<think></think><answer>B</answer>",
        "<think> \n</think><answer>B</answer>",
        "<think>a</think><answer>B",
        "<think>a</think><answer></answer>",
        "<think>a</think><answer>Z</answer>",
        "<think>a</think><answer>A or B</answer>",
        "<think>a</think> so <answer>B</answer>",
        f"{GOOD} done",
        f"Sure. {GOOD}",
        f"{GOOD}<answer>B</answer>",
        f"<think>b</think>{GOOD}",
        "<answer>B</answer><think>a</think>",
        "<think>a<think>b</think></think><answer>B</answer>",
        "<THINK>a</THINK><answer>B</answer>",
        "a</think><answer>B</answer>",
    ],
)
def test_anything_else_is_no_format(completion: str) -> None:
    assert format_reward(read_completion(shown(), completion), 0.1) == 0


def test_prefill_and_completion_are_read_together() -> None:
    variant = shown(prefill="<think>It is the chair")
    read = read_completion(variant, ", no, the table.</think><answer>B</answer>")
    parts = reward_parts(read, PLAIN)
    assert (parts.format, parts.correct, parts.total) == (0.1, 1.0, 1.1)
    assert read.parsed.think == "It is the chair, no, the table."
    assert read.thought == ", no, the table."
    alone = read_completion(shown(), ", no, the table.</think><answer>B</answer>")
    assert format_reward(alone, 0.1) == 0


def test_a_template_may_open_the_thought() -> None:
    completion = "It is the table.</think><answer>B</answer>"
    read = read_completion(shown(), completion, opens_thought=True)
    assert format_reward(read, 0.1) == 0.1
    doubled = read_completion(shown(prefill="<think>So"), completion, opens_thought=True)
    assert doubled.output == "<think>So" + completion


@pytest.mark.parametrize(
    ("kind", "gold", "said", "expected"),
    [
        ("choice", "B", "B", 1.0),
        ("choice", "B", "the table", 1.0),
        ("choice", "B", "A", 0.0),
        ("choice", "B", "nothing", 0.0),
        ("number", "7", "7.0", 1.0),
        ("number", "7", "seven", 1.0),
        ("number", "7", "8", 0.0),
        ("number", "7", "7 or 8", 0.0),
        ("text", "3 cm", " 3 CM. ", 1.0),
        ("text", "3 cm", "3", 0.0),
        ("box", "[0, 0, 10, 10]", "[0, 0, 10, 10]", 1.0),
        ("box", "[0, 0, 10, 10]", "[0, 0, 10, 5]", 1.0),
        ("box", "[0, 0, 10, 10]", "[0, 0, 10, 4]", 0.0),
        ("box", "[0, 0, 10, 10]", "[20, 20, 30, 30]", 0.0),
    ],
)
def test_correct(kind: AnswerKind, gold: str, said: str, expected: float) -> None:
    read = read_completion(shown(kind, gold), f"<think>a</think><answer>{said}</answer>")
    assert correct_reward(read, 1.0) == expected
    assert correct_reward(read, 2.0) == 2 * expected


def test_a_graded_box_earns_its_overlap() -> None:
    variant, text = (
        shown("box", "[0, 0, 10, 10]"),
        "<think>a</think><answer>[5, 0, 15, 10]</answer>",
    )
    graded = read_completion(variant, text, RewardSettings(box="graded"))
    assert graded.correct == pytest.approx(50 / 150)
    assert read_completion(variant, text).correct == 0


def test_a_number_may_be_given_room() -> None:
    variant, text = shown("number", "7"), "<think>a</think><answer>7.4</answer>"
    assert read_completion(variant, text).correct == 0
    assert read_completion(variant, text, RewardSettings(tolerance=0.5)).correct == 1


@pytest.mark.parametrize(
    ("status", "consistent", "answer", "total"),
    [
        ("consistent", True, 1.0, 1.1),
        ("inconsistent", False, 0.0, 0.1),
        ("unclear", False, 0.0, 0.1),
        ("skipped", False, 0.0, 0.1),
        ("failed", None, None, None),
    ],
)
def test_the_faithful_answer_counts_only_if_it_is_consistent(
    status: Consistency, consistent: bool | None, answer: float | None, total: float | None
) -> None:
    parts = rewarded(GOOD, verdict(status), FAITHFUL)
    assert (parts.consistent, parts.answer, parts.total) == (consistent, answer, total)
    assert (parts.format, parts.correct) == (0.1, 1.0)


def test_a_verdict_changes_nothing_without_faithfulness() -> None:
    parts = rewarded(GOOD, verdict("failed"), PLAIN)
    assert parts.total == 1.1


def test_a_wrong_answer_with_a_failed_judge_is_not_known_either() -> None:
    wrong = "<think>a</think><answer>A</answer>"
    assert rewarded(wrong, verdict("failed"), FAITHFUL).total is None


@pytest.mark.parametrize(
    ("policy", "expected"), [("inconsistent", False), ("consistent", True), ("none", None)]
)
def test_unclear_counts_as_the_recipe_says(policy: Any, expected: bool | None) -> None:
    assert consistency(verdict("unclear"), policy) is expected
    assert consistency(verdict("skipped"), policy) is expected
    assert consistency(verdict("inconsistent"), policy) is False
    assert consistency(verdict("failed"), policy) is None


def test_length_is_lost_between_target_and_most() -> None:
    term = LengthTerm(weight=0.5, target=2, most=6)
    lost = [
        length_penalty(read_completion(shown(), f"<think>{'w ' * n}</think>"), term)
        for n in (0, 2, 4, 6, 50)
    ]
    assert lost == [0, 0, -0.25, -0.5, -0.5]
    assert length_penalty(read_completion(shown(), GOOD), LengthTerm()) == 0


def test_repetition_is_the_share_of_ngrams_seen_before() -> None:
    term = RepetitionTerm(weight=1.0, ngram=2)
    read = read_completion(shown(), "<think>a b a b a</think>")  # ab ba ab ba: two of four
    assert repetition_penalty(read, term) == -0.5
    assert repetition_penalty(read_completion(shown(), "<think>a</think>"), term) == 0
    assert repetition_penalty(read, RepetitionTerm()) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["likelihood", "duplicate"])
def test_a_part_that_is_no_number_is_named(name: str, bad: float) -> None:
    with pytest.raises(StageError, match=f"'{name}' of toy/1 .*{bad}"):
        reward_parts(read_completion(shown(), GOOD), PLAIN, {name: bad})


TEXTS = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<answer>", "</answer>", "A", "B", "Z", "the table", " ", "x", "7"]
    ),
    max_size=12,
).map("".join)


@given(TEXTS, st.sampled_from(["", "<think>", "<think>It is the chair"]))
def test_rewards_and_evaluation_read_alike(completion: str, prefill: str) -> None:
    read = read_completion(shown(prefill=prefill), completion)
    reading = answers.parse_output(prefill + completion, OPTIONS)
    assert read.parsed == reading
    assert (read.correct == 1) == (reading.letter == "B")
    if format_reward(read, 0.1):
        assert reading.letter is not None
        assert reading.think
        assert len(re.findall(r"</?(?:think|answer)>", prefill + completion)) == 4


@given(TEXTS)
def test_numbers_are_read_as_in_evaluation(completion: str) -> None:
    read = read_completion(shown("number", "7"), completion)
    assert read.value == values.parse_output(completion, "number").value
    assert read.correct == float(read.value == 7)


@given(
    TEXTS,
    st.sampled_from([None, "consistent", "inconsistent", "unclear", "failed", "skipped"]),
    st.dictionaries(
        st.sampled_from([t for t in TERMS if t not in ("length", "repetition", "constraint")]),
        st.floats(-2, 2),
    ),
    st.booleans(),
)
def test_parts_sum_to_the_total(
    completion: str, status: Consistency | None, terms: dict[str, float], faithful: bool
) -> None:
    judgement = None if status is None else verdict(status)
    settings = RewardSettings(faithful=faithful)
    parts = rewarded(completion, judgement, settings, terms)
    if faithful and status == "failed":
        assert parts.total is None
    else:
        assert parts.answer is not None
        expected = parts.format + parts.answer + sum(terms.values())
        assert parts.total == pytest.approx(expected)


@pytest.mark.parametrize(
    ("prefill", "text", "found"),
    [
        ("", GOOD, None),
        ("", " <THINK> It is the table. </Think>\n\nSo: <answer >B</answer> Done.", None),
        ("", "<think>It is the table.</think><answer>A. the table</answer>", "conflict"),
        ("", "<think>It is the table.</think><answer>B</answer><answer>B</answer>", "form"),
        ("", "<think>So <answer>B</answer></think><answer>B</answer>", "form"),
        ("<think>It is", " the table.</think><think>Yes.</think><answer>B</answer>", "form"),
        ("<think>It is the table", ".</think><answer>B</answer>", "silent"),
        ("<think>It is the table", ", I see.</think><answer>B</answer>", None),
        ("", "<think>。</think><answer>B</answer>", "silent"),
        ("", "<think>是桌子</think><answer>B</answer>", None),
        ("", "<think>So it is the chair. So it is the table.</think><answer>B</answer>", "several"),
        ("", "<think>It is the chair. It is the table.</think><answer>B</answer>", "several"),
        ("", "<think>The chair is red. The table is red.</think><answer>B</answer>", "several"),
        ("", "<think>B it is. A it is. B it is.</think><answer>B</answer>", "several"),
        ("", "<think>Therefore: A. Therefore: B.</think><answer>B</answer>", "several"),
        ("", "<think>选A。选B。</think><answer>B</answer>", "several"),
        ("", "<think>The chair is blue. The table is red.</think><answer>B</answer>", None),
        ("", "<think>It is the chair. Wait. It is the table.</think><answer>B</answer>", None),
        ("", "<think>It might be the chair. It is the table.</think><answer>B</answer>", None),
        ("", "<think>Is it the chair? Is it the table?</think><answer>B</answer>", None),
        ("<think>The chair is red", ". The table is red.</think><answer>B</answer>", None),
        (
            "",
            "<think>The answer is A. No, the chair is blue. The answer is B.</think>"
            "<answer>B</answer>",
            None,
        ),
        (
            "",
            "<think>It is the chair. Wait, the answer is C. Wait, the answer is A. Wait, the "
            "answer is B.</think><answer>B</answer>",
            "several",
        ),
    ],
)
def test_what_keeps_a_thought_from_being_faithful(
    prefill: str, text: str, found: str | None
) -> None:
    completion = read_completion(shown(prefill=prefill), text)
    assert fault(completion, own_words=True) == found
    said = judged(completion, verdict("consistent"), FAITHFUL)
    assert said.consistent is (found is None)
    assert judged(completion, verdict("failed"), FAITHFUL).consistent is None


def test_a_thought_of_the_prompt_may_count_as_the_models_own() -> None:
    completion = read_completion(
        shown(prefill="<think>It is the table"), ".</think><answer>B</answer>"
    )
    assert fault(completion, own_words=False) is None
    whole = RewardSettings(faithful=True, own_words=False)
    assert reward_parts(judged(completion, verdict("consistent"), whole), whole).total == 1.1
    assert reward_parts(judged(completion, verdict("consistent"), FAITHFUL), FAITHFUL).total == 0
