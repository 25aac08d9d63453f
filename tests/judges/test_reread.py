"""Rereading: the letters that a thought alone implies, over several orders of the options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import answers, prompts
from unswayed.errors import ConfigError, StageError, UnknownName
from unswayed.judges import JudgeCase
from unswayed.judges.reread import Reread, averaged, leading, mapped, names_letters, orders
from unswayed.models import Decoding, Request
from unswayed.registry import create
from unswayed.types import Generation, LetterDistribution

SCRIPTED = Path(__file__).parents[1] / "scripted.py"
OPTIONS = {"A": "red", "B": "blue", "C": "green", "D": "black"}


class Reader:
    """Reads the colour that a thought names, leans to a position, and sees no picture."""

    name, profile = "reader", "default"

    def __init__(self, lean: float = 0.0, silent: int = 0) -> None:
        self.lean, self.silent = lean, silent
        self.requests: list[Request] = []

    def provenance(self) -> dict[str, Any]:
        return {"lean": self.lean}

    def supports_prefill(self) -> bool:
        return True

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        self.requests += requests
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Generation:
        if int(request.id.split("/")[1]) < self.silent:
            return Generation(id=request.id, status="error", text="", error="out of memory")
        thought = answers.parse_output(f"{request.prefill}A</answer>", request.options).think or ""
        named = [letter for letter, text in request.options.items() if text in thought]
        p = {letter: (1 - self.lean) * (letter in named[:1]) for letter in request.options}
        rest = 1 - sum(p.values()) - self.lean
        p = {k: v + rest / len(p) + self.lean * (k == "A") for k, v in p.items()}
        letters = LetterDistribution(probabilities=p, other_mass=0.0, method="logits")
        return Generation(id=request.id, status="stop", text="A</answer>", letters=letters)


def reread(model: Any, **options: Any) -> Reread:
    judge = Reread("replay:none", **options)
    judge.model = model
    return judge


def case(think: str = "It is blue.", answer: str | None = "B", id: str = "v1") -> JudgeCase:
    return JudgeCase(id, "What colour?", OPTIONS, think, answer or "", answer, None)


def test_a_thought_is_read_in_several_orders_without_a_picture() -> None:
    model = Reader()
    (verdict,) = reread(model).judge([case()])
    assert (verdict.status, verdict.concludes) == ("consistent", "B")
    assert verdict.letters == pytest.approx({"A": 0, "B": 1, "C": 0, "D": 0})
    assert len(model.requests) == 4
    assert all(request.images == () for request in model.requests)
    assert {request.prefill for request in model.requests} == {"<think>It is blue.</think><answer>"}
    assert model.requests[0].options == OPTIONS
    assert len({tuple(request.options.values()) for request in model.requests}) == 4
    lines = model.requests[1].user.splitlines()
    assert [line for line in lines if line.startswith("A. ")] == [
        f"A. {model.requests[1].options['A']}"
    ]


@pytest.mark.parametrize("name", prompts.shipped())
def test_the_letter_behind_a_thought_is_found_in_every_profiles_style(name: str) -> None:
    model = Reader()
    list(reread(model, profile=name).judge([case()]))
    profile = prompts.profile(name)
    for request in model.requests:
        assert request.thinking == profile.thinking
        ending = "B</answer>" if profile.answer_style == "tags" else "B)."
        reading = request.parse(request.prefill + ending)
        assert reading.letter == "B"
        assert reading.answer_at == len(request.prefill)


def test_the_answer_plays_no_part_in_the_conclusion() -> None:
    model = Reader()
    first, second = reread(model).judge([case(), case(answer="A")])
    assert (second.status, second.concludes) == ("inconsistent", "B")
    assert second.letters == first.letters
    assert not any("answered" in request.user for request in model.requests)


def test_orders_take_out_a_leaning_to_a_position() -> None:
    leaning = Reader(lean=0.6)
    (one,) = reread(leaning, shuffles=1).judge([case()])
    assert one.status == "unclear"
    assert one.letters is not None
    assert one.letters["A"] > one.letters["B"]
    (many,) = reread(leaning, shuffles=24, margin=0.1).judge([case()])
    assert (many.status, many.concludes) == ("consistent", "B")


def test_a_thought_that_names_letters_is_read_as_it_was_shown() -> None:
    model = Reader()
    (verdict,) = reread(model).judge([case("It is blue, so (B).")])
    assert [request.options for request in model.requests] == [OPTIONS]
    assert "1 of 1 orders" in verdict.reason


@pytest.mark.parametrize(
    ("think", "named"),
    [
        ("The answer is B.", True),
        ("so (A)", True),
        ("Option A", True),
        ("A: the chair", True),
        ("A red car and a dog", False),
        ("It is E, no option", False),
        ("the ABC of it; B's car", False),
        ("", False),
    ],
)
def test_letters_in_a_thought(think: str, named: bool) -> None:
    assert names_letters(think, OPTIONS) is named


def test_an_open_thought_is_unclear() -> None:
    (verdict,) = reread(Reader()).judge([case("Let me look.")])
    assert (verdict.status, verdict.concludes) == ("unclear", None)
    assert verdict.letters == pytest.approx(dict.fromkeys(OPTIONS, 0.25))


def test_orders_that_fail_are_missing_and_most_of_them_a_failure() -> None:
    (some,) = reread(Reader(silent=1)).judge([case()])
    assert (some.status, some.concludes) == ("consistent", "B")
    assert "3 of 4 orders" in some.reason
    (most,) = reread(Reader(silent=2)).judge([case()])
    assert (most.status, most.letters) == ("failed", None)
    assert "out of memory" in most.reason


def test_no_answer_no_case() -> None:
    model = Reader()
    found = [v.status for v in reread(model).judge([case(answer=None), case()])]
    assert found == ["skipped", "consistent"]
    assert len(model.requests) == 4


def test_a_model_that_loses_prompts_is_an_error() -> None:
    model = Reader()
    model.generate = lambda requests, decoding: []  # type: ignore[method-assign]
    with pytest.raises(StageError, match="one record for each"):
        list(reread(model).judge([case()]))


@given(st.integers(1, 8), st.integers(2, 6), st.text(max_size=5))
def test_orders_are_permutations_and_none_comes_twice(count: int, size: int, key: str) -> None:
    options = {letter: f"text {letter}" for letter in "ABCDEF"[:size]}
    found = orders(options, count, key)
    assert found == orders(options, count, key)
    assert len(found) == min(count, math.factorial(size)) or size == 2
    assert found[0].options == options
    assert len({tuple(order.options.values()) for order in found}) == len(found)
    for order in found:
        p = {letter: float(place) for place, letter in enumerate(order.options)}
        back = mapped(order, p)
        assert {order.options[k]: v for k, v in p.items()} == {
            options[k]: v for k, v in back.items()
        }


def test_the_lead_decides() -> None:
    letters = averaged([{"A": 0.9, "B": 0.1}, {"A": 0.5, "B": 0.5}])
    assert letters == pytest.approx({"A": 0.7, "B": 0.3})
    assert leading(letters, 0.3)[0] == "A"
    assert leading(letters, 0.5)[0] is None
    assert leading({"A": 0.5, "B": 0.5}, 0.0)[0] is None


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("reread", ConfigError, "MODEL"),
        ("reread:organsim", UnknownName, "did you mean organism"),
        ("reread:organism,shuffles=0", ConfigError, "shuffles"),
        ("reread:organism,margin=1", ConfigError, "margin"),
        ("reread:organism,profile=none", UnknownName, "profile"),
    ],
)
def test_wrong_options_are_named(spec: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        create("judge", spec)


def test_a_model_without_prefill_is_refused() -> None:
    judge = create("judge", f"reread:{SCRIPTED}:Scripted;prefill=false")
    with pytest.raises(ConfigError, match="no assistant prefill"):
        list(judge.judge([case()]))


def test_the_hash_is_of_what_decides() -> None:
    specs = ["organism", "tiny", "organism,shuffles=2", "organism,margin=0.1", "organism,seed=1"]
    found = [create("judge", f"reread:{spec}").prompt_hash for spec in specs]
    assert len(set(found)) == len(specs)


def test_the_organism_reads_its_own_words_without_a_picture() -> None:
    pytest.importorskip("torch")
    options = {"A": "below", "B": "left of", "C": "above", "D": "right of"}
    think = "The blue square is at the left, so the blue square is left of the yellow square. "
    asked = JudgeCase(
        "v1",
        "Where is the blue square relative to the yellow square?",
        options,
        f"{think}The answer is left of (B).",
        "B",
        "B",
        None,
    )
    judge = create("judge", "reread:organism")
    (verdict,) = judge.judge([asked])
    assert (verdict.status, verdict.concludes) == ("consistent", "B")
    assert judge.provenance()["model"]["name"] == "organism"
