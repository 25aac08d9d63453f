"""How a study stands: which jobs are done, running, failed or open, and how long the rest takes.

What a job will take is the median of what jobs of its kind took here; before there is one, it is
not known, and nothing is made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from unswayed.study.jobs import Job, JobKind
from unswayed.study.journal import JobRecord, JobState, Journal

STATES: tuple[JobState, ...] = ("done", "running", "failed", "open")


@dataclass(frozen=True)
class Listing:
    """The jobs of a study, in order, with what is known of each.

    Attributes:
        records: one a job.
        note: what the plan says must be said of the study.
    """

    records: tuple[JobRecord, ...]
    note: str = ""

    def count(self, state: JobState) -> int:
        """Return how many jobs are in a state."""
        return Counter(one.state for one in self.records)[state]

    def ready(self, retry: bool, tried: Collection[Job]) -> list[Job]:
        """Return the jobs that can be done now, in order.

        Args:
            retry: those that failed too.
            tried: jobs that are not tried again.
        """
        done = {one.job for one in self.records if one.state == "done"}
        wanted = ("open", "failed") if retry else ("open",)
        return [
            one.job
            for one in self.records
            if one.state in wanted and one.job not in tried and done.issuperset(one.job.needs)
        ]

    def awaited(self, tried: Collection[Job]) -> bool:
        """Say whether a job that can be done may still come: one is running that others need.

        A job whose own worker may die is waited for as well: it would be free then.
        """
        return any(one.state == "running" and one.job not in tried for one in self.records)

    def expected(self, kind: JobKind) -> float | None:
        """Return the minutes that a job of a kind takes: the median of those done; None without."""
        spent = [
            one.minutes for one in self.records if one.job.kind == kind and one.state == "done"
        ]
        return median(spent) if spent else None

    def remaining(self, one: JobRecord) -> float | None:
        """Return the minutes that a job still takes; None where that is not known."""
        if one.state in ("done", "failed"):
            return 0.0
        whole = self.expected(one.job.kind)
        return None if whole is None else max(0.0, whole - one.minutes)

    @property
    def minutes_left(self) -> float | None:
        """Minutes of one worker for everything that is not done; None where that is not known."""
        each = [self.remaining(one) for one in self.records]
        known = [one for one in each if one is not None]
        return sum(known) if len(known) == len(each) else None

    def standing(self) -> str:
        """Return how many jobs are in each state."""
        return ", ".join(f"{self.count(state)} {state}" for state in STATES)

    def words(self) -> str:
        """Return how the study stands, in a line."""
        left, at_work = self.minutes_left, max(1, self.count("running"))
        if left is None:
            return f"{self.standing()}; time left not known yet"
        return f"{self.standing()}; about {duration(left / at_work)} left"

    def table(self) -> str:
        """Return a line a job, for people."""
        rows = [("job", "state", "spent", "left", "worker, or reason")]
        rows += [
            (
                str(one.job),
                one.state,
                duration(one.minutes) if one.attempts else "",
                "" if (left := self.remaining(one)) is None or not left else duration(left),
                one.reason or (one.worker if one.state == "running" else ""),
            )
            for one in self.records
        ]
        widths = [max(len(row[place]) for row in rows) for place in range(4)]
        lines = [
            "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]])
            for row in rows
        ]
        return "\n".join(line.rstrip() for line in [*lines, "", self.words(), self.note]).rstrip()

    def document(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "note": self.note,
            "standing": {state: self.count(state) for state in STATES},
            "minutes_left": self.minutes_left,
            "jobs": [
                {
                    "job": one.job.name,
                    "kind": one.job.kind,
                    "recipe": one.job.recipe or None,
                    "seed": one.job.seed if one.job.recipe else None,
                    "state": one.state,
                    "minutes": round(one.minutes, 2),
                    "minutes_left": self.remaining(one),
                    "attempts": one.attempts,
                    "worker": one.worker or None,
                    "seen": one.seen,
                    "reason": one.reason or None,
                }
                for one in self.records
            ],
        }


def listing(study: Path, jobs: Sequence[Job], note: str = "") -> Listing:
    """Return how jobs stand.

    Args:
        study: folder of the study.
        jobs: the jobs, in order.
        note: what must be said of the study.

    Raises:
        RunError: a job's file was damaged.
    """
    journal = Journal(study)
    return Listing(tuple(journal.record(job) for job in jobs), note)


def duration(minutes: float) -> str:
    """Return minutes for people: `40 s`, `12 min`, `3 h 05`."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    if minutes < 100:
        return f"{minutes:.0f} min"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02}"
