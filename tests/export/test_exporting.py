"""One export: what it refuses, what it leaves alone, and what the command says."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from unswayed.cli import export as command
from unswayed.cli import main
from unswayed.errors import ConfigError, RunError, StageError
from unswayed.export.exporting import FORMAT_NAMES, FORMATS, export
from unswayed.run.folder import RunFolder

pytest.importorskip("pyarrow")


def called(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["unswayed", "export", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_command_says_where_it_is_and_an_export_is_replaced(
    run: RunFolder, name: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = run.folder / "exports" / FORMATS[name].place
    for _ in range(2):
        assert called(monkeypatch, run.folder, "--to", name) == 0
        assert capsys.readouterr().out == f"{expected}\n"
    assert list(expected.parent.iterdir()) == [expected]
    RunFolder.open(run.folder)


@pytest.mark.parametrize("name", FORMAT_NAMES)
@pytest.mark.parametrize("there", ["text", "empty", "folder"])
def test_what_no_export_wrote_stays(run: RunFolder, tmp_path: Path, name: Any, there: str) -> None:
    place = tmp_path / "place"
    if there == "folder":
        place.mkdir()
        (place / "mine.txt").write_text("mine")
    else:
        place.write_text("mine" if there == "text" else "")
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=r"stays as it is|found a folder"):
        export(run, name, place)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_files_of_a_run_are_no_exports(run: RunFolder, name: Any) -> None:
    before = contents(run.folder)
    for file in [run.folder, *run.folder.glob("*.json*"), *run.folder.glob("*.npz")]:
        with pytest.raises(ConfigError):
            export(run, name, file)
    assert contents(run.folder) == before


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_torn_run_leaves_the_earlier_export(run: RunFolder, name: Any) -> None:
    place = export(run, name)
    before = contents(place.parent)
    lines = run.variants.path.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5][: len(lines[5]) // 2] + b"\n"
    run.variants.path.write_bytes(b"".join(lines))
    run.mark_complete("variants")  # as if the stage had written it so
    with pytest.raises(RunError):
        export(run, name)
    assert contents(place.parent) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_place_that_cannot_be_written(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(StageError, match="cannot write"):
        export(run, "csv", tmp_path / "closed" / "rows.csv")


def test_a_place_below_a_file(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StageError, match="cannot write"):
        export(run, "csv", tmp_path / "file" / "rows.csv")


@pytest.fixture
def slips(finished: Path, tmp_path: Path) -> dict[str, Path]:
    """Return run folders with a mistake each."""
    made = {name: tmp_path / name for name in ("cut", "begun", "fine")}
    for folder in made.values():
        shutil.copytree(finished, folder)
    with (made["cut"] / "generations.jsonl").open("r+b") as stream:
        stream.truncate(300)
    for name in ("variants", "generations", "verdicts"):
        RunFolder(made["begun"]).mark_complete(name, complete=False)  # type: ignore[arg-type]
        (made["begun"] / f"{name}.jsonl").unlink()
    return made | {"none": tmp_path / "none"}


@pytest.mark.parametrize("name", FORMAT_NAMES)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{none}"], "expected a run folder with a run.json in it, found none at"),
        (["{cut}"], "is not what its stage wrote"),
        (["{begun}"], "holds no generations yet; run: unswayed generate"),
        (["{fine}", "{cut}"], "expected one run, found 2; export each to a place of its own"),
    ],
)
def test_a_slip_is_one_line_and_writes_nothing(
    arguments: list[str],
    message: str,
    name: str,
    slips: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = [one.format_map(slips) for one in arguments]
    assert called(monkeypatch, *named, "--to", name) == 2
    said = capsys.readouterr()
    assert message in said.err.splitlines()[-1]
    assert said.out == ""
    assert not any((folder / "exports").exists() for folder in slips.values())


def test_an_unfinished_run_is_exported_as_far_as_it_goes_and_says_so(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = len(list(run.generations))
    with run.generations.path.open("r+b") as stream:
        stream.truncate(run.generations.path.stat().st_size - 40)
    for stage in ("generations", "verdicts"):
        run.mark_complete(stage, complete=False)  # type: ignore[arg-type]
    lines = run.verdicts.path.read_bytes().splitlines(keepends=True)
    run.verdicts.path.write_bytes(b"".join(lines[: whole - 1]))
    assert called(monkeypatch, run.folder, "--to", "jsonl") == 0
    said = capsys.readouterr()
    assert "the generations of" in said.err
    assert "are not finished" in said.err
    assert len(Path(said.out.strip()).read_bytes().splitlines()) == whole - 1


def test_the_command_has_every_format() -> None:
    assert command.FORMATS == FORMAT_NAMES == tuple(FORMATS)
