"""Runs under the names that they bear in charts and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unswayed.pipeline.differing import model_of
from unswayed.report.survey import Survey, survey
from unswayed.report.text import one_line
from unswayed.results import measured as figures_file
from unswayed.results.measured import Measured
from unswayed.run.folder import RunFolder

_LONGEST = 40


@dataclass(frozen=True)
class NamedRun:
    """The figures of a run under its name.

    Attributes:
        name: its model, with its folder where two runs have one of that name.
        measured: its figures.
        chances: benchmark → variant → how often a uniform guess is right, in [0, 1].
    """

    name: str
    measured: Measured
    chances: Mapping[str, Mapping[str, float]]


def named_run(name: str, measured: Measured, overview: Survey) -> NamedRun:
    """Return a run whose records were surveyed."""
    chances = {scope: overview.chances(scope) for scope in measured.benchmarks()}
    return NamedRun(name, measured, chances)


def named_runs(runs: Sequence[RunFolder]) -> list[NamedRun]:
    """Return runs with names of their own, in the order given.

    Raises:
        RunError: a run was not measured, or its files are damaged.
    """
    named: list[NamedRun] = []
    for name, run in zip(run_names(runs), runs, strict=True):
        measured = figures_file.load(run)
        named.append(named_run(name, measured, survey(run, measured, 0, 0)))
    return named


def run_names(runs: Sequence[RunFolder]) -> list[str]:
    """Return a name for each run: its model; the folder beside it where models are alike."""
    models = [one_line(model_of(run), _LONGEST) for run in runs]
    alike = Counter(models)
    names = [
        f"{model} ({one_line(run.folder.resolve().name, _LONGEST)})" if alike[model] > 1 else model
        for model, run in zip(models, runs, strict=True)
    ]
    twice = Counter(names)
    return [f"{name} {place}" if twice[name] > 1 else name for place, name in enumerate(names, 1)]
