"""How a judge is asked during training, and that it can be asked at all.

A judge behind a network that hangs holds every step up. In an evaluation it may take an hour for a
case; here it gets a minute and a second try, unless its own spec says otherwise.
"""

from __future__ import annotations

from pydantic import Field

from unswayed.config.section import Section
from unswayed.errors import StageError, UnswayedError
from unswayed.judges import BoundedJudge, Judge, JudgeCase


class Asking(Section):
    """How the judge is asked; what its spec says of the first three wins.

    Attributes:
        attempts: requests that are sent for one case before it has failed.
        timeout_s: seconds for one of them.
        concurrency: most requests in flight.
        most_failed: share of the cases of the last batches whose verdict may be unknown before
            training stops; 1 never stops it.
    """

    attempts: int = Field(default=2, ge=1)
    timeout_s: float = Field(default=60.0, gt=0)
    concurrency: int = Field(default=64, ge=1)
    most_failed: float = Field(default=0.5, ge=0, le=1)


PROBE = JudgeCase(
    id="probe",
    question="Which of these objects is in the image?",
    options={"A": "red circle", "B": "blue square"},
    think="Is there a red circle? No. Is there a blue square? Yes, at the upper left.",
    answer="B",
    letter="B",
    text_letter=None,
)
"""A case that every judge can read."""


def bounded(judge: Judge, asking: Asking) -> Judge:
    """Return the judge, told how it is asked."""
    if isinstance(judge, BoundedJudge):
        judge.bound(
            attempts=asking.attempts, timeout_s=asking.timeout_s, concurrency=asking.concurrency
        )
    return judge


def check_reachable(judge: Judge) -> None:
    """Ask the judge one case, before the first step is paid for.

    Raises:
        StageError: it has no verdict on it.
    """
    try:
        verdicts = list(judge.judge([PROBE]))
    except UnswayedError as error:
        raise StageError(_unreachable(judge, str(error))) from error
    if not verdicts or verdicts[0].status == "failed":
        reason = verdicts[0].reason if verdicts else "it returned nothing"
        raise StageError(_unreachable(judge, reason))


def _unreachable(judge: Judge, reason: str) -> str:
    return (
        f"the judge {judge.name} of the reward has no verdict on a simple case, so training did "
        f"not begin: {reason}"
    )
