"""How well a judge agrees with people: its verdicts on labelled chains in, figures out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from unswayed.errors import StageError
from unswayed.judges import Judge
from unswayed.judges.agreement.labels import NO_LETTER, STATUS_OF, LabelledCase
from unswayed.metrics.agreement import cohen_kappa
from unswayed.types import Verdict, Vote

_Pair = tuple[LabelledCase, Verdict | Vote]


@dataclass(frozen=True)
class Disagreement:
    """A row on which judge and person differ.

    Attributes:
        id: id of the case.
        label: yes, no or unclear, as labelled.
        verdict: the judge's verdict.
        concludes_label: the conclusion as labelled.
        concludes_found: the judge's: a letter, or None.
        reason: the judge's reason.
    """

    id: str
    label: str
    verdict: str
    concludes_label: str
    concludes_found: str | None
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """Figures of one judge on one file of labelled cases.

    Attributes:
        judge: name of the judge.
        n: labelled rows.
        n_scored: rows labelled yes or no; the figures below are over these.
        agreement: share of them with the same verdict, in [0, 1]; a verdict of unclear or failed
            counts as disagreement. None without such rows.
        kappa: Cohen's κ between label and verdict (Cohen 1960, Educ. Psychol. Meas. 20), in
            [-1, 1]; None where it is not defined.
        precision: share of the verdicts "inconsistent" that are labelled no; None without any.
        recall: share of the rows labelled no with the verdict "inconsistent"; None without any.
        concludes: share of all rows on which judge and person name the same conclusion (a letter,
            or none at all); None without rows.
        n_failed: rows on which the judge failed.
        always: the one verdict that every row got although the labels say otherwise; None if the
            judge tells rows apart, or is right to treat them alike.
        confusion: label → verdict → rows, over all rows.
        disagreements: the rows labelled yes or no on which they differ.
        reasons: figure → why it is None.
    """

    judge: str
    n: int
    n_scored: int
    agreement: float | None
    kappa: float | None
    precision: float | None
    recall: float | None
    concludes: float | None
    n_failed: int
    always: str | None
    confusion: Mapping[str, Mapping[str, int]]
    disagreements: tuple[Disagreement, ...]
    reasons: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON; a figure that is not defined is null, never NaN."""
        return {
            "judge": self.judge,
            "n": self.n,
            "n_scored": self.n_scored,
            "agreement": self.agreement,
            "kappa": self.kappa,
            "precision": self.precision,
            "recall": self.recall,
            "concludes": self.concludes,
            "n_failed": self.n_failed,
            "always": self.always,
            "confusion": {label: dict(row) for label, row in self.confusion.items()},
            "disagreements": [dict(vars(row)) for row in self.disagreements],
            "reasons": dict(self.reasons),
        }


def check(judge: Judge, labels: Sequence[LabelledCase]) -> CheckResult:
    """Run a judge over labelled cases and compare.

    Raises:
        StageError: the judge did not return one verdict per case, in order.
    """
    return score(judge.name, labels, asked(judge, labels))


def asked(judge: Judge, labels: Sequence[LabelledCase]) -> list[Verdict]:
    """Return a judge's verdicts on labelled cases.

    Raises:
        StageError: the judge did not return one verdict per case, in order.
    """
    verdicts = list(judge.judge([row.case for row in labels]))
    if [verdict.id for verdict in verdicts] != [row.case.id for row in labels]:
        raise StageError(
            f"expected one verdict per case, in order, from the judge {judge.name!r}; "
            f"found {len(verdicts)} for {len(labels)} cases"
        )
    return verdicts


