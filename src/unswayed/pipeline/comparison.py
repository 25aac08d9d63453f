"""Compare runs: the same samples under another model, checkpoint or prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unswayed.errors import ConfigError
from unswayed.metrics.columns import Columns
from unswayed.metrics.compare import compare
from unswayed.pipeline.metrics import columns_of_run
from unswayed.run.folder import RunFolder
from unswayed.types import Estimate


def compare_runs(
    folders: Sequence[Path], *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> dict[Path, list[Estimate]]:
    """Return, for each further run, its paired differences from the first.

    Args:
        folders: at least two run folders.
        level: confidence level of the intervals, in (0, 1).
        resamples: bootstrap resamples.
        seed: of the resampling.

    Raises:
        ConfigError: fewer than two runs, or runs that share no sample.
        RunError: a folder is no run.
    """
    if len(folders) < 2:
        raise ConfigError(f"expected at least two run folders to compare, found {len(folders)}")
    first, *others = [_columns(folder) for folder in folders]
    return {
        folder: compare(first, other, level=level, resamples=resamples, seed=seed)
        for folder, other in zip(folders[1:], others, strict=True)
    }


def _columns(folder: Path) -> Columns:
    return columns_of_run(RunFolder.open(folder))
