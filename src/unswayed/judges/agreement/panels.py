"""Any judge on labelled chains; of a panel each member's figures, and how far the members agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unswayed.judges import Judge
from unswayed.judges.agreement import labelled as check
from unswayed.judges.agreement.labelled import CheckResult
from unswayed.judges.agreement.labels import LabelledCase
from unswayed.metrics import panel
from unswayed.metrics.arrays import Ints
from unswayed.metrics.codes import CONSISTENCY
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean, mean_figure
from unswayed.types import Verdict

_TITLES = {
    "strict_agreement": "all say the same",
    "fleiss_kappa": "Fleiss' κ",
    "all_voted_rate": "all voted",
}


@dataclass(frozen=True)
class JudgeCheck:
    """Figures of a judge on labelled chains.

    Attributes:
        judge: its own figures.
        members: those of a panel's members; empty for one judge.
        between: how far the members agree, over all rows, without regard to the labels: each row
            stands for itself, since a label file names no pictures.
    """

    judge: CheckResult
    members: tuple[CheckResult, ...] = ()
    between: tuple[Figure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        whole = self.judge.to_json()
        if not self.members:
            return whole
        members = [member.to_json() for member in self.members]
        return {**whole, "members": members, "between": [dict(vars(one)) for one in self.between]}


def check_judge(judge: Judge, labels: Sequence[LabelledCase]) -> JudgeCheck:
    """Ask a judge about labelled cases, each once, and compare.

    Raises:
        StageError: it did not return one verdict per case, in order.
    """
    verdicts = check.asked(judge, labels)
    result = check.score(judge.name, labels, verdicts)
    voted = next((verdict.votes for verdict in verdicts if verdict.votes), ())
    if not voted:
        return JudgeCheck(result)
    names = [vote.judge for vote in voted]
    members = [
        check.score(name, labels, [verdict.votes[place] for verdict in verdicts])
        for place, name in enumerate(names)
    ]
    return JudgeCheck(result, tuple(members), tuple(between(names, verdicts)))


def between(judges: Sequence[str], verdicts: Sequence[Verdict]) -> list[Figure]:
    """Return how far the members of a panel agree on the cases of these verdicts."""
    rows = [[CONSISTENCY.index(v.status) for v in one.votes] for one in verdicts]
    votes: Ints = np.array(rows, dtype=np.int64).reshape(len(rows), len(judges))
    clusters: Ints = np.arange(len(rows))
    settings = IntervalSettings()
    measures = [
        *panel.agreement(votes, clusters, settings),
        *panel.pairwise(judges, votes, clusters, settings),
    ]
    return [mean_figure(one, settings) if isinstance(one, Mean) else one for one in measures]


def render(result: JudgeCheck) -> str:
    """Return the figures as text for a terminal."""
    parts = [check.render(one) for one in (result.judge, *result.members)]
    if result.between:
        width = max(len(_title(figure)) for figure in result.between)
        lines = [f"  {_title(one):<{width}}  {_value(one)}" for one in result.between]
        parts.append("\n".join(["between the judges", *lines]))
    return "\n\n".join(parts)


def _title(figure: Figure) -> str:
    titles: Mapping[str, str] = _TITLES
    if figure.metric in titles:
        return titles[figure.metric]
    kind, _, names = figure.metric.partition("[")
    return f"{'no vote' if kind == 'no_vote' else 'Cohen’s κ'}: {names.removesuffix(']')}"


def _value(figure: Figure) -> str:
    if figure.value is None:
        return f"–  ({figure.reason})"
    ends = f" [{figure.low:.3f}, {figure.high:.3f}]" if figure.low is not None else ""
    return f"{figure.value:.3f}{ends}, n = {figure.n}"
