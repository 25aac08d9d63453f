"""The bonus for an answer that stands when the options are shuffled: every case by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unswayed.errors import ConfigError
from unswayed.perturbations.options import SHUFFLE
from unswayed.training.recipe import training_recipe
from unswayed.training.reward.completion import read_completion
from unswayed.training.reward.reanswer import Reanswer, reanswer_bonus
from unswayed.training.reward.scorer import Scorer
from unswayed.types import Sample, Variant

SAMPLE = Sample(
    id="s/0",
    benchmark="s",
    images=(),
    cluster="0",
    question="What is blue?",
    options={"A": "the cup", "B": "the bowl", "C": "the spoon"},
    answer="A",
)
SHOWN = Variant(
    id="s/0/base",
    name="base",
    sample=SAMPLE,
    options={"A": "the bowl", "B": "the spoon", "C": "the cup"},
    origin={"A": "B", "B": "C", "C": "A"},
    answer="C",
)
TERM = Reanswer(both_right=1.0, one_right=0.25, same_wrong=0.125)


def bonus(answer: str, second: str | None, shown: Variant = SHOWN) -> float:
    text = f"<think>I look.</think><answer>{answer}</answer>"
    return reanswer_bonus(replace(read_completion(shown, text), second=second), TERM)


@pytest.mark.parametrize(
    ("answer", "second", "expected"),
    [
        ("C", "A", 1.0),  # the cup, and the cup: letters of the sample stand for texts
        ("C", "B", 0.25),
        ("A", "A", 0.25),
        ("A", "B", 0.125),  # the bowl, and the bowl
        ("A", "C", 0.0),
        ("C", None, 0.0),
        ("none of them", "A", 0.0),
    ],
)
def test_every_case(answer: str, second: str | None, expected: float) -> None:
    assert bonus(answer, second) == expected


def test_a_question_without_options_earns_nothing() -> None:
    sample = Sample(
        id="n/0",
        benchmark="n",
        images=(),
        cluster="0",
        question="How many?",
        options={},
        answer="3",
        answer_kind="number",
    )
    shown = Variant(id="n/0/base", name="base", sample=sample, options={}, answer="3")
    assert bonus("3", "3", shown) == 0.0


def test_the_scorer_pays_it_and_asks_for_the_second_answers() -> None:
    scorer = Scorer(training_recipe("reanswer").reward)
    text = "<think>I look.</think><answer>C</answer>"
    (both, one) = scorer.score([SHOWN, SHOWN], [text, text], seconds=["A", "B"])
    assert (both.terms["reanswer"], one.terms["reanswer"]) == (0.5, 0.0)
    assert both.total == pytest.approx(1.6)
    with pytest.raises(ConfigError, match="expected the second answer behind each thought"):
        scorer.score([SHOWN], [text])


def test_right_twice_cannot_earn_less() -> None:
    with pytest.raises(ConfigError, match="expected both_right to be at least"):
        training_recipe("reanswer", ["reward.reanswer.one_right=0.75"])


def test_shuffling_by_the_seed_is_as_before() -> None:
    from unswayed.perturbations import Context
    from unswayed.perturbations.texts import source

    moved = SHUFFLE.apply(SHOWN, Context(texts=source("template"), seed=0))
    assert moved.options[moved.answer] == "the cup"
    assert {moved.origin[k]: v for k, v in moved.options.items()} == dict(SAMPLE.options)
