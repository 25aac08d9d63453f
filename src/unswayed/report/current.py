"""The page of a run, written again only if what it is made of changed."""

from __future__ import annotations

from pathlib import Path

import unswayed
from unswayed.errors import RunError
from unswayed.report.page import NAME, write_report
from unswayed.run.files import content_hash
from unswayed.run.folder import RECORD_FILES, RunFolder

SAMPLES = 12
"""Samples that a page shows unless it is asked for more or fewer."""


def current_report(run: RunFolder, samples: int = SAMPLES) -> Path:
    """Return the page of a run; it is written if there is none of these records and figures.

    Args:
        run: a run that was measured.
        samples: number of samples to show, at least 0.

    Raises:
        UnswayedError: see `write_report`.
    """
    if run.is_made_from(NAME, _source(run, samples)):
        return run.folder / NAME
    return new_report(run, samples)


def new_report(run: RunFolder, samples: int = SAMPLES) -> Path:
    """Write the page of a run, and remember what it was made of; see `write_report`."""
    source = _source(run, samples)
    path = write_report(run, samples)
    try:
        with run.writing():
            run.keep_digest(NAME, source)
    except RunError:
        pass  # another process writes in the folder: the page is then written again next time
    return path


def _source(run: RunFolder, samples: int) -> str:
    """Return a hash of everything that a page is made of."""
    names = ("run.json", "metrics.json", *RECORD_FILES)
    digests = {name: digest.sha256 for name in names if (digest := run.digest(name))}
    return content_hash([digests, samples, unswayed.__version__])
