"""The stage `metrics`: the records of a run as columns, and every figure of them.

What was made before is used again if it was made from the same: `rows.npz` holds the columns, and
`progress.json` says what `metrics.json` was made from.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import unswayed
from unswayed.answers import TAGGED
from unswayed.errors import StageError
from unswayed.metrics import stored
from unswayed.metrics.columns import Columns
from unswayed.metrics.measure import measure as estimates_of
from unswayed.metrics.measure import reliability, risk_coverage
from unswayed.metrics.records import columns_of
from unswayed.pipeline import unread
from unswayed.pipeline.rules import recorded_style, rules_of
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.run.files import content_hash, write_bytes, write_json
from unswayed.run.folder import RECORD_FILES, RunFolder

METRICS, ROWS = "metrics.json", "rows.npz"


def measure(run: RunFolder, settings: Settings) -> None:
    """Write `metrics.json`, and `rows.npz` if it is not of these records.

    Raises:
        RunError: the run holds no generation yet.
    """
    run.keep_stage_digests()
    statistics = settings.statistics
    columns = columns_of_run(run, settings)
    asked = {**statistics.model_dump(include={"level", "resamples"}), "seed": settings.seed}
    estimates = estimates_of(columns, **asked)
    document = {
        "schema_version": 1,
        "settings": {
            **statistics.model_dump(),
            "seed": settings.seed,
            "on_conflict": settings.on_conflict,
            "tolerance": settings.tolerance,
            **_reading(run),
        },
        "estimates": [estimate.model_dump(mode="json") for estimate in estimates],
        "risk_coverage": risk_coverage(columns),
        "reliability": reliability(columns, **asked),
        "unread": unread.advice(columns, run.outputs, rules_of(run, settings)),
    }
    write_json(run.folder / METRICS, document)
    run.keep_digest(METRICS, _figures_source(run, settings))


def is_measured(run: RunFolder, settings: Settings) -> bool:
    """Say whether `metrics.json` is there, as it was written, of these records and settings."""
    return run.is_made_from(METRICS, _figures_source(run, settings))


def columns_of_run(run: RunFolder, settings: Settings | None = None) -> Columns:
    """Return a run's records as columns: those of `rows.npz` if they were made from the same.

    A run that is not finished is read from its records, and nothing is stored.

    Args:
        run: the run.
        settings: give `on_conflict` and `tolerance`; by default the run's own.

    Raises:
        RunError: the run holds no generation yet.
    """
    settings = settings or settings_of(run)
    finished = run.complete("generations") and run.complete("verdicts")
    path, source = run.folder / ROWS, _rows_source(run, settings) if finished else ""
    columns = stored.load(path, source) if finished else None
    if columns is not None:
        return columns
    columns = columns_of(run.joined(), run.failures, rules_of(run, settings))
    if len(columns) == 0:
        raise run.no_generations()
    if finished:
        with suppress(StageError):  # it only saves time, and the folder may be read-only
            write_bytes(path, stored.to_bytes(columns, source))
    return columns


def _reading(run: RunFolder) -> dict[str, Any]:
    """Return the answer style as `metrics.json` has it; none of answers in tags, as ever."""
    style = recorded_style(run)
    if style == TAGGED:
        return {}
    return {"answer_style": style.name, "thought": [style.opens, style.closes]}


def _rows_source(run: RunFolder, settings: Settings) -> str:
    """Return a hash of what the columns are made from."""
    digests = {name: digest.sha256 for name in RECORD_FILES if (digest := run.digest(name))}
    return content_hash(
        [digests, settings.on_conflict, settings.tolerance, _reading(run), stored.VERSION]
    )


def _figures_source(run: RunFolder, settings: Settings) -> str:
    """Return a hash of what the figures are made from."""
    statistics = settings.statistics.model_dump()
    rows = _rows_source(run, settings)
    return content_hash([rows, statistics, settings.seed, unswayed.__version__])
