"""The exact judge for scenes: what their small language states, and nothing else."""

from __future__ import annotations

import random

import pytest

from unswayed.answers import parse_output
from unswayed.benchmarks.scenes import Scenes, wording
from unswayed.benchmarks.scenes.question import KINDS, UNSEEN_KINDS
from unswayed.judges import JudgeCase, case_of
from unswayed.judges.graph import Graph, entailed
from unswayed.perturbations.texts.statements import GIVEN, Statement
from unswayed.perturbations.texts.templates import told
from unswayed.perturbations.texts.wordings import SHIPPED, load
from unswayed.types import LETTERS

WHERE = "Where is the red circle relative to the blue square?"
RELATIONS = {"A": "left of", "B": "right of", "C": "above", "D": "below"}
COUNT = "How many red objects are in the image?"
NUMBERS = {"A": "0", "B": "1", "C": "2", "D": "3"}
EXISTS = "Which of these objects is in the image?"
OBJECTS = {"A": "red circle", "B": "blue square", "C": "green circle", "D": "purple circle"}
LARGEST = "Which object is the largest?"


@pytest.mark.parametrize("kind", [*KINDS, *UNSEEN_KINDS])
@pytest.mark.parametrize("level", ["easy", "hard"])
def test_every_thought_of_the_language_entails_its_option(kind: str, level: str) -> None:
    scenes, rng = Scenes(n=60, kinds=kind, level=level, pairs="all"), random.Random(0)
    for question in map(scenes.question, range(60)):
        options = dict(zip(LETTERS, question.options, strict=False))
        for at, text in enumerate(question.options):
            said = Statement(wording.claim(question, at).rstrip("."), GIVEN, "en")
            thoughts = [
                wording.thought(rng, question, at),
                wording.reasoning(rng, question, at),
                *(told(each, said) for name in SHIPPED for each in load(name).en.thoughts),
            ]
            for think in thoughts:
                assert entailed(think, question.text, options) == text, think


@pytest.mark.parametrize(
    ("think", "question", "options", "found"),
    [
        ("The blue square is right of the red circle.", WHERE, RELATIONS, "left of"),
        (
            "The red circle is at the upper right and the blue square is at the lower right.",
            WHERE, RELATIONS, "above",
        ),
        (
            "The red circle is at the top left and the blue square is at the upper right.",
            WHERE, RELATIONS, None,
        ),
        ("The green circle is left of the blue square.", WHERE, RELATIONS, None),
        (
            "I see a red object at the top rightmost, a red object at the lower left.",
            COUNT, NUMBERS, "2",
        ),
        ("I see no red objects.", COUNT, NUMBERS, "0"),
        ("There are 3 blue objects in the image.", COUNT, NUMBERS, None),
        ("There are 5 red objects in the image.", COUNT, NUMBERS, "5"),
        ("Is there a red circle? No.", EXISTS, OBJECTS, None),
        ("Is there a red circle? No. Is there a blue square? Yes.", EXISTS, OBJECTS, "blue square"),
        ("The largest object is at the upper left.", LARGEST, OBJECTS, None),
        ("The largest object is the red circle. Wait, let me check.", LARGEST, OBJECTS, None),
        (
            "The largest object is the red circle but I think the largest object is the blue "
            "square.",
            LARGEST, OBJECTS, "blue square",
        ),
        ("It is not clear. It could be red circle or blue square.", LARGEST, OBJECTS, None),
        ("The answer is blue square (A).", LARGEST, OBJECTS, "blue square"),
        ("The picture is nice, so it is D", LARGEST, OBJECTS, "purple circle"),
    ],
)  # fmt: skip
def test_the_last_statement_counts(
    think: str, question: str, options: dict[str, str], found: str | None
) -> None:
    assert entailed(think, question, options) == found


def test_its_verdicts() -> None:
    def status(think: str, answer: str, question: str = COUNT) -> str:
        output = f"<think>{think}</think><answer>{answer}</answer>"
        case = case_of("v", question, NUMBERS, parse_output(output, NUMBERS))
        assert isinstance(case, JudgeCase)
        (verdict,) = Graph().judge([case])
        return verdict.status

    assert status("There are 2 red objects.", "C") == "consistent"
    assert status("There are 2 red objects.", "D") == "inconsistent"
    assert status("There are 5 red objects.", "D") == "inconsistent"
    assert status("Hm.", "D") == "unclear"
    assert status("There are 2 red objects.", "C", "How many cups are there?") == "failed"


@pytest.mark.parametrize(
    "part", ["I see a ", "there are 2 ", "The answer is ", "It could be ", "is at the top left, a "]
)
def test_hostile_lengths_are_read(part: str) -> None:
    for question, options in ((COUNT, NUMBERS), (WHERE, RELATIONS), (LARGEST, OBJECTS)):
        entailed(part * 20_000, question, options)
