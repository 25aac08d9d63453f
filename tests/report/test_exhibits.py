"""Figures for papers: the numbers of `metrics.json`, the same bytes twice, reasons for the rest."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import ConfigError, RunError, UnknownName
from unswayed.report.charts import CHARTS
from unswayed.report.charts.differences import DIFFERENCES
from unswayed.report.exhibits import MANIFEST, SUMMARIES, slug, write_figures
from unswayed.report.trainings import TRAINING_FIGURES
from unswayed.run.files import write_json
from unswayed.run.folder import RunFolder
from unswayed.types import Estimate

Make = Callable[..., RunFolder]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_text(value: object) -> str:
    return "" if value is None else str(value)


def test_the_data_are_the_estimates_of_the_run(run: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "out"
    only = ["accuracy", "sway", "auroc", "letter-entropy", "quadrants"]
    write_figures([run.folder], out, only=only)
    estimates: list[dict[str, Any]] = json.loads((run.folder / "metrics.json").read_text())[
        "estimates"
    ]
    written = 0
    for name, metrics in {
        "accuracy": {"accuracy", "unparsed_rate", "conflict_rate"},
        "sway": {"sway", "foil_rate"},
        "auroc": {"auroc_p_correct", "auroc_neg_entropy", "auroc_gain"},
        "letter-entropy": {"entropy", "entropy_normalised", "p_correct"},
        "quadrants": {f"quadrant_{x}consistent_{y}correct" for x in ("", "in") for y in ("", "in")},
    }.items():
        expected = [
            {"run": "pretend-7b"} | {key: as_text(value) for key, value in one.items()}
            for one in estimates
            if one["metric"] in metrics
        ]
        rows = rows_of(out / f"{name}.csv")
        assert sorted(rows, key=repr) == sorted(expected, key=repr)
        written += len(rows)
    assert written > 50


def test_a_figure_shows_the_numbers_of_its_data(small_run: RunFolder) -> None:
    from unswayed.report.named import named_runs
    from unswayed.report.plots import Dots

    chart = CHARTS["accuracy"](named_runs([small_run]))
    (plot,) = chart.panels.values()
    assert isinstance(plot, Dots)
    shown = {row: one for series in plot.series for row, one in series.estimates.items()}
    there = [Estimate.model_validate(one.values) for one in chart.data]
    assert shown == {one.variant: one for one in there if one.metric == "accuracy"}
    assert len(shown) == 5


def test_the_same_run_gives_the_same_files(small_run: RunFolder, tmp_path: Path) -> None:
    for name in ("one", "two"):
        written = write_figures([small_run.folder], tmp_path / name, only=["accuracy", "quadrants"])
        assert {path.suffix for path in written.files} == {
            ".pdf", ".svg", ".png", ".tex", ".md", ".csv", ".json",
        }  # fmt: skip
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert first == second
    assert b"CreationDate" not in first["accuracy.pdf"]
    assert not re.search(rb"<dc:date>", first["accuracy.svg"])


def test_letters_are_of_seven_points_or_more_and_the_width_is_kept(
    small_run: RunFolder, tmp_path: Path
) -> None:
    write_figures([small_run.folder], tmp_path, only=["quadrants"], width=3.0)
    svg = (tmp_path / "quadrants.svg").read_text("utf-8")
    assert re.search(r'width="216pt"', svg)
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", svg)]
    assert sizes
    assert min(sizes) >= 7
    assert max(sizes) == 8


def test_a_panel_for_each_benchmark_has_a_file_of_its_own(run: RunFolder, tmp_path: Path) -> None:
    write_figures([run.folder], tmp_path, only=["sway"])
    assert sorted(path.name for path in tmp_path.glob("*.pdf")) == [
        "sway-all.pdf",
        "sway-dots.pdf",
        "sway-more-dots.pdf",
    ]
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert list(manifest["figures"]) == ["sway"]
    listed = {*manifest["figures"]["sway"]["files"], MANIFEST}
    assert listed == {path.name for path in tmp_path.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", ["../../x", "a/b", "\\input{x}", "=1", "..", "図", "x" * 300])
def test_a_benchmark_may_be_called_anything(make_run: Make, tmp_path: Path, name: str) -> None:
    run = make_run(benchmarks=("dots", "more-dots"), count=2)
    path = run.folder / "metrics.json"
    metrics = json.loads(path.read_text())
    for row in metrics["estimates"]:
        row["benchmark"] = name if row["benchmark"] == "dots" else row["benchmark"]
    write_json(path, metrics)
    out = tmp_path / "out"
    written = write_figures([run.folder], out, only=["change"])
    assert all(path.parent == out for path in written.files)
    assert len([path for path in written.files if path.suffix == ".pdf"]) == 3
    assert "\\input" not in (out / "change.tex").read_text("utf-8")


def test_a_slug_is_part_of_a_name() -> None:
    assert slug("a b/../c") == "a-b-..-c"
    assert slug("..") == slug("図") == "unnamed"
    assert len(slug("x" * 300)) == 60


@pytest.mark.parametrize(("wrong", "answers"), [(1, 60), (55, 60)])
def test_a_risk_curve_of_a_few_answers_is_left_out(
    small_run: RunFolder, tmp_path: Path, wrong: int, answers: int
) -> None:
    path = small_run.folder / "metrics.json"
    metrics = json.loads(path.read_text())
    for curve in metrics["risk_coverage"]:
        curve |= {"risk": [0.0, wrong / answers], "coverage": [0.5, 1.0], "n": answers}
    write_json(path, metrics)
    written = write_figures([small_run.folder], tmp_path, only=["risk-coverage"])
    assert len(written.left_out) == 1
    few = min(wrong, answers - wrong)
    assert f"risk-coverage: dots: {few} of 60 answers" in written.left_out[0]
    assert not list(tmp_path.glob("*.pdf"))
    assert len(rows_of(tmp_path / "risk-coverage.csv")) == 4


def test_a_reliability_diagram_is_drawn_from_two_bins_on(
    small_run: RunFolder, tmp_path: Path
) -> None:
    path = small_run.folder / "metrics.json"
    metrics = json.loads(path.read_text())
    bins = [
        {"above": 0.5, "to": 0.6, "confidence": 0.56, "accuracy": 0.4, "n": 20},
        {"above": 0.9, "to": 1.0, "confidence": 0.95, "accuracy": 0.9, "n": 30},
    ]
    bins[1] |= {"low": 0.8, "high": 1.0}
    metrics["reliability"] = [
        {"benchmark": "dots", "variant": "base", "bins": bins},
        {"benchmark": "dots", "variant": "wrong-think", "bins": bins[:1]},
    ]
    write_json(path, metrics)
    written = write_figures([small_run.folder], tmp_path, only=["reliability"])
    assert (tmp_path / "reliability.svg").read_text().count("base</text>") == 1
    assert any("wrong-think: 20 of 20 outputs" in line for line in written.left_out)
    rows = rows_of(tmp_path / "reliability.csv")
    assert [row["accuracy"] for row in rows] == ["0.4", "0.9", "0.4"]


def test_every_name_is_listed() -> None:
    assert list(SUMMARIES) == [*CHARTS, *DIFFERENCES, *TRAINING_FIGURES]


def test_what_cannot_be_drawn_is_refused_with_its_reason(
    small_run: RunFolder, tmp_path: Path
) -> None:
    folder = small_run.folder
    with pytest.raises(UnknownName, match="accuracy"):
        write_figures([folder], tmp_path, only=["acuracy"])
    with pytest.raises(ConfigError, match="inches"):
        write_figures([folder], tmp_path, width=0.1)
    with pytest.raises(ConfigError, match="more than once"):
        write_figures([folder, folder], tmp_path)
    with pytest.raises(ConfigError, match="judge-agreement"):
        write_figures([folder], tmp_path, only=["judge-agreement"])
    with pytest.raises(RunError):
        write_figures([tmp_path / "nowhere"], tmp_path)
    (folder / "metrics.json").unlink()
    with pytest.raises(RunError, match="unswayed measure"):
        write_figures([folder], tmp_path)
