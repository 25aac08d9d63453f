"""The index of a run, built once: every output with what it is filtered, sorted and found by.

What is right, swayed or flipped comes from the columns that every metric starts from, so that a
share of the rows of a list is the metric. The file is written under a name of its own and then
moved to its place; no lock of SQLite is ever taken, since caches may lie on network file systems.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import numpy as np

from unswayed import progress
from unswayed.answers import AnswerRules
from unswayed.errors import StageError
from unswayed.judges import JudgeCase
from unswayed.metrics.columns import Columns
from unswayed.pipeline.metrics import columns_of_run
from unswayed.pipeline.settings import settings_of
from unswayed.pipeline.verdicts import case_of_output
from unswayed.report.cards import split_output
from unswayed.report.outputs import ScoredOutput, score
from unswayed.report.text import one_line
from unswayed.results import measured
from unswayed.results.rows import measured_cells
from unswayed.run.digests import of_file
from unswayed.run.files import content_hash
from unswayed.run.folder import RECORD_FILES, RunFolder
from unswayed.run.stage import Stage
from unswayed.types import Verdict
from unswayed.view import words
from unswayed.view.tables import INDEXES, ROWS, SCHEMA, VERSION

EXCERPT = 160
"""Characters of an output that a line of the list shows."""
FACETS = ("benchmark", "variant", "category", "outcome", "verdict", "quadrant", "flip")
"""Columns whose values are counted once, for the choices of the list."""
_CHUNK = 2000


def earlier_judges(run: RunFolder) -> list[Stage[Verdict]]:
    """Return the verdicts of judges before the last one, each in its file."""
    return [Stage(path, Verdict) for path in sorted(run.folder.glob("verdicts-*.jsonl"))]


def source_of(run: RunFolder) -> str:
    """Return a hash of all that a run's index is made from.

    Raises:
        RunError: the run's files are damaged.
    """
    files = {name: digest.sha256 for name in RECORD_FILES if (digest := run.digest(name))}
    for stage in earlier_judges(run):
        if digest := of_file(stage.path):
            files[stage.path.name] = digest.sha256
    return content_hash([VERSION, files, asdict(measured.rules(run))])


def build(run: RunFolder, target: Path, source: str) -> None:
    """Write the index of a run, with progress.

    Args:
        run: the run; of one that is not finished, what is there.
        target: the file; an older one is replaced in one step.
        source: names what the index is made from.

    Raises:
        RunError: the run holds no generation yet, or its files do not belong together.
        DataError: a record does not fit its variant.
        StageError: the index cannot be written.
    """
    columns, rules = _columns(run)
    new = target.with_name(f".new-{target.name}-{uuid.uuid4().hex}")
    try:
        with closing(_connect(new)) as database:
            database.executescript(SCHEMA)
            _fill(database, run, columns, rules)
            database.executemany("INSERT INTO meta VALUES (?, ?)", _facts(database, source))
            database.executescript(INDEXES)
            database.execute("ANALYZE")
            database.commit()
        new.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise StageError(
            f"cannot write the index {target}: {error}; make room, or use another --cache"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def _columns(run: RunFolder) -> tuple[Columns, AnswerRules]:
    """Return a run's columns and how its outputs are read, both as its figures have it."""
    rules = measured.rules(run)
    reading = {"on_conflict": rules.on_conflict, "tolerance": rules.tolerance}
    return columns_of_run(run, settings_of(run).model_copy(update=reading)), rules


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path))}?nolock=1", uri=True)
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    return database


def _fill(
    database: sqlite3.Connection, run: RunFolder, columns: Columns, rules: AnswerRules
) -> None:
    """Fill all tables in one pass over the records."""
    written = _Written(database, run)
    label = f"index {run.folder.resolve().name}"
    records = islice(run.joined(), len(columns))  # a run may grow meanwhile
    with progress.bar(label, len(columns), unit="output") as bar:
        for row, (variant, generation, verdict) in enumerate(records):
            written.add(row, score(variant, generation, verdict, rules))
            bar.update()
    written.flush()
    database.executemany(
        f"INSERT INTO rows VALUES ({', '.join('?' * len(ROWS))})", _rows(columns, written)
    )
    for stage in earlier_judges(run):
        places = ((stage.path.name, row, at) for row, at in enumerate(stage.starts()))
        database.executemany("INSERT INTO earlier VALUES (?, ?, ?)", places)


