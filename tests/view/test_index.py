"""The index: shares of its lists are the figures, it is built once, no run folder is touched."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import unswayed as us
from unswayed.cli import cli
from unswayed.errors import RunError, StageError
from unswayed.metrics.codes import QUADRANTS
from unswayed.run.folder import RunFolder
from unswayed.view import index
from unswayed.view.cache import current_index
from unswayed.view.filters import Filter
from unswayed.view.lines import OutputLine
from unswayed.view.runs import ViewedRun, open_runs

LOST = ("failed", "refused")
SCRIPTED = Path(__file__).parents[1] / "scripted.py"


def shares(viewed: ViewedRun, variant: str) -> dict[str, float]:
    """Recompute metrics of a variant from its lists alone."""

    def count(**further: str) -> int:
        return viewed.count(Filter.model_validate({"variant": variant, **further}))

    def mean(values: Sequence[float | None]) -> float:
        return float(np.mean([value for value in values if value is not None]))

    lines = viewed.listed(Filter(variant=variant), count=10_000)
    outputs = len(lines) - sum(count(outcome=lost) for lost in LOST)
    pairs = sum(count(flip=flip) for flip in ("right_wrong", "wrong_right", "none"))
    decided = count(verdict="consistent") + count(verdict="inconsistent")
    found = {
        "accuracy": count(outcome="right") / outputs,
        "consistency_rate": count(verdict="consistent") / decided,
        "entropy": mean([line.entropy for line in lines]),
        "p_correct": mean([line.p_correct for line in lines]),
        **{f"quadrant_{name}": count(quadrant=name) / decided for name in QUADRANTS},
    }
    if pairs:
        found["flips_right_wrong"] = count(flip="right_wrong") / pairs
        found["flips_wrong_right"] = count(flip="wrong_right") / pairs
        found["drop"] = found["flips_wrong_right"] - found["flips_right_wrong"]
        found["sway"] = mean([line.sway for line in lines])
        assert count(swayed="yes") == sum(line.sway == 1 for line in lines)
    return found


@pytest.mark.parametrize("variant", ["base", "wrong-think", "wrong-caption"])
def test_the_shares_of_lists_are_the_figures_of_metrics_json(
    viewed: ViewedRun, mixed: RunFolder, variant: str
) -> None:
    run = us.load_run(mixed.folder)
    found = shares(viewed, variant)
    assert len(found) == (8 if variant == "base" else 12)
    for name, value in found.items():
        assert value == pytest.approx(run.metric(name, variant).value, abs=1e-12), name


def test_what_is_listed_is_what_the_records_say(viewed: ViewedRun) -> None:
    lines = viewed.listed(Filter(), count=10_000)
    assert len(lines) == viewed.total == len(list(viewed.run.generations))
    outcomes = {line.outcome for line in lines}
    assert {"right", "wrong", "foil", "unparsed", "failed"} <= outcomes
    for line, (variant, generation, verdict) in zip(lines, viewed.run.joined(), strict=True):
        output = viewed.output(line)
        assert (output.variant, output.generation, output.verdict) == (variant, generation, verdict)
        assert line.outcome == output.outcome
        assert line.verdict == (
            verdict.status if verdict and generation.status != "error" else None
        )


# --- built once -----------------------------------------------------------------------------------


@pytest.fixture
def copy(mixed: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(mixed.folder, tmp_path / "run")
    return RunFolder.open(tmp_path / "run")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list of what is built from now on."""
    found: list[Path] = []
    build = index.build
    monkeypatch.setattr(index, "build", lambda *args: (found.append(args[1]), build(*args))[1])
    return found


def test_an_index_is_built_once_and_again_when_the_data_changed(
    copy: RunFolder, tmp_path: Path, builds: list[Path]
) -> None:
    cache = tmp_path / "cache"
    first = current_index(copy, cache)
    os.utime(copy.folder / "generations.jsonl")
    assert current_index(copy, cache) == first
    assert len(builds) == 1
    judge = ["judge", str(copy.folder), "--judge", f"{SCRIPTED}:SlowRules"]
    assert CliRunner().invoke(cli, judge).exit_code == 0
    assert current_index(copy, cache) == first
    assert len(builds) == 2
    assert [path.name for path in cache.iterdir()] == [first.name]


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_index_is_built_again(
    copy: RunFolder, tmp_path: Path, builds: list[Path], damage: bytes | None
) -> None:
    path = current_index(copy, tmp_path / "cache")
    path.write_bytes(path.read_bytes()[:5000] if damage is None else damage)
    assert open_runs([copy.folder], tmp_path / "cache")[0].total
    assert len(builds) == 2


