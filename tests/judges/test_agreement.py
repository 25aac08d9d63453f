"""Agreement with labelled chains: the figures, the file format and its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from unswayed.cli.judge_check import judge_check
from unswayed.errors import DataError, StageError
from unswayed.judges import JudgeCase
from unswayed.judges.agreement.labelled import check, render
from unswayed.judges.agreement.labels import LabelledCase, load_labels
from unswayed.types import Consistency, Verdict

ROW: dict[str, Any] = {
    "id": "r1",
    "question": "What color is the car?",
    "options": {"A": "red", "B": "blue"},
    "think": "The car is blue.",
    "answer": "B",
    "concludes": "B",
    "consistent": "yes",
}


class Scripted:
    """A judge that returns what it was given."""

    name = "scripted"
    prompt_hash = ""

    def __init__(self, statuses: Sequence[Consistency]) -> None:
        self.statuses = statuses

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case, status in zip(cases, self.statuses, strict=False):
            yield Verdict(id=case.id, judge=self.name, status=status, concludes="A")


def labelled(*labels: str) -> list[LabelledCase]:
    return [
        LabelledCase(
            JudgeCase(f"r{i}", "q", {"A": "x", "B": "y"}, "t", "A", "A", None),
            "A",
            label,  # type: ignore[arg-type]
        )
        for i, label in enumerate(labels)
    ]


def written(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_figures_against_a_count_by_hand() -> None:
    rows = labelled("yes", "yes", "yes", "no", "no", "no", "unclear", "yes")
    judge = Scripted(
        [
            "consistent",
            "consistent",
            "inconsistent",
            "inconsistent",
            "inconsistent",
            "unclear",
            "consistent",
            "failed",
        ]
    )
    result = check(judge, rows)
    assert (result.n, result.n_scored) == (8, 7)
    assert result.agreement == pytest.approx(4 / 7)
    assert result.precision == pytest.approx(2 / 3)
    assert result.recall == pytest.approx(2 / 3)
    chance = (4 / 7) * (2 / 7) + (3 / 7) * (3 / 7)  # consistent, inconsistent; no label elsewhere
    assert result.kappa == pytest.approx((4 / 7 - chance) / (1 - chance))
    assert result.confusion == {
        "yes": {"consistent": 2, "failed": 1, "inconsistent": 1},
        "no": {"inconsistent": 2, "unclear": 1},
        "unclear": {"consistent": 1},
    }
    assert [row.id for row in result.disagreements] == ["r2", "r5", "r7"]


def test_kappa_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    said = ["consistent", "inconsistent", "unclear", "consistent", "consistent", "inconsistent"]
    labels = ["yes", "no", "no", "yes", "no", "yes"]
    rated = [{"yes": "consistent", "no": "inconsistent"}[label] for label in labels]
    kappa = check(Scripted(said), labelled(*labels)).kappa
    assert kappa == pytest.approx(metrics.cohen_kappa_score(rated, said), abs=1e-12)


def test_figures_that_are_not_defined_are_null_with_a_reason() -> None:
    result = check(Scripted(["consistent"]), labelled("yes"))
    assert (result.kappa, result.precision, result.recall) == (None, None, None)
    assert set(result.reasons) == {"kappa", "precision", "recall"}
    assert check(Scripted(["unclear"]), labelled("unclear")).agreement is None
    text = json.dumps(result.to_json(), allow_nan=False)
    wanted = {"n", "agreement", "kappa", "precision", "recall", "confusion", "disagreements"}
    assert wanted <= set(json.loads(text))


def test_render_shows_figures_and_rows() -> None:
    text = render(check(Scripted(["inconsistent"]), labelled("yes")))
    assert "agreement  0.000" in text
    assert "r0: labelled yes" in text
    assert "nan" not in text.lower()


def test_a_judge_that_loses_cases_is_an_error() -> None:
    with pytest.raises(StageError, match="one verdict per case"):
        check(Scripted([]), labelled("yes"))


def test_an_answer_without_labels_is_read_by_the_parser(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", ROW | {"answer": "A. blue"}, ROW | {"letter": "A"})
    first, second = load_labels(path)
    assert (first.case.letter, first.case.text_letter) == ("A", "B")
    assert (second.case.letter, second.case.text_letter) == ("A", None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "JSON object"),
        ("[]", "found list"),
        (ROW | {"think": None}, "'think'"),
        (ROW | {"options": {"A": "red"}}, "two or more"),
        (ROW | {"options": {"a": "red", "B": "blue"}}, "found 'a'"),
        (ROW | {"concludes": "C"}, "'concludes'"),
        (ROW | {"consistent": "maybe"}, "'consistent'"),
        (ROW | {"letter": "E"}, "'letter'"),
        (ROW | {"answer": "perhaps"}, "names an option"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: dict[str, Any] | str, message: str) -> None:
    path = written(tmp_path / "l.jsonl", ROW, row)
    with pytest.raises(DataError, match=message) as raised:
        load_labels(path)
    assert "l.jsonl:2" in str(raised.value)


def test_files_that_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        load_labels(tmp_path / "missing.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(DataError, match="found none"):
        load_labels(tmp_path / "empty.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe{}")
    with pytest.raises(DataError, match="UTF-8"):
        load_labels(tmp_path / "latin.jsonl")


def test_the_command_prints_json(tmp_path: Path) -> None:
    path = written(tmp_path / "l.jsonl", ROW, ROW | {"id": "r2", "answer": "A", "consistent": "no"})
    done = CliRunner().invoke(judge_check, [str(path), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    figures = json.loads(done.stdout)
    assert (figures["n"], figures["agreement"], figures["kappa"]) == (2, 1.0, 1.0)
    done = CliRunner().invoke(judge_check, [str(path)], catch_exceptions=False)
    assert "agreement  1.000" in done.stdout
