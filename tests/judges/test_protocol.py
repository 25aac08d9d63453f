"""The judge that the package's docstring shows works as it stands there."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from unswayed import answers, judges
from unswayed.answers import ConflictPolicy
from unswayed.judges import JudgeCase, case_of
from unswayed.judges.rules.judge import Rules
from unswayed.types import Verdict

OPTIONS = {"A": "red", "B": "blue"}


def test_the_example_of_the_docstring_is_a_whole_judge() -> None:
    text = judges.__doc__ or ""
    code = text[text.index("    class SameLetter") : text.index("`rules` goes by rules")]
    names: dict[str, Any] = {"Verdict": Verdict}
    exec(textwrap.dedent(code), names)  # the docstring's own words
    thoughts = ("It is B.", "It is A.", "I cannot tell")
    cases = [JudgeCase(str(k), "?", OPTIONS, t, "B", "B", None) for k, t in enumerate(thoughts)]
    verdicts = list(names["SameLetter"]().judge(cases))
    assert [one.status for one in verdicts] == ["consistent", "inconsistent", "unclear"]
    assert [one.concludes for one in verdicts] == ["B", "A", None]


@pytest.mark.parametrize("policy", ["letter", "text", "unparsed"])
def test_a_conflict_is_told_whole_whatever_counts(policy: ConflictPolicy) -> None:
    output = "<think>It is blue.</think><answer>A. blue</answer>"
    case = case_of("v", "?", OPTIONS, answers.parse_output(output, OPTIONS, policy))
    assert isinstance(case, JudgeCase)
    assert (case.letter, case.text_letter, case.means, case.only_named) == ("A", "B", "B", "A")
    (verdict,) = Rules().judge([case])
    assert verdict.status == "consistent"
    assert verdict.reason.endswith("; the answer asserts B by its text, and names A")


@pytest.mark.parametrize("answer", ["B", "blue", "B. blue"])
def test_an_answer_without_a_conflict_names_nothing_else(answer: str) -> None:
    output = f"<think>It is red.</think><answer>{answer}</answer>"
    case = case_of("v", "?", OPTIONS, answers.parse_output(output, OPTIONS))
    assert isinstance(case, JudgeCase)
    assert case.only_named is None
    (verdict,) = Rules().judge([case])
    assert verdict.reason.endswith("; the answer asserts B")
