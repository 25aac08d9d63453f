"""Compare runs: the same samples under another model, checkpoint or prompt.

Figures of runs that were not shown the same questions differ for that reason alone, so such runs
are refused unless they are compared on purpose; every setting that differs is named in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unswayed.errors import ConfigError
from unswayed.metrics.compare import (
    Difference,
    OtherQuestions,
    compare,
    corrected,
    other_questions,
)
from unswayed.metrics.intervals import IntervalSettings
from unswayed.pipeline.differing import DifferingSetting, differing_settings, model_of
from unswayed.pipeline.metrics import columns_of_run
from unswayed.run.folder import RunFolder


@dataclass(frozen=True)
class RunComparison:
    """A run against the first one.

    Attributes:
        reference: folder of the first run.
        run: folder of the other one.
        models: the two runs' models.
        differing: every setting that they do not have in common, besides the model.
        other_questions: variants in which the model was not shown the same in both.
        differences: paired differences, run − reference; `p_holm` is corrected for all that are
            looked at together, those of further runs included.
    """

    reference: Path
    run: Path
    models: tuple[str, str]
    differing: tuple[DifferingSetting, ...]
    other_questions: tuple[OtherQuestions, ...]
    differences: tuple[Difference, ...]


def compare_runs(
    folders: Sequence[Path],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    allow_differing: bool = False,
) -> list[RunComparison]:
    """Return, for each further run, its paired differences from the first.

    Args:
        folders: at least two run folders.
        level: confidence level of the intervals, in (0, 1).
        resamples: bootstrap resamples.
        seed: of the resampling.
        allow_differing: compare runs that were not shown the same questions, too.

    Raises:
        ConfigError: fewer than two runs, runs that share no sample, or runs that were not shown
            the same questions.
        RunError: a folder is no run.
    """
    if len(folders) < 2:
        raise ConfigError(f"expected at least two run folders to compare, found {len(folders)}")
    IntervalSettings(level, resamples, seed)  # a slip is told before anything is read
    reference, *runs = [RunFolder.open(folder) for folder in folders]
    first = columns_of_run(reference)
    found: list[RunComparison] = []
    for run in runs:
        columns = columns_of_run(run)
        differing, others = differing_settings(reference, run), other_questions(first, columns)
        if others and not allow_differing:
            raise ConfigError(_refusal(reference, run, differing, others))
        differences = compare(first, columns, level=level, resamples=resamples, seed=seed)
        models = model_of(reference), model_of(run)
        found.append(
            RunComparison(
                reference.folder,
                run.folder,
                models,
                tuple(differing),
                tuple(others),
                tuple(differences),
            )
        )
    return corrected_together(found)


def _refusal(
    reference: RunFolder,
    run: RunFolder,
    differing: Sequence[DifferingSetting],
    others: Sequence[OtherQuestions],
) -> str:
    """Return one line: where the questions differ, which settings do, and what to do."""
    where = ", ".join(f"{one.rows} of {one.shared} in {one.variant}" for one in others[:8])
    more = f" and {len(others) - 8} more" if len(others) > 8 else ""
    why = "; ".join(one.text() for one in differing) or "no setting that differs"
    return (
        f"{reference.folder} and {run.folder} did not show their models the same questions "
        f"(rows that differ: {where}{more}), so that a difference would not be the models'; what "
        f"was set differently: {why}; make one of them again with the other's settings, or give "
        "--allow-differing (from Python: allow_differing=True) to compare them on purpose"
    )


def corrected_together(found: Sequence[RunComparison]) -> list[RunComparison]:
    """Correct the p-values of several comparisons for all of their number."""
    rows = iter(corrected([row for one in found for row in one.differences]))
    return [replace(one, differences=tuple(next(rows) for _ in one.differences)) for one in found]
