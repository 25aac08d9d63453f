"""One page for several runs and trainings: side by side, with paired differences from the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.errors import ConfigError
from unswayed.metrics.compare import Difference
from unswayed.pipeline.comparison import RunComparison
from unswayed.report import losses
from unswayed.report.charts import charts
from unswayed.report.charts.differences import difference_charts
from unswayed.report.differences import by_chance
from unswayed.report.grids import grid
from unswayed.report.markup import Grid
from unswayed.report.named import NamedRun, named_runs
from unswayed.report.numbers import spread_text
from unswayed.report.rendering import explorer_address, rendered, require, shown_charts
from unswayed.report.runs import ComparedRuns, compared
from unswayed.report.tables import used_terms
from unswayed.report.telling import TellingSample, telling_samples
from unswayed.report.terms import term
from unswayed.report.text import one_line
from unswayed.report.trainings import NamedTraining, pictures, split
from unswayed.results.measured import ALL
from unswayed.run.files import write_bytes

_HEADLINES = ("steadfastness", "accuracy", "consistency_rate", "entropy")


@dataclass(frozen=True)
class ComparedSetting:
    """What a further run was made with that the first was not, beside its model."""

    run: str
    differing: tuple[str, ...]
    other_questions: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """The page, and what could not be compared, a line each."""

    path: Path
    refused: tuple[str, ...]


def write_comparison(
    folders: Sequence[Path], out: Path, samples: int = 12, allow_differing: bool = False
) -> Written:
    """Write a page of several runs and trainings.

    Args:
        folders: run folders that were measured, and folders of trainings; the further runs are
            compared with the first.
        out: the file to write.
        samples: number of telling samples, at least 0.
        allow_differing: compare runs that were not shown the same questions, too.

    Raises:
        ConfigError: no folder is given, one is given twice, or the file to write is a folder.
        RunError: a run was not measured, or files are damaged.
        MissingExtra: the extra `[report]` is not installed.
        StageError: the file cannot be written.
    """
    require()
    if out.is_dir():
        raise ConfigError(f"expected a file to write, found the folder {out}; try {out}/page.html")
    runs, trainings = split(folders)
    named = named_runs(runs)
    names = [run.name for run in named]
    found = compared(runs, names, allow_differing) if len(runs) > 1 else ComparedRuns((), ())
    shared = [place for place, _, _ in found.comparisons]
    telling = telling_samples(runs, shared, samples) if shared else []
    page = rendered("several.html.j2", _context(named, trainings, found, telling))
    write_bytes(out, page.encode("utf-8", "backslashreplace"))
    return Written(out, found.refused)


def _context(
    runs: Sequence[NamedRun],
    trainings: Sequence[NamedTraining],
    found: ComparedRuns,
    telling: Sequence[TellingSample],
) -> dict[str, Any]:
    further = [(place, name, one.differences) for place, name, one in found.comparisons]
    differences = difference_charts(runs[0].name, further) if runs else []
    side_by_side = charts(runs) if runs else []
    known = {one.metric: one for run in runs for one in used_terms(run.measured)}
    tables = [(chart, table) for chart in [*differences, *side_by_side] if (table := grid(chart))]
    return {
        "names": [run.name for run in runs],
        "trainings": [one.name for one in trainings],
        "cautions": [*found.refused, *_lost(runs)],
        "headlines": _headlines(runs),
        "settings": [_settings(name, one) for _, name, one in found.comparisons],
        "multiplicity": _multiplicity([row for _, _, rows in further for row in rows]),
        "differences": shown_charts(differences),
        "charts": shown_charts(side_by_side),
        "curves": pictures(trainings),
        "tables": tables,
        "samples": telling,
        "explorer": explorer_address,
        "terms": list(known.values()),
        "loss_kinds": [],
        "explained": set(known),
    }


def _headlines(runs: Sequence[NamedRun]) -> Grid:
    """Return the headline figures, a line for each run, over all of its benchmarks."""
    rows: list[tuple[str, ...]] = []
    for run in runs:
        scope = next(iter(run.measured.benchmarks()), ALL)
        variants = (ALL, *("base" for _ in _HEADLINES[1:]))
        found = [run.measured.find(scope, v, m) for v, m in zip(variants, _HEADLINES, strict=True)]
        cells = ["–" if one is None else spread_text(one, term(one.metric).unit) for one in found]
        n = str(found[1].n) if found[1] is not None else "–"
        rows.append((run.name, ", ".join(run.measured.benchmarks()), *cells, n))
    head = ("Run", "Benchmarks", "Steadfastness, %", "Accuracy in base, %")
    further = ("Consistency in base, %", "Entropy in base, nats", "n")
    return Grid("Headline figures", (*head, *further), 2, tuple(rows))


def _settings(name: str, one: RunComparison) -> ComparedSetting:
    others = tuple(
        f"{row.rows} of {row.shared} in {one_line(row.variant, 40)}" for row in one.other_questions
    )
    return ComparedSetting(
        name, tuple(one_line(each.text(), 300) for each in one.differing), others
    )


def _multiplicity(rows: Sequence[Difference]) -> str:
    """Say how many intervals leave 0 out, how many would by chance, and what stands."""
    tested = [row for row in rows if row.p is not None]
    if not tested:
        return ""
    clear, stands = sum(row.clear for row in rows), sum(row.stands for row in rows)
    return (
        f"Of {len(tested)} differences, the intervals of {clear} leave 0 out; if nothing differed, "
        f"about {by_chance(rows):.1f} would by chance. After Holm's correction for all of them, "
        f"{stands} stand."
    )


def _lost(runs: Sequence[NamedRun]) -> list[str]:
    return [f"{run.name}: {line}" for run in runs for line in losses.warnings(run.measured)]