def test_nothing_is_written_into_a_run_folder(copy: RunFolder, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*")}
    viewed = open_runs([copy.folder], tmp_path / "cache")[0]
    viewed.output(viewed.line(3))
    assert {path: path.stat().st_mtime_ns for path in copy.folder.rglob("*")} == before


def test_a_build_that_fails_leaves_nothing(
    copy: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(index, "_fill", full)
    with pytest.raises(
        StageError, match=r"cannot write the index .* is full; make room, or use an"
    ):
        current_index(copy, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_is_a_file_is_refused(copy: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(StageError, match=r"cannot write in .*cache.*; use another --cache"):
        current_index(copy, tmp_path / "cache")


def test_two_runs_of_one_name_have_two_addresses(
    mixed: RunFolder, copy: RunFolder, tmp_path: Path
) -> None:
    other = tmp_path / "b" / "run"
    shutil.copytree(copy.folder, other)
    names = [run.name for run in open_runs([copy.folder, other, mixed.folder], tmp_path / "cache")]
    assert names == ["run", "run-2", "mixed"]


# --- runs that lack something ---------------------------------------------------------------------


def lines_of(run: RunFolder, cache: Path) -> list[OutputLine]:
    return open_runs([run.folder], cache)[0].listed(Filter(), count=10_000)


def test_a_run_that_is_not_finished_shows_what_there_is(copy: RunFolder, tmp_path: Path) -> None:
    (copy.folder / "progress.json").unlink()
    for name in ("metrics.json", "rows.npz"):
        (copy.folder / name).unlink()
    generations = (copy.folder / "generations.jsonl").read_bytes().splitlines(keepends=True)
    verdicts = (copy.folder / "verdicts.jsonl").read_bytes().splitlines(keepends=True)
    (copy.folder / "generations.jsonl").write_bytes(
        b"".join(generations[:60]) + generations[60][:40]
    )
    (copy.folder / "verdicts.jsonl").write_bytes(b"".join(verdicts[:20]))
    lines = lines_of(copy, tmp_path / "cache")
    assert len(lines) == 60
    assert all(line.verdict is None for line in lines[20:])
    assert any(line.verdict for line in lines[:20])
    viewed = open_runs([copy.folder], tmp_path / "cache")[0]
    assert not viewed.finished
    assert viewed.output(lines[30]).verdict is None


def test_a_run_without_generations_is_refused(copy: RunFolder, tmp_path: Path) -> None:
    for path in copy.folder.glob("*.jsonl"):
        path.unlink()
    (copy.folder / "progress.json").unlink()
    with pytest.raises(RunError, match="holds no generations yet; run: unswayed generate"):
        open_runs([copy.folder], tmp_path / "cache")


def test_a_run_that_was_edited_is_refused(copy: RunFolder, tmp_path: Path) -> None:
    path = copy.folder / "generations.jsonl"
    path.write_text(path.read_text().replace("answer is", "answer was"))
    with pytest.raises(RunError, match="is not what its stage wrote"):
        open_runs([copy.folder], tmp_path / "cache")


def test_a_run_that_changes_while_it_is_looked_at_says_so(copy: RunFolder, tmp_path: Path) -> None:
    viewed = open_runs([copy.folder], tmp_path / "cache")[0]
    line = viewed.line(10)
    assert not viewed.changed
    path = copy.folder / "generations.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(lines)))
    assert viewed.changed
    with pytest.raises(RunError):
        viewed.output(line)


def test_numbers_that_are_not_known_are_none(viewed: ViewedRun) -> None:
    lines = viewed.listed(Filter(), count=10_000)
    without = [line for line in lines if line.outcome == "failed"]
    assert without
    assert all(line.p_correct is None and line.entropy is None for line in without)
    assert not any(math.isnan(line.entropy) for line in lines if line.entropy is not None)
    base = [line for line in lines if line.key.variant == "base"]
    assert all(line.swayed is None and line.flip is None and line.sway is None for line in base)
