"""What a report needs of one training: every figure of every checkpoint, the log, the findings.

A file of some hundred kilobytes beside evaluations of many megabytes, so that reports are drawn
without reading those again, and can be drawn elsewhere.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from unswayed.errors import RunError
from unswayed.run.files import write_bytes
from unswayed.training.folder import TrainingFolder
from unswayed.training.track.collapse import Collapse, Shape
from unswayed.training.track.dynamics import ALL, TRAINING, Dynamics, TrackedValue, dynamics
from unswayed.training.track.empty import EmptyThoughts

FILE = "summary.json.gz"
_COLUMNS = tuple(one.name for one in fields(TrackedValue))


def write(folder: TrainingFolder, evaluations: Sequence[str]) -> Path:
    """Write the summary of a training and return its path.

    Args:
        folder: the training.
        evaluations: folders of its evaluations; of the first one, findings about thoughts are kept.

    Raises:
        UnswayedError: an evaluation cannot be read, or the summary cannot be written.
    """
    tables = [dynamics(folder.path, name) for name in evaluations]
    path = folder.path / FILE
    write_bytes(path, to_bytes(joined(tables)))
    return path


def joined(tables: Sequence[Dynamics]) -> Dynamics:
    """Return the tables of several evaluations of one training as one; its log comes once.

    What pools the benchmarks of an evaluation is left out: each has benchmarks of its own.
    """
    first, *others = tables
    rows = [row for row in first.rows if row.benchmark != ALL]
    for table in others:
        rows += [row for row in table.rows if row.benchmark not in (ALL, TRAINING)]
    return Dynamics(tuple(rows), first.findings, first.emptied, first.reference, first.behind)


def to_bytes(table: Dynamics, keep: Callable[[TrackedValue], bool] | None = None) -> bytes:
    """Return a table as a compressed file, the same bytes for the same table.

    Args:
        table: the table.
        keep: which rows are kept; None for all.
    """
    rows = [
        [getattr(row, name) for name in _COLUMNS] for row in table.rows if keep is None or keep(row)
    ]
    document = {
        "schema_version": 1,
        "columns": _COLUMNS,
        "rows": rows,
        "collapse": _listed(table.findings),
        "templates": _listed(table.behind),
        "empty": _listed(table.emptied),
        "reference": [[list(key), step] for key, step in table.reference.items()],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def read(data: bytes, where: str) -> Dynamics:
    """Return the table of a compressed file.

    Args:
        data: what it holds.
        where: its name, for the message.

    Raises:
        RunError: it is damaged, or of another version.
    """
    try:
        document = json.loads(gzip.decompress(data))
        if document["schema_version"] != 1 or tuple(document["columns"]) != _COLUMNS:
            raise ValueError("it is of another version")
        return Dynamics(
            tuple(TrackedValue(*row) for row in document["rows"]),
            {_key(key): _by_step(steps, _collapse) for key, steps in document["collapse"]},
            {_key(key): _by_step(steps, _empty) for key, steps in document["empty"]},
            {_key(key): int(step) for key, step in document["reference"]},
            {_key(key): _by_step(steps, _collapse) for key, steps in document["templates"]},
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"cannot read {where}: {error}; make it again: remove it and the line that says "
            "done from its job's file, and run the study again"
        ) from error


def _listed(findings: Any) -> list[Any]:
    return [
        [list(key), [[step, asdict(one)] for step, one in by_step.items()]]
        for key, by_step in findings.items()
    ]


def _key(parts: Sequence[Any]) -> Any:
    return tuple(parts)


def _by_step(steps: Sequence[Any], made: Callable[[dict[str, Any]], Any]) -> dict[int, Any]:
    return {int(step): made(one) for step, one in steps}


def _collapse(one: dict[str, Any]) -> Collapse:
    shapes: dict[str, Any] = {side: Shape(**one[side]) for side in ("start", "now")}
    return Collapse(**{**one, **shapes})


def _empty(one: dict[str, Any]) -> EmptyThoughts:
    return EmptyThoughts(**one)
