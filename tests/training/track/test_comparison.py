"""Recipes are compared at the same step, seed by seed, and seeds that are too few are called so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.training.policies import checkpoint, policy, training

from unswayed.cli import main
from unswayed.errors import ConfigError, RunError
from unswayed.training.track.comparison import Comparison, compare_trainings, is_training
from unswayed.training.track.evaluation import track
from unswayed.training.track.folders import evaluations

A, B = {1: 12, 2: 15, 3: 12}, {1: 18, 2: 18, 3: 21}
"""Seed → right answers of 24 at step 4."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("weights") / "start", {"right": 12})


def recipe(out: Path, start: Path, right: dict[int, int], **more: object) -> Path:
    """Train and evaluate without training."""
    for seed, count in right.items():
        training(out / f"seed-{seed}", start, {4: {"right": count}}, seed=seed, **more)
    track(out, model_of=policy)
    return out


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, start: Path) -> tuple[Path, Path]:
    out = tmp_path_factory.mktemp("recipes")
    return recipe(out / "a", start, A), recipe(out / "b", start, B)


def only(found: Comparison, metric: str, variant: str = "base"):
    return next(row for row in found.rows if (row.metric, row.variant) == (metric, variant))


def test_seeds_are_compared_one_by_one(both: tuple[Path, Path]) -> None:
    found = compare_trainings(*both)
    assert found.step == 4
    assert found.seeds == ((1, 2, 3), (1, 2, 3))
    row = only(found, "accuracy")
    # differences of 6, 3 and 9 of 24 questions: mean 6, deviation 3, 4.303 · 3 / √3 = 7.45
    assert (row.a, row.b) == pytest.approx((13 / 24, 19 / 24))
    assert row.spread.value == pytest.approx(6 / 24)
    assert (row.spread.low, row.spread.high) == pytest.approx(
        ((6 - 7.4524) / 24, (6 + 7.4524) / 24), abs=1e-4
    )
    assert row.spread.df == 2
    assert row.spread.paired
    assert not row.clear
    assert not any("too few" in note for note in found.notes)
    assert any("compared seed by seed" in note for note in found.notes)
    assert {row.metric for row in found.rows} >= {"p_correct", "entropy", "thought_words"}


def test_a_step_can_be_asked_for(both: tuple[Path, Path]) -> None:
    found = compare_trainings(*both, step=0)
    assert only(found, "accuracy").spread.value == 0
    assert any("later than step 0, up to 4" in note for note in found.notes)
    with pytest.raises(ConfigError, match=r"\(0, 4\), found 3"):
        compare_trainings(*both, step=3)


def test_two_seeds_are_too_few_and_one_has_no_interval(
    tmp_path: Path, start: Path, both: tuple[Path, Path]
) -> None:
    two = recipe(tmp_path / "two", start, {1: 20, 2: 22})
    found = compare_trainings(both[0], two)
    row = only(found, "accuracy")
    assert row.spread.low is not None
    assert not row.spread.paired
    assert not row.clear
    assert any("2 are too few to tell" in note for note in found.notes)
    found = compare_trainings(both[0] / "seed-1", both[1] / "seed-1")
    row = only(found, "accuracy")
    assert row.spread.value == pytest.approx(6 / 24)
    assert row.spread.low is row.spread.high is None
    assert found.notes[0].startswith("one seed: it says nothing of the recipes")


def test_what_cannot_be_compared_is_told(
    tmp_path: Path, start: Path, both: tuple[Path, Path]
) -> None:
    other = recipe(tmp_path / "other", start, {1: 20}, limit=20)
    with pytest.raises(RunError, match=r"other settings \(limit is None, and 20\)"):
        compare_trainings(both[0], other)
    training(tmp_path / "bare" / "seed-1", start, {4: {"right": 1}})
    with pytest.raises(ConfigError, match="unswayed track"):
        compare_trainings(both[0], tmp_path / "bare")


def test_a_start_of_other_weights_is_told(tmp_path: Path, both: tuple[Path, Path]) -> None:
    weights = checkpoint(tmp_path / "weights", {"right": 3})
    other = recipe(tmp_path / "other", weights, {1: 20})
    found = compare_trainings(both[0], other)
    assert any("started from different weights" in note for note in found.notes)


def test_a_training_is_told_from_an_evaluation(both: tuple[Path, Path], tmp_path: Path) -> None:
    from unswayed.training.seeds import folders

    seed = folders(both[0])[0]
    assert is_training(both[0])
    assert is_training(seed.path)
    assert not is_training(evaluations(seed)[4])
    assert not is_training(tmp_path)


def test_the_command_compares_both_kinds(
    both: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def called(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["unswayed", "compare", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    a, b = map(str, both)
    assert called(a, b) == 0
    shown = capsys.readouterr().out
    assert f"{b} − {a}, after 4 steps" in shown
    line = next(x for x in shown.splitlines() if "accuracy (%)" in x and " base " in x)
    assert line.split()[-5:] == ["54.2", "79.2", "+25.0", "[-6.1,", "+56.1]"]
    assert "would leave 0 out by chance alone" in shown
    assert called(a, b, "--json") == 0
    rows = json.loads(capsys.readouterr().out)[b]["rows"]
    assert {row["over"] for row in rows} == {"seeds"}
    runs = [str(both[n] / "seed-1" / "evaluations" / "step-4") for n in (0, 1)]
    assert called(*runs) == 0
    assert "+25.0 pts" in capsys.readouterr().out
    assert called(a, runs[0]) == 2
    assert called(*runs, "--step", "4") == 2
    assert called(a) == 2
