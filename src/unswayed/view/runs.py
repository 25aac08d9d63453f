"""A run as the explorer reads it: lists from its index, texts from its own files."""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

from unswayed.answers import AnswerRules
from unswayed.errors import RunError, UnknownName
from unswayed.pipeline.differing import model_of
from unswayed.report.outputs import ScoredOutput, score
from unswayed.results import measured
from unswayed.run.folder import RECORD_FILES, RunFolder
from unswayed.types import Verdict
from unswayed.view import cache, index, selection
from unswayed.view.filters import Filter
from unswayed.view.lines import LINES, OutputKey, OutputLine, line_of

PAGE = 50
"""Outputs on a page of the list."""
LISTS = 16
"""Lists that are kept: an index never changes, so that leafing through one asks it once."""


class ViewedRun:
    """An indexed run.

    Attributes:
        name: what addresses call it.
        run: its folder.
        model: what it calls its model.
        rules: how its outputs are read.
        recorded: its outputs were recorded elsewhere, so that its prompts were not sent from here.
        finished: its outputs are all written and judged.
    """

    def __init__(self, name: str, run: RunFolder, path: Path) -> None:
        """Open the index of a run.

        Args:
            name: what addresses call it.
            run: its folder.
            path: its index, which is current.
        """
        self.name, self.run = name, run
        self.model: str = model_of(run)
        self.rules: AnswerRules = measured.rules(run)
        self.recorded = _kind(run) == "replay"
        self.finished = run.complete("generations") and run.complete("verdicts")
        self._database: sqlite3.Connection = cache.read_only(path)
        self._plain = self._database.cursor()
        self._plain.row_factory = None
        kept: Any = lru_cache(LISTS)  # its type asks for a hash that pydantic writes later
        self._ordered: Callable[[Filter, bool], array[int]] = kept(self._selected)
        self._files = self._state()
        self._rows: dict[OutputKey, int | None] = {}

    @cached_property
    def total(self) -> int:
        """The number of outputs."""
        return int(self._database.execute("SELECT count(*) FROM rows").fetchone()[0])

    @cached_property
    def facets(self) -> dict[str, dict[str, int]]:
        """Column → its values with how many outputs have each, in the order of the run."""
        facts = dict(self._database.execute("SELECT key, value FROM meta").fetchall())
        return {name: json.loads(facts[f"facet {name}"]) for name in index.FACETS}

    @property
    def changed(self) -> bool:
        """Whether the run's files are no longer those that were indexed."""
        return self._state() != self._files

    def count(self, chosen: Filter) -> int:
        """Return how many outputs a filter lists."""
        return len(self.ordered(chosen))

    def listed(self, chosen: Filter, start: int = 0, count: int = PAGE) -> list[OutputLine]:
        """Return outputs of a filter's list, from a place in it."""
        return self._lines(self.ordered(chosen)[start : start + count])

    def ordered(self, chosen: Filter, judgeable: bool = False) -> array[int]:
        """Return the rows that a filter lists, in its order.

        Args:
            chosen: the filter.
            judgeable: only outputs whose thought and answer can be compared.
        """
        return self._ordered(chosen, judgeable)

    def _selected(self, chosen: Filter, judgeable: bool) -> array[int]:
        found = selection.of(chosen, judgeable)
        sql = f"SELECT row FROM rows WHERE {found.condition} ORDER BY {found.order}"
        return array("q", (row for (row,) in self._plain.execute(sql, found.parameters)))

    def line(self, row: int) -> OutputLine:
        """Return one output by its row, which is in the index."""
        return self._lines([row])[0]

    def of_sample(self, sample: str) -> list[OutputLine]:
        """Return all outputs of a sample, in the order of the run; none if it is not there."""
        sql = "SELECT row FROM rows JOIN samples USING (sample) WHERE samples.name = ? ORDER BY row"
        return self._lines([one[0] for one in self._database.execute(sql, [sample])])

    def rows_of(self, keys: Iterable[OutputKey]) -> set[int]:
        """Return the rows of outputs, without those that the run does not have."""
        sql = (
            "SELECT row FROM rows JOIN samples USING (sample) WHERE samples.name = ? AND "
            "variant = ? AND foil_index = ? AND draw = ?"
        )
        for key in set(keys) - set(self._rows):
            values = (key.sample, key.variant, key.foil, key.draw)
            found = self._database.execute(sql, values).fetchone()
            self._rows[key] = None if found is None else int(found["row"])
        return {row for key in keys if (row := self._rows[key]) is not None}

    def found(self, key: OutputKey) -> OutputLine | None:
        """Return one output; None if the run has no such one."""
        return {line.key: line for line in self.of_sample(key.sample)}.get(key)

    def find(self, key: OutputKey) -> OutputLine:
        """Return one output.

        Raises:
            UnknownName: the run has no such output.
        """
        line = self.found(key)
        if line is None:
            variants = {one.key.variant for one in self.of_sample(key.sample)}
            what, name = ("output", key.variant) if variants else ("sample", key.sample)
            raise UnknownName(what, name, variants)
        return line

    def output(self, line: OutputLine) -> ScoredOutput:
        """Read one output from the run's files.

        Raises:
            RunError: the files are not those that were indexed.
        """
        variant_at, generation_at, verdict_at = line.at
        variant, generation = (
            self.run.variants.at(variant_at),
            self.run.generations.at(generation_at),
        )
        verdict = None if verdict_at is None else self.run.verdicts.at(verdict_at)
        key = (variant.id, line.key.draw)
        if (generation.id, generation.draw) != key or (verdict and verdict.id != variant.id):
            raise RunError(
                f"{self.run.folder} changed since it was indexed; stop the explorer and start it "
                "again"
            )
        return score(variant, generation, verdict, self.rules)

    def earlier_verdicts(self, row: int) -> list[Verdict]:
        """Return what judges before the last one said of an output.

        Raises:
            RunError: the files are not those that were indexed.
        """
        sql = "SELECT file, at FROM earlier WHERE row = ? ORDER BY file"
        places = {file: at for file, at in self._database.execute(sql, [row])}
        stages = {stage.path.name: stage for stage in index.earlier_judges(self.run)}
        return [stages[name].at(at) for name, at in places.items() if name in stages]

    def _lines(self, rows: Sequence[int]) -> list[OutputLine]:
        """Return outputs by their rows, in the order given."""
        marks = ", ".join("?" * len(rows))
        found = self._database.execute(f"{LINES} WHERE rows.row IN ({marks})", list(rows))
        by_row = {one["row"]: line_of(one) for one in found}
        return [by_row[row] for row in rows]

    def _state(self) -> list[tuple[int, int] | None]:
        """Return size and time of the record files: cheap, so it is asked for each page."""
        return [_stat(self.run.folder / name) for name in RECORD_FILES]


def open_runs(folders: Sequence[Path], where: Path) -> list[ViewedRun]:
    """Index and open runs, each under a name of its own.

    Args:
        folders: run folders.
        where: the folder of indexes.

    Raises:
        RunError: a folder is no run with generations, or damaged.
        StageError: an index cannot be written.
    """
    runs = [RunFolder.open(folder) for folder in folders]
    indexes = [cache.current_index(run, where) for run in runs]
    names: dict[str, None] = {}
    for run in runs:
        names[_free(run.folder.resolve().name, names)] = None
    return [ViewedRun(*one) for one in zip(names, runs, indexes, strict=True)]


def _kind(run: RunFolder) -> str | None:
    """Return what kind of model a run names, where it does."""
    model: Any = run.description().get("model")
    return cast("dict[str, Any]", model).get("kind") if isinstance(model, dict) else None


def _free(name: str, taken: dict[str, None]) -> str:
    """Return a name that addresses can bear and no other run has."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".") or "run"
    further = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (plain, *further) if one not in taken)


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
