"""A finished run: shown again at no cost, from nothing that changed underneath."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unswayed.benchmarks.scenes import Scenes
from unswayed.cli import main
from unswayed.errors import RunError
from unswayed.metrics import stored
from unswayed.metrics.columns import DTYPES, Columns
from unswayed.metrics.records import columns_of
from unswayed.pipeline import metrics
from unswayed.pipeline.metrics import columns_of_run
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
RECORDS = ("variants.jsonl", "generations.jsonl", "verdicts.jsonl")
HUB = """
from pathlib import Path
from unswayed.benchmarks.scenes import Scenes

class Hub(Scenes):
    def provenance(self):
        commit = Path(__file__).with_name("commit").read_text()
        return {"hub_id": "someone/data", "revision": commit, "commit": None}
"""


def wanted(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted,script=mixed",
        "benchmarks": (f"{SCRIPTED}:Wide,n=12,broken=3",),
        "variants": ("base", "wrong-think"),
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return evaluate(wanted(), tmp_path_factory.mktemp("finished") / "run")


@pytest.fixture
def run(finished: RunFolder, tmp_path: Path) -> RunFolder:
    """Return a copy of the finished run, times and all."""
    return RunFolder(Path(shutil.copytree(finished.folder, tmp_path / "run")))


def questions(folder: Path, gold: str) -> str:
    """Write three questions with a gold answer and return their spec."""
    (folder / "one.png").write_bytes(Scenes(1)[0].images[0].data or b"")
    row = {"question": "Where?", "image": "one.png", "A": "left", "B": "right", "answer": gold}
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row | {"id": at}) + "\n" for at in range(3)))
    return f"file:{path}"


def same(a: Columns, b: Columns) -> bool:
    def equal(name: str) -> bool:
        ours, theirs = getattr(a, name), getattr(b, name)
        if name in DTYPES:
            return ours.dtype == theirs.dtype and np.array_equal(
                ours, theirs, equal_nan=ours.dtype == np.float64
            )
        return np.array_equal(ours, theirs)

    return all(equal(one.name) for one in fields(Columns))


def from_records(run: RunFolder) -> Columns:
    return columns_of(run.joined(), run.failures)


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("this was to be used again, not made again")


def test_a_finished_run_is_not_measured_again(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run.folder / "metrics.json").stat()
    monkeypatch.setattr("unswayed.pipeline.stages.measure", refuse)
    evaluate(wanted(), run.folder)
    assert (run.folder / "metrics.json").stat() == before


def test_other_statistics_are_measured_again(run: RunFolder) -> None:
    evaluate(wanted(statistics={"resamples": 100, "level": 0.5}), run.folder)
    document = json.loads((run.folder / "metrics.json").read_text())
    assert document["settings"]["level"] == 0.5


@pytest.mark.parametrize("edit", ["edited", "gone"])
def test_figures_that_were_edited_are_measured_again(run: RunFolder, edit: str) -> None:
    path = run.folder / "metrics.json"
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"n": ', b'"n": 9'))
    if edit == "gone":
        path.unlink()
    evaluate(wanted(), run.folder)
    assert path.read_bytes() == before


def test_a_page_is_written_again_only_if_something_changed(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    from unswayed.report.current import current_report, new_report

    first = current_report(run).read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr("unswayed.report.current.write_report", refuse)
        assert current_report(run).read_bytes() == first
        with pytest.raises(AssertionError):
            current_report(run, samples=1)
        with pytest.raises(AssertionError):
            new_report(run)
    (run.folder / "report.html").write_bytes(first + b"<!-- edited -->")
    assert current_report(run).read_bytes() == first


def test_the_stored_columns_are_those_of_the_records(run: RunFolder) -> None:
    assert (run.folder / "rows.npz").is_file()
    assert same(columns_of_run(run), from_records(run))


def test_stored_columns_are_used(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "columns_of", refuse)
    columns_of_run(run)
    other = settings_of(run).model_copy(update={"on_conflict": "text"})
    with pytest.raises(AssertionError, match="used again"):
        columns_of_run(run, other)


def forge(path: Path) -> None:
    """Put other values under the header of a file, as an editor of arrays would."""
    with np.load(path) as file:
        arrays = dict(file)
    arrays["correct"] = ~arrays["correct"]
    np.savez(path, **arrays)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))


DAMAGE = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no columns"),
    "an array": one_array,
    "pickled": lambda path: np.savez(path, header=np.array([{}], dtype=object)),
    "a flipped byte": flip,
    "forged": forge,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_columns_are_made_again(run: RunFolder, how: str) -> None:
    DAMAGE[how](run.folder / "rows.npz")
    assert same(columns_of_run(run), from_records(run))


def test_columns_of_other_records_are_made_again(run: RunFolder) -> None:
    path = run.folder / "rows.npz"
    columns = columns_of_run(run)
    path.write_bytes(stored.to_bytes(columns.take(np.arange(3)), "of something else"))
    assert same(columns_of_run(run), columns)
    again = stored.load(path, "of something else")
    assert again is None


def test_columns_are_not_stored_of_a_run_that_is_not_finished(run: RunFolder) -> None:
    (run.folder / "rows.npz").unlink()
    run.mark_complete("verdicts", complete=False)
    columns_of_run(run)
    assert not (run.folder / "rows.npz").exists()


@pytest.mark.parametrize("name", [*RECORDS, "failures.jsonl"])
@pytest.mark.parametrize("how", ["edited", "cut", "longer", "gone"])
def test_a_record_file_that_changed_after_its_stage_is_refused(
    run: RunFolder, name: str, how: str
) -> None:
    path = run.folder / name
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "edited":
        path.write_bytes(b"".join(lines).replace(b"s", b"z", 1))
    elif how == "cut":
        path.write_bytes(b"".join(lines[:-1]))
    elif how == "longer":
        path.write_bytes(b"".join([*lines, lines[-1]]))
    else:
        path.unlink()
    for again in (lambda: RunFolder.open(run.folder), lambda: evaluate(wanted(), run.folder)):
        with pytest.raises(RunError, match=f"{name} is not what its stage wrote"):
            again()


@pytest.mark.parametrize("command", ["measure", "report", "show", "compare", "judge", "evaluate"])
def test_every_command_says_so_in_one_line(
    run: RunFolder,
    finished: RunFolder,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = run.folder / "generations.jsonl"
    path.write_text(path.read_text().replace("A", "B", 1))
    more = [str(finished.folder)] if command == "compare" else []
    monkeypatch.setattr("sys.argv", ["unswayed", command, str(run.folder), *more])
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main())
    assert stop.value.code
    said = [line for line in capsys.readouterr().err.splitlines() if "unswayed:" in line]
    assert len(said) == 1
    assert "generations.jsonl is not what its stage wrote" in said[0]


def test_a_file_that_was_only_touched_or_copied_is_taken(run: RunFolder) -> None:
    for name in RECORDS:
        os.utime(run.folder / name, (1, 1))
    assert RunFolder.open(run.folder).folder == run.folder
    evaluate(wanted(), run.folder)


def test_a_folder_of_an_earlier_version_is_taken_and_gets_digests(run: RunFolder) -> None:
    progress = run.folder / "progress.json"
    flags = {key: value for key, value in json.loads(progress.read_text()).items() if value is True}
    progress.write_text(json.dumps(flags))
    before = (run.folder / "metrics.json").read_bytes()
    evaluate(wanted(), run.folder)
    assert (run.folder / "metrics.json").read_bytes() == before
    assert {*RECORDS, "metrics.json"} <= json.loads(progress.read_text())["files"].keys()


def test_data_that_changed_since_are_refused(tmp_path: Path) -> None:
    asked = wanted(benchmarks=(questions(tmp_path, "left"),))
    run = evaluate(asked, tmp_path / "run")
    before = (run.folder / "metrics.json").read_bytes()
    questions(tmp_path, "right")
    with pytest.raises(RunError, match=r"other data: .*mine\.jsonl changed .*another --out"):
        evaluate(asked, run.folder)
    assert (run.folder / "metrics.json").read_bytes() == before
    questions(tmp_path, "left")
    evaluate(asked, run.folder)


def test_texts_that_changed_since_are_refused(tmp_path: Path) -> None:
    asked = wanted(benchmarks=(questions(tmp_path, "left"),), variants=("base",))
    texts = tmp_path / "texts.jsonl"

    def write(text: str) -> None:
        note = {"sample": "file/mine/0", "part": "caption", "asserts": "A", "text": text}
        texts.write_text(json.dumps(note) + "\n")

    write("It is on the left.")
    asked = asked.model_copy(update={"texts": f"file:{texts}"})
    run = evaluate(asked, tmp_path / "run")
    evaluate(asked, run.folder)
    write("It lies on the left.")
    with pytest.raises(RunError, match=r"other data: .*texts\.jsonl changed .*another --out"):
        evaluate(asked, run.folder)


def test_another_commit_of_a_data_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hub.py").write_text(HUB)
    (tmp_path / "commit").write_text("a" * 40)
    asked = wanted(benchmarks=(f"{tmp_path / 'hub.py'}:Hub,n=4",))
    run = evaluate(asked, tmp_path / "run")
    evaluate(asked, run.folder)
    (tmp_path / "commit").write_text("b" * 40)
    with pytest.raises(RunError, match=f"someone/data was read at commit {'a' * 40}"):
        evaluate(asked, run.folder)


def test_a_folder_that_does_not_say_its_data_is_taken_with_a_note(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run.folder / "run.json"
    description = json.loads(path.read_text())
    del description["data"]
    path.write_text(json.dumps(description))
    evaluate(wanted(), run.folder)
    assert "cannot be known whether they changed" in capsys.readouterr().err