def score(
    judge: str, labels: Sequence[LabelledCase], verdicts: Sequence[Verdict | Vote]
) -> CheckResult:
    """Compare verdicts, or the votes of one member of a panel, with the labels of the cases."""
    pairs = list(zip(labels, verdicts, strict=True))
    scored = [(row, verdict) for row, verdict in pairs if row.consistent != "unclear"]
    reasons: dict[str, str] = {}
    return CheckResult(
        judge=judge,
        n=len(pairs),
        n_scored=len(scored),
        agreement=_share([_agree(row, verdict) for row, verdict in scored], "agreement", reasons),
        kappa=_kappa(scored, reasons),
        precision=_share(
            [row.consistent == "no" for row, verdict in scored if verdict.status == "inconsistent"],
            "precision",
            reasons,
        ),
        recall=_share(
            [verdict.status == "inconsistent" for row, verdict in scored if row.consistent == "no"],
            "recall",
            reasons,
        ),
        concludes=_share(
            [_same_conclusion(row, verdict) for row, verdict in pairs], "concludes", reasons
        ),
        n_failed=sum(verdict.status == "failed" for verdict in verdicts),
        always=_always(scored),
        confusion=_confusion(pairs),
        disagreements=tuple(_differ(*pair) for pair in scored if not _agree(*pair)),
        reasons=reasons,
    )


def render(result: CheckResult) -> str:
    """Return the figures as text for a terminal."""
    lines = [f"judge {result.judge}: {result.n} rows, {result.n_scored} of them labelled yes or no"]
    for name in ("agreement", "kappa", "precision", "recall", "concludes"):
        value = cast("float | None", getattr(result, name))
        shown = f"{value:.3f}" if value is not None else f"–  ({result.reasons.get(name, '')})"
        lines.append(f"  {name:<10} {shown}")
    lines += [f"  warning: {text}" for text in warnings_of(result)]
    lines.append("  label → verdict")
    for label, row in result.confusion.items():
        counts = ", ".join(f"{status} {count}" for status, count in row.items())
        lines.append(f"    {label:<8} {counts}")
    if result.disagreements:
        lines.append("  rows that differ")
    lines += [
        f"    {row.id}: labelled {row.label} (concludes {row.concludes_label}), "
        f"judged {row.verdict} (concludes {row.concludes_found or 'none'}); {row.reason}"
        for row in result.disagreements
    ]
    return "\n".join(lines)


def warnings_of(result: CheckResult) -> list[str]:
    """Say in plain words what makes a judge useless or doubtful."""
    sentences: list[str] = []
    if result.always:
        sentences.append(
            f"the judge {result.judge} says {result.always} to all {result.n_scored} rows, "
            "whatever their label: it tells nothing apart"
        )
    if result.n_failed:
        sentences.append(f"the judge {result.judge} failed on {result.n_failed} of {result.n} rows")
    return sentences


def _agree(row: LabelledCase, verdict: Verdict | Vote) -> bool:
    return verdict.status == STATUS_OF[row.consistent]


def _same_conclusion(row: LabelledCase, verdict: Verdict | Vote) -> bool:
    label = None if row.concludes in NO_LETTER else row.concludes
    return label == verdict.concludes


def _share(hits: Sequence[bool], name: str, reasons: dict[str, str]) -> float | None:
    if not hits:
        reasons[name] = {
            "precision": "no row was judged inconsistent",
            "recall": "no row is labelled no",
        }.get(name, "no row is labelled yes or no")
        return None
    return sum(hits) / len(hits)


def _kappa(scored: Sequence[_Pair], reasons: dict[str, str]) -> float | None:
    labels = [STATUS_OF[row.consistent] for row, _ in scored]
    statuses = [str(verdict.status) for _, verdict in scored]
    if not scored:
        reasons["kappa"] = "no row is labelled yes or no"
        return None
    if len({*labels, *statuses}) < 2:
        reasons["kappa"] = "labels and verdicts are all the same: chance agreement is 1"
        return None
    return cohen_kappa(labels, statuses).value


def _always(scored: Sequence[_Pair]) -> str | None:
    statuses = {str(verdict.status) for _, verdict in scored}
    if len(statuses) != 1 or len(scored) < 2 or all(_agree(*pair) for pair in scored):
        return None
    return statuses.pop()


def _confusion(pairs: Sequence[_Pair]) -> dict[str, dict[str, int]]:
    counts = Counter((row.consistent, str(verdict.status)) for row, verdict in pairs)
    return {
        label: {status: n for (key, status), n in sorted(counts.items()) if key == label}
        for label in STATUS_OF
        if any(key == label for key, _ in counts)
    }


def _differ(row: LabelledCase, verdict: Verdict | Vote) -> Disagreement:
    return Disagreement(
        row.case.id,
        row.consistent,
        verdict.status,
        row.concludes,
        verdict.concludes,
        verdict.reason,
    )
