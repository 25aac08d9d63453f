"""The judge that the package's docstring shows works as it stands there."""

from __future__ import annotations

import textwrap
from typing import Any

from unswayed import judges
from unswayed.judges import JudgeCase
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
