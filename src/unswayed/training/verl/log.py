"""What verl says of each step, as lines of `log.jsonl`, and its completions with their rewards.

    OUT/verl/attempts/1/    config.yaml, console.log, and what this start of verl wrote:
        metrics.jsonl       one line a step, by verl
        records/*.jsonl     one line a completion, by each process that scores

Each start writes to a folder of its own, because verl empties the file that it is told to write to.
Lines are taken over as they appear, each once, and what a killed process left is made up for.
"""

# pyarrow comes without types, so what comes from it is unknown here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.training.folder import TrainingFolder
from unswayed.training.reward.parts import RewardParts, mean_parts, own_names

FIGURES = {
    "critic/score/mean": "reward",
    "actor/loss": "loss",
    "actor/pg_loss": "policy_loss",
    "actor/kl_loss": "kl",
    "actor/entropy": "entropy",
    "actor/grad_norm": "grad_norm",
    "actor/lr": "learning_rate",
    "actor/pg_clipfrac": "clip_ratio/region_mean",
    "response_length/mean": "completions/mean_length",
    "response_length/min": "completions/min_length",
    "response_length/max": "completions/max_length",
    "prompt_length/mean": "prompts/mean_length",
    "timing_s/step": "step_time",
    "timing_s/gen": "seconds/generate",
    "timing_s/update_actor": "seconds/update",
    "timing_s/save_checkpoint": "seconds/save",
}
"""verl's name of a figure → the name that it has in the log of any training."""


@dataclass(frozen=True)
class Attempt:
    """One start of verl.

    Attributes:
        number: 1 for the first.
        path: its folder.
    """

    number: int
    path: Path

    @property
    def config(self) -> Path:
        """verl's settings, over its own."""  # noqa: D403 - a name
        return self.path / "config.yaml"

    @property
    def console(self) -> Path:
        """What verl and Ray printed."""
        return self.path / "console.log"

    @property
    def metrics(self) -> Path:
        """One line a step."""
        return self.path / "metrics.jsonl"

    @property
    def records(self) -> Path:
        """One line a completion."""
        return self.path / "records"


def attempts(own: Path) -> list[Attempt]:
    """Return the starts so far, in order."""
    folders = [path for path in (own / "attempts").glob("*") if path.name.isdigit()]
    return sorted((Attempt(int(path.name), path) for path in folders), key=lambda one: one.number)


def next_attempt(own: Path) -> Attempt:
    """Return the next start: the last one, if verl never began it."""
    known = attempts(own)
    if known and not known[-1].metrics.exists() and not known[-1].console.exists():
        return known[-1]
    number = known[-1].number + 1 if known else 1
    return Attempt(number, own / "attempts" / str(number))


class Transfer:
    """Takes over what one start of verl wrote, as far as it has not been taken over before."""

    def __init__(self, folder: TrainingFolder, attempt: Attempt) -> None:
        """Name both; look up what was taken over."""
        self._folder, self._attempt = folder, attempt
        self._marked, self.last = _taken(folder, attempt.number)
        self._metrics, self._records = Tail(attempt.metrics), Records(attempt.records)
        self._scored: dict[int, list[dict[str, Any]]] = defaultdict(list)

    def __call__(self) -> list[dict[str, Any]]:
        """Take over what is new and return it: the lines that the log got."""
        lines: list[dict[str, Any]] = []
        for entry in self._metrics.lines():
            step = int(entry["step"])
            if step <= self.last:
                continue
            if not self._marked:
                self._folder.append({"resumed": step - 1, "attempt": self._attempt.number})
                self._marked = True
            self._read_records()
            scored = self._scored.pop(step, [])
            line = {"step": step, **figures(entry["data"]), **_rewards(scored)}
            self._folder.append(line)
            _write_completions(self._folder.path, step, scored)
            self.last = step
            lines.append(line)
        return lines

    def _read_records(self) -> None:
        for line in self._records.lines():
            if line["step"] is not None:
                self._scored[line["step"]].append(line)


class Tail:
    """Whole lines of a JSONL file that another process appends to, each once."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not be there yet."""
        self._path, self._at = path, 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that are new."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._at += len(line)
                yield json.loads(line)


class Records:
    """What the processes that score recorded of completions: a file of each, read as it grows."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it need not be there yet."""
        self._folder = folder
        self._tails: dict[Path, Tail] = {}

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that are new."""
        for path in sorted(self._folder.glob("*.jsonl")):
            yield from self._tails.setdefault(path, Tail(path)).lines()


def figures(data: dict[str, Any]) -> dict[str, Any]:
    """Return a step's figures by the names that the log of any training has."""
    return {name: data[key] for key, name in FIGURES.items() if key in data}


def catch_up(folder: TrainingFolder) -> None:
    """Take over what earlier starts wrote and nobody took over."""
    for attempt in attempts(folder.path / "verl"):
        Transfer(folder, attempt)()


def _taken(folder: TrainingFolder, number: int) -> tuple[bool, int]:
    """Say whether a start's first line was taken over, and what its last one was."""
    marked, last, current = False, 0, 0
    for line in Tail(folder.path / "log.jsonl").lines():
        if "resumed" in line:
            current = line.get("attempt", 0)
            if current == number:
                marked, last = True, line["resumed"]
        elif current == number:
            last = line["step"]
    return marked, last


def _rewards(scored: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the means of a step's rewards and of their parts; none where nothing was recorded."""
    known = [one for one in scored if one["parts"] is not None]
    parts = [RewardParts(**one["parts"]) for one in known]
    if not parts:
        return {}
    means = mean_parts(parts, [one["text"] for one in known])
    lost = len(scored) - len(known)
    means["parts/unscored"] = (means["parts/unscored"] * len(known) + lost) / len(scored)
    totals = [part.total for part in parts if part.total is not None]
    # verl's own mean is not known as soon as one reward is not
    return means | ({"reward": math.fsum(totals) / len(totals)} if totals else {})


def _write_completions(folder: Path, step: int, scored: Sequence[dict[str, Any]]) -> None:
    if not scored:
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    shown = ("format", "correct", "answer", "consistent")
    rows: list[dict[str, Any]] = []
    for one in scored:
        parts = RewardParts(**one["parts"]) if one["parts"] is not None else None
        named = {name: getattr(parts, name, None) for name in shown}
        named |= {name: parts.terms[name] for name in own_names([parts])} if parts else {}
        columns = {key: one[key] for key in ("sample", "variant", "prefill", "text")}
        rows.append({"step": step, **columns, "reward": parts and parts.total, **named})
    path = folder / "completions" / f"completions_{step:05d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}")
    pq.write_table(pa.Table.from_pylist(rows), new)
    new.replace(path)
