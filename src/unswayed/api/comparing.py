"""`us.compare`: paired differences between runs, or between trainings over their seeds."""

# pandas comes without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unswayed.api.run import Run
from unswayed.api.trainings import Training
from unswayed.training.track.comparison import are_trainings, compare_several

if TYPE_CHECKING:
    from pandas import DataFrame


def compare(
    *runs: str | Path | Run | Training,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    step: int | None = None,
    allow_differing: bool = False,
) -> DataFrame:
    """Compare every further run with the first, over the samples that both hold.

    A difference is that of the later run minus the first. Every setting that two runs do not have
    in common besides the model is in the table's `attrs["differing"]`: folder → list of dicts.
    Trainings are compared at the same step, over their seeds; what a reader must know of the
    comparison is in `attrs["notes"]`.

    Args:
        runs: at least two runs or two trainings, or their folders.
        level: confidence level of the intervals, in (0, 1).
        resamples: bootstrap resamples, at least 100; of runs.
        seed: of the resampling; of runs.
        allow_differing: compare runs whose models were not shown the same questions, too; of runs.
        step: of trainings: the step to compare at; None for the last that all seeds have.

    Raises:
        MissingExtra: pandas is not installed.
        ConfigError: fewer than two, the same one twice, runs and trainings together, nothing that
            both sides hold, or runs that were not shown the same questions.
        RunError: a folder is no run, or cannot be compared with the first.
    """
    from unswayed.results import frames

    frames.require()
    folders = [_folder(run) for run in runs]
    if are_trainings(folders, step):
        from unswayed.training.track.frames import comparison_frame

        return comparison_frame(folders[0], compare_several(folders, step=step, level=level))
    from unswayed.pipeline.comparison import compare_runs
    from unswayed.results.tables import differences_frame

    found = compare_runs(
        folders, level=level, resamples=resamples, seed=seed, allow_differing=allow_differing
    )
    return differences_frame(found)


def _folder(run: str | Path | Run | Training) -> Path:
    return run.folder if isinstance(run, Run | Training) else Path(run)
