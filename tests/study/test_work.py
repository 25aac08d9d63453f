"""Working a job list off: killed and resumed, several workers at once, a job that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from unswayed.errors import RunError, StageError
from unswayed.study import journal as journals
from unswayed.study import work as working
from unswayed.study.jobs import Job
from unswayed.study.journal import Journal
from unswayed.study.listing import duration, listing
from unswayed.study.work import work

START = Job("start")
JOBS = [
    Job("train", "a", 1), START, Job("evaluate", "a", 1), Job("train", "b", 1),
    Job("evaluate", "b", 1),
]  # fmt: skip

WORKER = """
import sys, time
from pathlib import Path
from unswayed.study.jobs import Job
from unswayed.study.work import work
from unswayed.study import work as working

working.POLL_S = 0.05
study, seconds = Path(sys.argv[1]), float(sys.argv[2])
jobs = [Job("train", name, seed) for name in "abc" for seed in (1, 2, 3)]

def do(job):
    with (study / "done.txt").open("a") as file:
        file.write(f"{job.name} {sys.argv[3]}\\n")
    time.sleep(seconds)

(study / f"ready-{sys.argv[3]}").touch()
while not (study / "go").exists():
    time.sleep(0.01)
work(study, jobs, do)
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "POLL_S", 0.02)


def worker(study: Path, seconds: float, name: str, go: bool = True) -> subprocess.Popen[bytes]:
    if go:
        (study / "go").touch()
    return subprocess.Popen([sys.executable, "-c", WORKER, str(study), str(seconds), name])


def until(there: Path) -> None:
    while not there.exists():
        time.sleep(0.02)


def test_jobs_are_done_in_order_and_once(tmp_path: Path) -> None:
    done: list[Job] = []
    assert work(tmp_path, JOBS, done.append).count("done") == 5
    assert done == JOBS
    assert work(tmp_path, JOBS, done.append).count("done") == 5
    assert done == JOBS


def test_a_job_that_fails_stops_no_other(tmp_path: Path) -> None:
    done: list[Job] = []

    def do(job: Job) -> None:
        if job == JOBS[0]:
            raise StageError("the disk\nis full")
        done.append(job)

    known = work(tmp_path, JOBS, do)
    assert done == [START, *JOBS[3:]]
    assert known.standing() == "3 done, 0 running, 1 failed, 1 open"
    assert known.records[0].reason == "the disk is full"
    assert known.minutes_left is not None
    assert "the disk is full" in known.table()
    work(tmp_path, JOBS, do)  # it is not tried again by itself
    assert listing(tmp_path, JOBS).records[0].attempts == 1
    assert work(tmp_path, JOBS, done.append, retry=True).count("done") == 5
    assert listing(tmp_path, JOBS).records[0].attempts == 2


def test_an_error_in_our_own_code_is_recorded_too(tmp_path: Path) -> None:
    def do(job: Job) -> None:
        raise KeyError(job.name)

    known = work(tmp_path, JOBS[:1], do)
    assert known.records[0].state == "failed"
    assert "train.a.seed-1" in known.records[0].reason


def test_a_job_that_was_stopped_from_the_keyboard_is_open(tmp_path: Path) -> None:
    def do(_: Job) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(tmp_path, JOBS, do)
    record = listing(tmp_path, JOBS).records[0]
    assert (record.state, record.attempts) == ("open", 1)


def test_killed_with_nine_and_resumed(tmp_path: Path) -> None:
    one = worker(tmp_path, 60, "first")
    until(tmp_path / "done.txt")
    jobs = [Job("train", name, seed) for name in "abc" for seed in (1, 2, 3)]
    record = listing(tmp_path, jobs).records[0]
    assert record.state == "running"
    assert record.worker.endswith(f":{one.pid}")
    os.kill(one.pid, signal.SIGKILL)
    one.wait()
    record = listing(tmp_path, jobs).records[0]
    assert (record.state, record.attempts) == ("open", 1)  # the lock died with its holder
    journal = tmp_path / "jobs" / "train.a.seed-1.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"event": "do')  # a line that was torn
    other = worker(tmp_path, 0, "second")
    assert other.wait() == 0
    assert listing(tmp_path, jobs).count("done") == 9
    assert listing(tmp_path, jobs).records[0].attempts == 2
    lines = (tmp_path / "done.txt").read_text().splitlines()
    assert lines[:2] == ["train.a.seed-1 first", "train.a.seed-1 second"]
    assert len(lines) == 10


def test_no_job_is_done_by_two_workers(tmp_path: Path) -> None:
    several = [worker(tmp_path, 0.05, str(number), go=False) for number in range(3)]
    for number in range(3):
        until(tmp_path / f"ready-{number}")
    (tmp_path / "go").touch()
    assert [one.wait() for one in several] == [0, 0, 0]
    lines = (tmp_path / "done.txt").read_text().splitlines()
    jobs = Counter(line.split()[0] for line in lines)
    assert len(jobs) == 9
    assert set(jobs.values()) == {1}
    assert len({line.split()[1] for line in lines}) > 1


def test_a_worker_waits_for_what_others_do(tmp_path: Path) -> None:
    other = worker(tmp_path, 0.3, "other")
    until(tmp_path / "done.txt")
    done: list[Job] = []
    jobs = [Job("train", "a", 1), START, Job("evaluate", "a", 1)]
    assert work(tmp_path, jobs, done.append).count("done") == 3
    assert done == jobs[1:]
    other.kill()
    other.wait()


def test_a_job_is_held_by_one_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.claimed(START) as mine:
        assert mine
        assert journal.record(START).state == "running"
        with Journal(tmp_path).claimed(START) as theirs:
            assert not theirs
    assert journal.record(START).state == "done"
    with journal.claimed(START) as again:
        assert not again


def test_a_sign_of_life_is_given_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "BEAT_S", 0.01)
    journal, lock = Journal(tmp_path), tmp_path / "jobs" / "start.lock"
    with journal.claimed(START):
        os.utime(lock, (0, 0))
        while lock.stat().st_mtime == 0:
            time.sleep(0.01)
    began = {"event": "begin", "worker": "elsewhere:1", "time": lock.stat().st_mtime - 600}
    (tmp_path / "jobs" / "start.jsonl").write_text(json.dumps(began) + "\n")
    assert journal.record(START).minutes == pytest.approx(10)  # until it was seen last


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "start.jsonl").write_text("hello\n")
    with pytest.raises(RunError, match="no line of a journal"):
        listing(tmp_path, JOBS)


def test_time_left_is_what_such_jobs_took(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    (tmp_path / "jobs").mkdir()
    for job, minutes in ((JOBS[0], 30.0), (JOBS[1], 4.0), (JOBS[2], 50.0)):
        lines = [
            {"event": "begin", "time": 0.0},
            {"event": "done", "minutes": minutes, "time": 60 * minutes},
        ]
        path = tmp_path / "jobs" / f"{job.name}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    known = listing(tmp_path, JOBS)
    assert journal.record(JOBS[0]).minutes == 30
    assert known.minutes_left == 80
    assert known.words() == "3 done, 0 running, 0 failed, 2 open; about 80 min left"
    assert listing(tmp_path, JOBS[3:]).minutes_left is None
    assert known.document()["jobs"][4]["minutes_left"] == 50
    assert json.loads(json.dumps(known.document(), allow_nan=False))["standing"]["done"] == 3


def test_durations_for_people() -> None:
    assert [duration(m) for m in (0.5, 59, 125)] == ["30 s", "59 min", "2 h 05"]
