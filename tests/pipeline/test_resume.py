"""Runs that are killed, cut, locked or out of disk go on as if nothing had happened."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from unswayed.errors import StageError
from unswayed.pipeline.settings import settings_of
from unswayed.pipeline.stages import evaluate
from unswayed.run.folder import RunFolder

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
STAGES = ("variants", "generations", "verdicts")
RECIPE = f"""
model = "{SCRIPTED}:Scripted,script=mixed,delay=0.004"
benchmarks = ["{SCRIPTED}:Wide,n=200,broken=7,delay=0.002"]
variants = ["base", "wrong-think", "abstain+shuffle"]
judge = "{SCRIPTED}:SlowRules,delay=0.004"
batch_size = 7
"""
RUNNER = """
import sys
from pathlib import Path
from unswayed.pipeline import stages as evaluate
from unswayed.pipeline.settings import settings

evaluate.WRITE_EVERY = 8  # the stages come in small steps, so that a kill can fall between any two
evaluate.evaluate(settings(Path(sys.argv[1]), {}), Path(sys.argv[2]))
"""
KILLS = 20


def start(recipe: Path, out: Path, *before: str) -> subprocess.Popen[str]:
    """Start an evaluation in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join([*before, RUNNER]), str(recipe), str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(recipe: Path, out: Path) -> Path:
    """Run an evaluation to its end."""
    process = start(recipe, out)
    _, talk = process.communicate()
    assert process.returncode == 0, talk
    return out


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a run that is to be the same however often it was stopped."""
    names = [*(f"{stage}.jsonl" for stage in STAGES), "failures.jsonl", "metrics.json"]
    found = {name: (folder / name).read_bytes() for name in names}
    progress = json.loads((folder / "progress.json").read_text())
    for digest in progress["files"].values():
        del digest["mtime_ns"]
    found["progress.json"] = json.dumps(progress, sort_keys=True).encode()
    return found | {path.name: path.read_bytes() for path in folder.glob("images/*")}


def sizes(folder: Path) -> list[int]:
    paths = [folder / f"{stage}.jsonl" for stage in STAGES]
    return [path.stat().st_size if path.exists() else 0 for path in paths]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, recipe: Path) -> Path:
    """Return the folder of a run that nothing happened to; tests do not change it."""
    return finish(recipe, tmp_path_factory.mktemp("undisturbed"))


def kill_at(recipe: Path, out: Path, target: int, pause: float) -> str | None:
    """Go on with a run and kill it once `target` bytes are written, and `pause` seconds later.

    Returns:
        The stage that the kill fell into, or None if the run ended before.
    """
    target = max(target, sum(sizes(out)) + 1)
    process = start(recipe, out)
    while process.poll() is None and sum(sizes(out)) < target:
        time.sleep(0.001)
    time.sleep(pause)
    with suppress(ProcessLookupError):  # it ended, and was waited for, while we slept
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    if process.returncode == 0:
        return None
    assert process.returncode == -signal.SIGKILL
    done = json.loads((out / "progress.json").read_text()) if sum(sizes(out)[1:]) else {}
    return next((stage for stage in STAGES if not done.get(stage)), "metrics")


@pytest.mark.slow
def test_twenty_kills_leave_the_files_of_an_undisturbed_run(
    tmp_path: Path, recipe: Path, undisturbed: Path
) -> None:
    rng = random.Random(20)
    whole = sizes(undisturbed)
    moments: list[int] = []
    for kill in range(KILLS):  # spread over the stages by turns, at random within each
        stage = kill * len(STAGES) // KILLS
        moments.append(sum(whole[:stage]) + round(rng.random() * whole[stage]))
    hit: list[str] = []
    out = tmp_path / "0"
    for number, moment in enumerate(sorted(moments)):
        stage = kill_at(recipe, out, moment, rng.uniform(0, 0.02))
        if stage is None:  # this machine was so busy that the run ended before it was killed
            assert contents(out) == contents(undisturbed)
            out = tmp_path / str(number + 1)
            stage = kill_at(recipe, out, 1, 0)
        assert stage is not None
        hit.append(stage)
    assert len(hit) == KILLS
    assert {"variants", "generations"} <= set(hit), hit
    assert contents(finish(recipe, out)) == contents(undisturbed)
    rows = list(RunFolder(out).joined())
    assert len({variant.id for variant, _, _ in rows}) == len(rows) == 171 * 3
    assert len(list(RunFolder(out).failures)) == 29
    assert not [*out.rglob(".new-*")]


@pytest.mark.slow
def test_kills_between_the_outputs_of_a_prompt_leave_the_same_files(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    few = RECIPE.replace("Wide,n=200", "Wide,n=60")
    recipe.write_text(f"{few}\n[decoding]\nn = 3\ntemperature = 1.0\n")
    undisturbed = finish(recipe, tmp_path / "undisturbed")
    whole, rng, out = sizes(undisturbed), random.Random(3), tmp_path / "killed"
    for kill in range(8):
        stage = 1 + kill // 4
        moment = sum(whole[:stage]) + round((kill % 4 + rng.random()) / 4 * whole[stage])
        kill_at(recipe, out, moment, rng.uniform(0, 0.02))
    assert contents(finish(recipe, out)) == contents(undisturbed)
    assert len(list(RunFolder(out).joined())) == 3 * len(list(RunFolder(out).variants))


def go_on(undisturbed: Path, out: Path) -> None:
    """Run the same evaluation in this process, to its end."""
    evaluate(settings_of(RunFolder(undisturbed)), out)


def stopped_in(undisturbed: Path, out: Path, stage: str) -> Path:
    """Copy a run as it was while a stage was being written: whole, but not marked as complete."""
    shutil.copytree(undisturbed, out)
    later = STAGES[STAGES.index(stage) :]
    for name in later[1:]:
        (out / f"{name}.jsonl").unlink()
    progress = {name: name not in later for name in STAGES}
    (out / "progress.json").write_text(json.dumps(progress))
    (out / "metrics.json").unlink()
    return out


@pytest.mark.parametrize("stage", STAGES)
def test_a_torn_last_line_is_written_again(tmp_path: Path, undisturbed: Path, stage: str) -> None:
    for cut in (1, 40, 5000):
        out = stopped_in(undisturbed, tmp_path / str(cut), stage)
        path = out / f"{stage}.jsonl"
        os.truncate(path, path.stat().st_size - cut)
        go_on(undisturbed, out)
        assert contents(out) == contents(undisturbed)


def test_a_torn_failure_is_written_again(tmp_path: Path, undisturbed: Path) -> None:
    out = stopped_in(undisturbed, tmp_path / "run", "variants")
    for name in ("variants", "failures"):
        path = out / f"{name}.jsonl"
        os.truncate(path, path.stat().st_size // 2)
    go_on(undisturbed, out)
    assert (out / "failures.jsonl").read_bytes() == (undisturbed / "failures.jsonl").read_bytes()
    assert (out / "variants.jsonl").read_bytes() == (undisturbed / "variants.jsonl").read_bytes()


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "unswayed", *map(str, arguments)], capture_output=True, text=True
    )


@pytest.mark.parametrize("verb", ["evaluate", "generate", "measure", "judge"])
def test_a_second_process_gets_one_line(tmp_path: Path, undisturbed: Path, verb: str) -> None:
    out = tmp_path / "run"
    shutil.copytree(undisturbed, out)
    before = contents(out)
    with RunFolder(out).writing():
        second = command(verb, out)
    assert second.returncode == 2
    assert second.stdout == ""
    (line,) = second.stderr.splitlines()
    assert line.startswith("unswayed: error: ")
    assert f"is being written by process {os.getpid()}" in line
    assert contents(out) == before


@pytest.mark.parametrize("stage", STAGES)
def test_a_file_that_cannot_grow_stops_the_run_and_the_next_goes_on(
    tmp_path: Path, undisturbed: Path, recipe: Path, stage: str
) -> None:
    """The system itself refuses the write in the middle of a line, as a full disk does."""
    out = stopped_in(undisturbed, tmp_path / "run", stage)
    path = out / f"{stage}.jsonl"
    half = path.stat().st_size // 2 + 17
    os.truncate(path, path.stat().st_size // 3)
    process = start(
        recipe,
        out,
        "import resource, signal, unswayed.pipeline.stages",
        "from unswayed.run.folder import Stage",
        "append = Stage.append",
        "def limited(self, records):",
        f"    limit = {half} if self.path.name == '{path.name}' else 2**40",
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))",
        "    append(self, records)",
        "Stage.append = limited",
    )
    _, talk = process.communicate()
    assert process.returncode == 1
    assert "StageError: cannot write" in talk.splitlines()[-1]
    assert "make room and run the same command again" in talk.splitlines()[-1]
    assert path.stat().st_size == half  # a torn line: the file was filled to the last byte
    assert not path.read_bytes().endswith(b"\n")
    go_on(undisturbed, out)
    assert path.read_bytes() == (undisturbed / path.name).read_bytes()


@pytest.mark.parametrize("call", [1, 4, 9])
def test_a_disk_that_is_full_at_the_sync_stops_the_run_and_the_next_goes_on(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    fsync = os.fsync
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(StageError, match="No space left on device"):
            go_on(undisturbed, tmp_path / "run")
    assert calls >= call
    go_on(undisturbed, tmp_path / "run")
    assert contents(tmp_path / "run") == contents(undisturbed)
