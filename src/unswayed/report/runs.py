"""Several runs against the first: paired differences, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.errors import ConfigError, DataError
from unswayed.pipeline.comparison import RunComparison, compare_runs, corrected_together
from unswayed.report.text import one_line
from unswayed.run.folder import RunFolder


@dataclass(frozen=True)
class ComparedRuns:
    """Further runs against the first.

    Attributes:
        comparisons: place, name and comparison of each that shares questions with the first.
        refused: a line for each other one.
    """

    comparisons: tuple[tuple[int, str, RunComparison], ...]
    refused: tuple[str, ...]


def compared(
    runs: Sequence[RunFolder], names: Sequence[str], allow_differing: bool = False
) -> ComparedRuns:
    """Return the paired differences of every further run from the first.

    Runs that share no question with it, or were not shown the same, stand side by side with it all
    the same; the reason stands in their place.

    Args:
        runs: at least two runs.
        names: a name for each.
        allow_differing: compare runs that were not shown the same questions, too.

    Raises:
        RunError: a run cannot be read.
    """
    found: list[tuple[int, str, RunComparison]] = []
    refused: list[str] = []
    for place, (run, name) in enumerate(zip(runs, names, strict=True)):
        if place == 0:
            continue
        try:
            (one,) = compare_runs([runs[0].folder, run.folder], allow_differing=allow_differing)
        except (ConfigError, DataError) as error:
            refused.append(f"{name}: no paired differences: {one_line(str(error), 1000)}")
            continue
        found.append((place, name, one))
    together = corrected_together([one for _, _, one in found])
    pairs = zip(found, together, strict=True)
    return ComparedRuns(
        tuple((place, name, one) for (place, name, _), one in pairs), tuple(refused)
    )
