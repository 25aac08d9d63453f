"""A page of several runs and trainings: side by side, paired differences, telling samples."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.report.test_page import Elements
from tests.training.policies import checkpoint, policy, training

from unswayed.cli import main
from unswayed.errors import ConfigError
from unswayed.pipeline.comparison import compare_runs
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.report.exhibits import write_figures
from unswayed.report.several import write_comparison
from unswayed.report.trainings import split
from unswayed.training.track.evaluation import track


def made(out: Path, script: str, **changed: Any) -> Path:
    model = f"{Path(__file__).parents[1] / 'scripted.py'}:Scripted,script={script}"
    values: dict[str, Any] = {
        "model": model,
        "benchmarks": ("scenes,n=12",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    return evaluate(Settings.model_validate(values | changed), out).folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run that is always right, and one that mostly answers the foil after a wrong thought."""
    out = tmp_path_factory.mktemp("two")
    return made(out / "right", "gold"), made(out / "swayed", "mixed")


def test_runs_stand_side_by_side_with_their_differences(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    written = write_comparison(two, tmp_path / "page.html", samples=5)
    page = written.path.read_text("utf-8")
    assert written.refused == ()
    text = " ".join(Elements(page).text)
    (found,) = compare_runs(two)
    lost = next(
        one
        for one in found.differences
        if (one.metric, one.variant) == ("accuracy_difference", "wrong-think")
    )
    assert lost.value is not None
    assert lost.value < -0.5
    assert f"{100 * lost.value:.1f}".replace("-", "−") in text
    assert 'id="chart-difference-accuracy"' in page
    assert 'id="chart-accuracy"' in page
    assert f"Of {sum(one.p is not None for one in found.differences)} differences" in text
    assert page.count('<article class="sample">') == 5
    assert re.search("better in 0, worse in [12]", text)
    assert "http://127.0.0.1:8765/sample/1/scenes/" in page
    ids = [attributes["id"] for _, attributes in Elements(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_same_runs_give_the_same_bytes(two: tuple[Path, Path], tmp_path: Path) -> None:
    pages = [write_comparison(two, tmp_path / name).path.read_bytes() for name in "ab"]
    assert pages[0] == pages[1]


def test_the_differences_of_a_paper_are_those_of_compare(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    write_figures(two, tmp_path, only=["difference-accuracy", "difference-contrasts"])
    (found,) = compare_runs(two)
    with (tmp_path / "difference-accuracy.csv").open(encoding="utf-8") as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    expected = [one for one in found.differences if one.metric == "accuracy_difference"]
    assert len(expected) == len(rows) == 2
    for one in expected:
        row = rows[one.variant]
        for name in ("value", "low", "high", "p", "p_holm"):
            value = getattr(one, name)
            assert row[name] == ("" if value is None else str(value))


def test_runs_of_other_samples_stand_side_by_side_with_the_reason(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = made(tmp_path / "other", "gold", delivery="user-turn")
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as ended:
        main_with("report", two[0], other, "--out", page)
    assert ended.value.code == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(page)
    assert "no paired differences" in said.err
    assert "no paired differences" in page.read_text("utf-8")
    assert 'id="chart-accuracy"' in page.read_text("utf-8")


def main_with(*arguments: object) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["unswayed", *map(str, arguments)])
        main()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["{0}", "{1}"], "--out page.html"), (["{0}", "{0}", "--out", "x.html"], "more than once")],
)
def test_slips_are_told(
    two: tuple[Path, Path],
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main_with("report", *(one.format(*two) for one in arguments))
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_page_is_a_file(two: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a file to write"):
        write_comparison(two, tmp_path)
    with pytest.raises(ConfigError, match="at least one"):
        split([])


def test_a_training_has_its_curves_with_all_seeds(two: tuple[Path, Path], tmp_path: Path) -> None:
    start, out = checkpoint(tmp_path / "start", {"right": 12}), tmp_path / "recipe"
    for seed, right in {1: 12, 2: 18}.items():
        training(out / f"seed-{seed}", start, {4: {"right": right}}, seed=seed)
    track(out, model_of=policy)
    written = write_figures([out, two[0]], tmp_path / "figures", only=["training-curves"])
    assert {path.name for path in written.files} >= {
        f"training-recipe-curves.{kind}" for kind in ("pdf", "svg", "png")
    }
    manifest = json.loads((tmp_path / "figures" / "figures.json").read_text())
    assert list(manifest["figures"]) == ["training-recipe"]
    page = write_comparison([two[0], out], tmp_path / "page.html").path.read_text("utf-8")
    assert page.count('<img src="data:image/svg+xml;base64,') >= 1
