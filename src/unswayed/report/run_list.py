"""The runs below a folder: model, benchmarks, n and the main figures of each, read from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unswayed.errors import ConfigError, RunError
from unswayed.metrics.codes import BASE, is_misleading
from unswayed.report.headline import STAGES, model_name
from unswayed.report.numbers import spread_text
from unswayed.report.terms import term
from unswayed.report.text import one_line
from unswayed.results import measured
from unswayed.results.measured import ALL, Measured
from unswayed.run.folder import RunFolder
from unswayed.types import Estimate

_DEPTH = 6
"""Folders below the one that is looked through; those of a run are not."""


@dataclass(frozen=True)
class ListedRun:
    """What is known of a run without reading its records.

    Attributes:
        folder: the run folder.
        model: name of the model.
        benchmarks: their specs; empty of a folder that cannot be read.
        state: `finished`, `unfinished`, `not measured`, or why it cannot be read.
        figures: accuracy in base, the lowest under a misleading variant, and steadfastness, over
            all benchmarks; those that there are.
    """

    folder: Path
    model: str = ""
    benchmarks: tuple[str, ...] = ()
    state: str = "finished"
    figures: tuple[Estimate, ...] = ()

    @property
    def n(self) -> int | None:
        """Rows under the accuracy in base; None where it is not known."""
        return next((one.n for one in self.figures if one.variant == BASE), None)

    def line(self) -> str:
        """Return model, benchmarks and n, on a line."""
        n = "" if self.n is None else f"n {self.n:,}"
        benchmarks = ", ".join(one_line(one, 60) for one in self.benchmarks)
        return " · ".join(part for part in (one_line(self.model, 60), benchmarks, n) if part)

    def headline(self) -> str:
        """Return the figures, or why there are none, on a line."""
        parts = [] if self.state == "finished" else [one_line(self.state, 200)]
        return ", ".join([*parts, *map(_figure, self.figures)])

    def record(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "folder": str(self.folder),
            "model": self.model,
            "benchmarks": list(self.benchmarks),
            "n": self.n,
            "state": self.state,
            "figures": [one.model_dump(mode="json") for one in self.figures],
        }


def runs_below(folder: Path) -> Iterator[ListedRun]:
    """Yield the evaluations in a folder and below, in the order of their paths.

    Raises:
        ConfigError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"expected a folder with runs in it, found none at {folder}")
    for path in _folders(folder, _DEPTH):
        one = _listed(path)
        if one is not None:
            yield one


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders with a run.json; below a training lie evaluations, below a run nothing."""
    if (folder / "run.json").is_file():
        yield folder
        if (folder / "variants.jsonl").exists():
            return
    if depth == 0:
        return
    try:
        inside = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:  # a folder that may not be read
        return
    for one in inside:
        yield from _folders(one, depth - 1)


def _listed(path: Path) -> ListedRun | None:
    """Return what is known of a run; None of a training."""
    run = RunFolder(path)
    try:
        description = run.description()
        settings: Mapping[str, Any] = description["settings"]
        if "benchmarks" not in settings:
            return None
        specs = cast("Sequence[str]", settings["benchmarks"])
        unfinished = [name for name in STAGES if not run.complete(name)]
        state = "unfinished" if unfinished else "finished"
        known = measured.load(run) if measured.exists(run) else None
        if known is None and not unfinished:
            state = "not measured"
        figures = () if known is None else tuple(_figures(known))
        return ListedRun(path, model_name(description), tuple(specs), state, figures)
    except RunError as error:
        return ListedRun(path, state=f"cannot be read: {error}")


def _figures(known: Measured) -> Iterator[Estimate]:
    scopes = known.benchmarks()
    if not scopes:
        return
    accuracies = known.of_metric(scopes[0], "accuracy")
    misled = [(one.value, one) for name, one in accuracies.items() if is_misleading(name)]
    valued = [(value, one) for value, one in misled if value is not None]
    lowest = min(valued, key=lambda pair: pair[0])[1] if valued else None
    steady = known.find(scopes[0], ALL, "steadfastness")
    for one in (accuracies.get(BASE), lowest, steady):
        if one is not None and one.value is not None:
            yield one


def _figure(one: Estimate) -> str:
    """Return a figure with its name; in base the name of its variant goes without saying."""
    name = term(one.metric).title.lower()
    if one.variant not in (BASE, ALL):
        name = one_line(one.variant, 40)
    return f"{name} {spread_text(one, term(one.metric).unit)} %"