class _Written:
    """What is taken from the records: words and places go to the index, codes are kept."""

    def __init__(self, database: sqlite3.Connection, run: RunFolder) -> None:
        self.database = database
        self.samples: dict[tuple[str, str], int] = {}
        self.sample: list[int] = []
        self.outcome: list[str] = []
        self.judgeable: list[bool] = []
        self.category: list[str | None] = []
        self._variants, self._generations, self._verdicts = (
            stage.starts() for stage in (run.variants, run.generations, run.verdicts)
        )
        self._variant_at = 0
        self._lines: list[tuple[Any, ...]] = []
        self._words: list[tuple[Any, ...]] = []

    def add(self, row: int, output: ScoredOutput) -> None:
        """Take one output."""
        if output.generation.draw == 0:
            self._variant_at = next(self._variants)
        sample, case = output.variant.sample, None
        self.sample.append(self._code(output))
        self.outcome.append(output.outcome)
        self.category.append(sample.category or None)
        case = case_of_output(output.variant, output.generation, output.parsed)
        self.judgeable.append(isinstance(case, JudgeCase))
        thought, answer = split_output(output)
        thought = output.variant.prefill + thought
        self._words.append((row, words.spaced(thought), words.spaced(answer)))
        excerpt = one_line(output.generation.text or output.generation.error or "", EXCERPT)
        answered = one_line(output.answer, 80)
        verdict_at = next(self._verdicts, None)
        self._lines.append(
            (row, answered, excerpt, self._variant_at, next(self._generations), verdict_at)
        )
        if len(self._lines) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        self.database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", self._lines)
        self.database.executemany(
            "INSERT INTO outputs (rowid, thought, answer) VALUES (?, ?, ?)", self._words
        )
        self._lines, self._words = [], []

    def _code(self, output: ScoredOutput) -> int:
        """Return the number of the output's sample, and write it when it is met first."""
        sample = output.variant.sample
        key = (sample.benchmark, sample.id)
        if key not in self.samples:
            self.samples[key] = number = len(self.samples)
            shown = one_line(sample.question, EXCERPT)
            self.database.execute("INSERT INTO samples VALUES (?, ?, ?, ?)", (number, *key, shown))
            searched = words.spaced("\n".join((sample.question, *sample.options.values())))
            insert = "INSERT INTO questions (rowid, question) VALUES (?, ?)"
            self.database.execute(insert, (number, searched))
        return self.samples[key]


def _rows(columns: Columns, written: _Written) -> Iterator[tuple[Any, ...]]:
    cells = {
        **measured_cells(columns),
        "row": range(len(columns)),
        "sample": written.sample,
        "category": written.category,
        "outcome": written.outcome,
        "judgeable": written.judgeable,
        "shown": columns.shown,
    }
    return zip(*(_listed(cells[name]) for name in ROWS), strict=True)


def _listed(cells: Any) -> list[Any]:
    """Return cells as SQLite takes them: None where one is masked or NaN, flags as 0 and 1."""
    if not isinstance(cells, np.ndarray):
        return list(cells)
    values: list[Any] = np.ma.getdata(cast("Any", cells)).tolist()
    hidden = cast("list[bool]", np.ma.getmaskarray(cast("Any", cells)).tolist())
    return [
        None if gone or value != value else value  # NaN is not itself
        for value, gone in zip(values, hidden, strict=True)
    ]


def _facts(database: sqlite3.Connection, source: str) -> Iterator[tuple[str, str]]:
    yield "source", source
    for name in FACETS:
        counted = database.execute(
            f"SELECT {name}, count(*) FROM rows GROUP BY 1 ORDER BY min(row)"
        )
        counts = Counter({value: count for value, count in counted if value is not None})
        yield f"facet {name}", json.dumps(dict(counts))
