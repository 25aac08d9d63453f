"""The stage `metrics`: the records of a run as columns, and every figure of them."""

from __future__ import annotations

from unswayed.metrics.columns import Columns
from unswayed.metrics.measure import measure as estimates_of
from unswayed.metrics.measure import risk_coverage
from unswayed.metrics.records import columns_of
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.run.files import write_json
from unswayed.run.folder import Run


def measure(run: Run, settings: Settings) -> None:
    """Write `metrics.json`.

    Raises:
        RunError: the run holds no generation yet.
    """
    statistics = settings.statistics
    columns = columns_of_run(run, settings)
    estimates = estimates_of(
        columns, level=statistics.level, resamples=statistics.resamples, seed=settings.seed
    )
    document = {
        "schema_version": 1,
        "settings": {
            **statistics.model_dump(),
            "seed": settings.seed,
            "on_conflict": settings.on_conflict,
            "tolerance": settings.tolerance,
        },
        "estimates": [estimate.model_dump(mode="json") for estimate in estimates],
        "risk_coverage": risk_coverage(columns),
    }
    write_json(run.folder / "metrics.json", document)


def columns_of_run(run: Run, settings: Settings | None = None) -> Columns:
    """Return a run's records as columns.

    Args:
        run: the run.
        settings: give `on_conflict` and `tolerance`; by default the run's own.

    Raises:
        RunError: the run holds no generation yet.
    """
    settings = settings or settings_of(run)
    columns = columns_of(run.joined(), run.failures, settings.on_conflict, settings.tolerance)
    if len(columns) == 0:
        raise run.no_generations()
    return columns
