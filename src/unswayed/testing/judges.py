"""The contract of a judge: one signed verdict a case, in order, whatever is asked beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unswayed.judges import JudgeCase
from unswayed.testing.material import require, require_name, require_provenance
from unswayed.types import Verdict

_OPTIONS = {"A": "a red square", "B": "a blue circle", "C": "a green star"}
_THOUGHTS = (
    "The object on the left is a blue circle, so the answer is B.",
    "It looks like a red square at first. It is a red square, so the answer is A.",
    "I cannot tell what this is.",
    "Hmm … 它是蓝色的? \u202e <b>B</b> {letter} %s",
    "x",
)


def check_judge(judge: Any, *, deterministic: bool = True) -> None:
    """Hold a judge against its contract: it is asked about a few thoughts.

    Args:
        judge: an object of it.
        deterministic: a case must get the same verdict when it is asked alone.

    Raises:
        AssertionError: with what is not as the pipeline needs it.
    """
    require_name(judge, "judge")
    prompt_hash: Any = getattr(judge, "prompt_hash", None)
    require(
        isinstance(prompt_hash, str),
        f"a judge needs `prompt_hash`, which changes with its verdicts; found {prompt_hash!r}",
    )
    require(callable(getattr(judge, "judge", None)), "a judge needs a method judge(cases)")
    require_provenance(judge, "judge")
    cases = [_case(f"case-{number}", thought) for number, thought in enumerate(_THOUGHTS)]
    by_text = JudgeCase("by-text", "What is it?", _OPTIONS, _THOUGHTS[0], _OPTIONS["B"], None, "B")
    cases.append(by_text)
    together = _verdicts(judge, cases)
    require(not list(judge.judge([])), "no cases must give no verdicts")
    if deterministic:
        alone = [verdict for case in cases for verdict in _verdicts(judge, [case])]
        require(
            [(one.status, one.concludes) for one in together]
            == [(one.status, one.concludes) for one in alone],
            "a case must get the same verdict whichever cases are asked beside it: a resumed run "
            "asks only for those that are missing",
        )


def _case(id: str, thought: str) -> JudgeCase:
    return JudgeCase(id, "What is on the left?", _OPTIONS, thought, "B", "B", None)


def _verdicts(judge: Any, cases: Sequence[JudgeCase]) -> list[Verdict]:
    try:
        verdicts: list[Any] = list(judge.judge(cases))
    except Exception as error:
        raise AssertionError(
            "a case that cannot be judged gets a verdict with the status `failed`; found that "
            f"judge() raises {type(error).__name__}: {error}"
        ) from error
    require(all(isinstance(one, Verdict) for one in verdicts), "expected Verdict records")
    require(
        [one.id for one in verdicts] == [case.id for case in cases],
        "expected one verdict for each case, in the order of the cases, with its id",
    )
    for verdict, case in zip(verdicts, cases, strict=True):
        _check_verdict(verdict, case, judge)
    return verdicts


def _check_verdict(verdict: Verdict, case: JudgeCase, judge: Any) -> None:
    require(
        (verdict.judge, verdict.prompt_hash) == (judge.name, judge.prompt_hash),
        f"a verdict is signed with the judge's name and prompt_hash, found {verdict.judge!r} and "
        f"{verdict.prompt_hash!r}",
    )
    concludes = verdict.concludes
    require(
        concludes is None or concludes in case.options,
        f"a thought concludes on one of the options {''.join(case.options)}, found {concludes}",
    )
    agrees = concludes == case.means
    if concludes is not None and verdict.status in ("consistent", "inconsistent"):
        require(
            agrees == (verdict.status == "consistent"),
            f"the answer means {case.means} and the thought concludes on {concludes}, so the "
            f"verdict cannot be {verdict.status}",
        )
