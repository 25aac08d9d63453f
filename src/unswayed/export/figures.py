"""The figures of a run, refused where they are not of its records."""

from __future__ import annotations

from unswayed.errors import RunError
from unswayed.pipeline.metrics import is_measured
from unswayed.pipeline.settings import settings_of
from unswayed.results import measured
from unswayed.results.measured import Measured
from unswayed.run.folder import RunFolder


def current_figures(run: RunFolder) -> Measured:
    """Return every figure of a run.

    Raises:
        RunError: the run was not measured, or its figures are of other records, settings or
            versions than it holds now.
    """
    found = measured.load(run)
    if not is_measured(run, settings_of(run)):
        raise RunError(
            f"{run.folder / measured.FILE} is not of the records that are there now, or another "
            f"version wrote it; run: unswayed measure {run.folder}"
        )
    return found
