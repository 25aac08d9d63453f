"""`show`, `compare` and `list runs` fit 80 columns; `list runs` says what each run is."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unswayed.cli import main
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.report.folding import width_of
from unswayed.results import measured
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
Call = Callable[..., tuple[str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: object) -> tuple[str, str]:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(sys, "argv", ["unswayed", *map(str, arguments)])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr()
        return said.out, said.err

    return called


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of the same questions below `runs`, and what is no run."""
    folder = tmp_path_factory.mktemp("work") / "runs"
    for name, script in (("mixed", "mixed"), ("deeper/gold", "gold")):
        values: dict[str, Any] = {
            "model": f"{SCRIPTED}:Scripted,script={script}",
            "benchmarks": ("scenes,n=10",),
            "variants": ("base", "wrong-think", "wrong-caption-disclaimer", "correct-think"),
            "statistics": {"resamples": 100},
        }
        evaluate(Settings.model_validate(values), folder / name)
    (folder / "empty").mkdir()
    return folder


def wide(text: str) -> list[str]:
    return [line for line in text.splitlines() if width_of(line) > 80]


def test_a_comparison_fits(runs: Path, call: Call) -> None:
    out, _ = call("compare", runs / "mixed", runs / "deeper" / "gold")
    assert wide("\n".join(out.splitlines()[1:])) == []  # the first line has the paths
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "metric difference interval n p shows" in lines
    at = lines.index("scenes, wrong-think")
    assert lines[at + 1].startswith("accuracy +")
    assert "none: " not in out


def test_a_comparison_that_fits_stays_a_table(
    runs: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unswayed.pipeline.comparison import compare_runs
    from unswayed.report.differences import comparisons_text

    found = compare_runs([runs / "mixed", runs / "deeper" / "gold"], resamples=100)
    assert comparisons_text(found, 400) == comparisons_text(found)


def test_show_fits_and_names_pictures_that_can_be_opened(runs: Path, call: Call) -> None:
    out, _ = call("show", runs / "mixed")
    assert wide(out) == []
    sample = out.splitlines()[-1].split()[-1]
    out, _ = call("show", runs / "mixed", "--sample", sample)
    pictures = [line for line in out.splitlines() if line.startswith("picture: ")]
    assert all(Path(line.removeprefix("picture: ")).is_file() for line in pictures)
    assert len(pictures) == 1
    assert [line for line in wide(out) if line not in pictures] == []


def test_runs_are_listed_with_model_benchmark_n_and_headline(runs: Path, call: Call) -> None:
    out, err = call("list", "runs", runs)
    lines = out.splitlines()
    assert lines[0] == str(runs / "deeper" / "gold")
    assert [" ".join(line.split()) for line in lines[1:2]] == ["scripted · scenes,n=10 · n 10"]
    assert wide("\n".join(line for line in lines if line.startswith(" "))) == []
    record, other = json.loads(call("list", "runs", runs, "--json")[0])
    assert err == ""
    assert (record["model"], record["n"], record["state"]) == ("scripted", 10, "finished")
    assert other["benchmarks"] == ["scenes,n=10"]
    figures = measured.load(RunFolder(runs / "mixed"))
    base = figures.find("scenes", "base", "accuracy")
    assert base is not None
    assert other["figures"][0]["metric"] == "accuracy"
    assert other["figures"][0]["value"] == base.value
    assert f"accuracy {100 * (base.value or 0):.1f}" in " ".join(out.split())


def test_runs_that_are_not_finished_or_broken_are_told(
    runs: Path, tmp_path: Path, call: Call
) -> None:
    for name in ("begun", "broken", "unmeasured"):
        shutil.copytree(runs / "mixed", tmp_path / name)
    RunFolder(tmp_path / "begun").mark_complete("verdicts", complete=False)
    (tmp_path / "broken" / "run.json").write_text("{")
    (tmp_path / "unmeasured" / "metrics.json").unlink()
    records = json.loads(call("list", "runs", tmp_path, "--json")[0])
    states = {Path(one["folder"]).name: one["state"] for one in records}
    assert states["begun"] == "unfinished"
    assert states["unmeasured"] == "not measured"
    assert states["broken"].startswith("cannot be read: ")
    assert "not measured" in call("list", "runs", tmp_path)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs", "nowhere"], "expected a folder with runs in it, found none at nowhere"),
        (["models", "nowhere"], "expected a folder behind `list runs` alone"),
        (["runs", "{empty}"], "no evaluation in"),
    ],
)
def test_a_slip_is_one_line(runs: Path, call: Call, arguments: list[str], message: str) -> None:
    out, err = call("list", *(one.format(empty=runs / "empty") for one in arguments))
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
