"""The report of a study: JSON, Markdown and page; its compact form; the remedy's rule."""

from __future__ import annotations

import json
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.study.trials import (
    ACCURACY,
    BY_REREAD,
    BY_RULES,
    CAPTION,
    SEEDS,
    START,
    THINK,
    as_claimed,
    trial,
)  # fmt: skip

from unswayed.cli import main
from unswayed.errors import RunError
from unswayed.study import reporting, summary
from unswayed.study.pack import NAME, pack, results_of, unpack
from unswayed.study.plan import StudyFolder, plan_of
from unswayed.study.remedy import STEADFAST, answer_of, frontier_of, remedies_of
from unswayed.study.results import FigureKey, StudyResults
from unswayed.training.folder import TrainingFolder

CURVE = FigureKey("scenes", "base", "accuracy")


def with_curves(**last: float) -> StudyResults:
    """Return a study whose checkpoints were asked too."""
    figures = {
        recipe: {**one, STEADFAST: 0.2, CURVE: last.get(recipe, 0.7)}
        for recipe, one in as_claimed().items()
    }
    return trial(figures, start={**START, STEADFAST: 0.1, CURVE: 0.6})


def stored(folder: Path, results: StudyResults) -> StudyFolder:
    """Write a study's folder as its jobs would have left it."""
    study = StudyFolder(folder)
    study.begin(plan_of("quick"), list(results.tables), list(SEEDS))
    for recipe, by_seed in results.tables.items():
        for seed, table in by_seed.items():
            path = TrainingFolder(study.training(recipe) / f"seed-{seed}").path
            path.mkdir(parents=True)
            (path / summary.FILE).write_bytes(summary.to_bytes(table))
    return study


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["unswayed", "study", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


class Page(HTMLParser):
    """Counts the elements of a page, and refuses scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        self.tags.append(tag)


def without_jobs(report: reporting.StudyReport) -> dict[str, Any]:
    found = reporting.document(report)
    del found["jobs"], found["missing"]
    return found


def test_a_summary_is_read_back_as_it_was() -> None:
    table = trial().tables["accuracy"][1]
    data = summary.to_bytes(table)
    assert data == summary.to_bytes(table)
    back = summary.read(data, "x")
    assert back == table
    for torn in (data[:-20], b"", b"hello", data.replace(b"\x00", b"\x01", 1)[:9]):
        with pytest.raises(RunError, match="cannot read x"):
            summary.read(torn, "x")


@pytest.mark.slow
def test_a_report_from_the_folder_and_from_its_compact_form_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    study = stored(tmp_path / "study", with_curves())
    assert called(monkeypatch, "pack", str(study.path), str(tmp_path)) == 0
    packed = tmp_path / NAME
    assert capsys.readouterr().out.strip() == str(packed)
    assert packed.stat().st_size < 200_000
    from_folder, from_pack = reporting.report_of(study.path), reporting.report_of(packed)
    assert without_jobs(from_folder) == without_jobs(from_pack)
    pages = []
    for place in (study.path, packed):
        assert called(monkeypatch, "report", str(place), "--out", str(tmp_path / "r.html")) == 0
        pages.append((tmp_path / "r.html").read_text("utf-8"))
    assert pages[0] == pages[1]
    page = Page()
    page.feed(pages[0])
    assert page.tags.count("svg") >= 4
    assert pages[0].count("nothing can be learnt") >= 8  # on every table and figure
    out = capsys.readouterr().out
    assert "| c | RL raises base accuracy | reproduced |" in out
    assert called(monkeypatch, "report", str(packed), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["claim"] for one in document["verdicts"]] == list("abcdefghijkl")
    assert document["note"].startswith("quick")
    curve = next(one for one in document["curves"] if one["recipe"] == "accuracy")
    assert curve["by_seed"]["1"]["0"] == 0.6


def test_verdicts_in_markdown_say_what_is_missing(tmp_path: Path) -> None:
    study = stored(tmp_path, trial(seeds=(1,)))
    text = reporting.markdown(reporting.report_of(study.path))
    assert "| c | RL raises base accuracy | not run | – | Δ accuracy, base: +" in text
    assert "(one seed: no result)" in text
    assert "missing: evaluate accuracy seed 2" in text
    assert "Not done yet:" in text
    assert text.startswith("**quick")


def test_no_study_comes_with_the_package_yet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("unswayed.study.pack.embedded", lambda: None)
    assert called(monkeypatch, "report") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_no_study_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "x.zip"
    wrong.write_bytes(b"hello")
    empty = tmp_path / "empty.zip"
    zipfile.ZipFile(empty, "w").close()
    for place in (tmp_path / "none", wrong, empty):
        assert called(monkeypatch, "report", str(place)) == 2
        assert capsys.readouterr().err.count("\n") == 1
    StudyFolder(tmp_path / "new").begin(plan_of("quick"))
    assert called(monkeypatch, "pack", str(tmp_path / "new"), str(tmp_path)) == 2
    assert "nothing to pack" in capsys.readouterr().err
    assert called(monkeypatch, "list", str(tmp_path / "new"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["standing"]["open"] == 9


def test_a_packed_study_knows_its_jobs(tmp_path: Path) -> None:
    study = stored(tmp_path / "study", trial())
    results, jobs = unpack(pack(study, tmp_path / "mine.zip"))
    assert results.plan == study.plan()
    assert jobs["standing"]["open"] == len(jobs["jobs"])
    assert results.seeds("faithful") == list(SEEDS)
    assert results_of(study).seeds("faithful") == list(SEEDS)


def test_the_remedy_by_its_rule() -> None:
    def answer(**changes: float) -> str:
        last = as_claimed()
        last["faithful"] = {
            **last["accuracy"],
            ACCURACY: last["accuracy"][ACCURACY] + changes.get("accuracy", 0.0),
            THINK: last["accuracy"][THINK] + changes.get("think", 0.15),
            CAPTION: last["accuracy"][CAPTION] + changes.get("caption", 0.15),
            BY_RULES: START[BY_RULES] + changes.get("rules", 0.01),
            BY_REREAD: START[BY_REREAD] + changes.get("reread", 0.01),
        }
        found = {one.recipe: one for one in remedies_of(trial(last))}
        assert found["augmented"].answer == "no"
        return found["faithful"].answer

    assert answer() == "found"  # accuracy within a point by its mean, not by its interval
    assert answer(accuracy=0.05, rules=0.05, reread=0.05) == "sure"
    assert answer(accuracy=-0.02) == "no"
    assert answer(think=0.09) == "no"
    assert answer(caption=0.09) == "no"
    assert answer(reread=-0.01) == "no"
    assert answer(rules=-0.01) == "no"


def test_a_remedy_needs_three_seeds() -> None:
    remedies = remedies_of(trial(seeds=(1, 2)))
    assert {one.answer for one in remedies} == {"not run"}
    assert answer_of(remedies).startswith("Not run: faithful")


def test_the_frontier_has_a_point_a_seed_and_the_start() -> None:
    points = frontier_of(with_curves())
    assert points[0].recipe == "start"
    assert points[0].steadfastness == 0.1
    assert len(points) == 1 + 5 * len(SEEDS)
    assert dict(points[1].consistency).keys() == {"rules", "reread"}
