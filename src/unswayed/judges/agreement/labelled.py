"""How well a judge agrees with people: labelled chains in, agreement figures out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from unswayed.answers import parse_answer
from unswayed.errors import DataError, StageError
from unswayed.judges import Judge, JudgeCase
from unswayed.metrics.agreement import cohen_kappa
from unswayed.types import LETTERS, Verdict, Vote

Label = Literal["yes", "no", "unclear"]

_STATUS: dict[str, str] = {"yes": "consistent", "no": "inconsistent", "unclear": "unclear"}
_TEXTS = ("id", "question", "think", "answer", "concludes", "consistent")
_NOT_A_LETTER = ("none", "outside", "unclear")


@dataclass(frozen=True)
class LabelledCase:
    """A case with what a person said about it.

    Attributes:
        case: what the judge sees.
        concludes: the letter that the thought concludes on, or `none`, `outside` or `unclear`.
        consistent: whether that is what the answer asserts.
        note: the person's remark.
    """

    case: JudgeCase
    concludes: str
    consistent: Label
    note: str = ""


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


def load_labels(path: str | Path) -> list[LabelledCase]:
    """Read labelled cases: JSONL with the keys of `docs/judges.md`.

    Raises:
        DataError: the file cannot be read, is empty, or a row is broken; names file and line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"cannot read the labels {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"expected UTF-8 in {path}, found byte {error.start} is not") from error
    rows = [
        _labelled(line, f"{path}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not rows:
        raise DataError(f"expected labelled cases in {path}, one JSON object per line; found none")
    return rows


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
    found: list[str] = []
    if result.always:
        found.append(
            f"the judge {result.judge} says {result.always} to all {result.n_scored} rows, "
            "whatever their label: it tells nothing apart"
        )
    if result.n_failed:
        found.append(f"the judge {result.judge} failed on {result.n_failed} of {result.n} rows")
    return found


def _labelled(line: str, where: str) -> LabelledCase:
    try:
        parsed: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: expected a JSON object, found {error.msg}") from error
    if not isinstance(parsed, dict):
        raise DataError(f"{where}: expected a JSON object, found {type(parsed).__name__}")
    row = cast("dict[str, Any]", parsed)
    for key in _TEXTS:
        if not isinstance(row.get(key), str):
            raise DataError(f"{where}: expected text under {key!r}, found {row.get(key)!r}")
    options = _options(row, where)
    allowed = [*options, *_NOT_A_LETTER]
    if row["concludes"] not in allowed:
        raise DataError(
            f"{where}: expected 'concludes' to be one of {', '.join(allowed)}; "
            f"found {row['concludes']!r}"
        )
    if row["consistent"] not in _STATUS:
        raise DataError(
            f"{where}: expected 'consistent' to be yes, no or unclear; found {row['consistent']!r}"
        )
    letter, text_letter = _answer(row, options, where)
    case = JudgeCase(
        row["id"], row["question"], options, row["think"], row["answer"], letter, text_letter
    )
    return LabelledCase(case, row["concludes"], row["consistent"], str(row.get("note") or ""))


def _options(row: Mapping[str, Any], where: str) -> dict[str, str]:
    options: Any = row.get("options")
    if not isinstance(options, dict) or len(cast("dict[Any, Any]", options)) < 2:
        raise DataError(f"{where}: expected 'options' to map two or more letters to texts")
    for letter, text in cast("dict[Any, Any]", options).items():
        if letter not in list(LETTERS) or not isinstance(text, str):
            raise DataError(
                f'{where}: expected options such as "A": "text", found {letter!r}: {text!r}'
            )
    return cast("dict[str, str]", options)


def _answer(
    row: Mapping[str, Any], options: Mapping[str, str], where: str
) -> tuple[str | None, str | None]:
    """Return the answer's letter and text option: as labelled, else as the parser reads them."""
    letter, text = row.get("letter"), row.get("text_option")
    for key, value in (("letter", letter), ("text_option", text)):
        if value is not None and value not in options:
            raise DataError(f"{where}: expected {key!r} to be an option or null, found {value!r}")
    if letter is None and text is None:
        reading = parse_answer(row["answer"], options)
        letter, text = reading.letter, reading.text_letter
    if letter is None and text is None:
        found = row["answer"]
        raise DataError(f"{where}: expected an answer that names an option, found {found!r}")
    return letter, text


def _agree(row: LabelledCase, verdict: Verdict | Vote) -> bool:
    return verdict.status == _STATUS[row.consistent]


def _same_conclusion(row: LabelledCase, verdict: Verdict | Vote) -> bool:
    label = None if row.concludes in _NOT_A_LETTER else row.concludes
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
    labels = [_STATUS[row.consistent] for row, _ in scored]
    found = [str(verdict.status) for _, verdict in scored]
    if not scored:
        reasons["kappa"] = "no row is labelled yes or no"
        return None
    if len({*labels, *found}) < 2:
        reasons["kappa"] = "labels and verdicts are all the same: chance agreement is 1"
        return None
    return cohen_kappa(labels, found).value


def _always(scored: Sequence[_Pair]) -> str | None:
    found = {str(verdict.status) for _, verdict in scored}
    if len(found) != 1 or len(scored) < 2 or all(_agree(*pair) for pair in scored):
        return None
    return found.pop()


def _confusion(pairs: Sequence[_Pair]) -> dict[str, dict[str, int]]:
    counts = Counter((row.consistent, str(verdict.status)) for row, verdict in pairs)
    return {
        label: {status: n for (key, status), n in sorted(counts.items()) if key == label}
        for label in _STATUS
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
