"""The stages of an evaluation in their order: variants, generations, verdicts, metrics.

Each stage reads the files of the stages before it and appends to one of its own, so that a killed
run goes on where it stopped, judging never generates again, and measuring never judges again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unswayed.pipeline.data import require_same_data
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.generations import generate
from unswayed.pipeline.metrics import is_measured, measure
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.variants import make_variants
from unswayed.pipeline.verdicts import judge
from unswayed.run.folder import RunFolder


def evaluate(settings: Settings, out: Path, as_written: dict[str, Any] | None = None) -> RunFolder:
    """Run every stage up to `metrics.json`; a folder that was begun is finished.

    Args:
        settings: what to evaluate.
        out: the run folder.
        as_written: the settings as the user wrote them, for the record.

    Raises:
        UnswayedError: see `errors`.
    """
    evaluation, run = Evaluation(settings), RunFolder(out)
    evaluation.resolve(run)
    with run.writing():
        begin(run, evaluation, as_written)
        make_variants(run, evaluation)
        generate(run, evaluation)
        judge(run, evaluation.judge, settings)
        if not is_measured(run, settings):
            measure(run, settings)
    return run


def begin(run: RunFolder, evaluation: Evaluation, as_written: dict[str, Any] | None = None) -> None:
    """Write `run.json`, or require that the folder was begun with the same settings and data.

    Raises:
        RunError: the folder was made with other settings or data, or a file of a finished stage
            was changed.
    """
    settings = evaluation.settings
    run.start(settings.deciding(), as_written or {}, settings.seed)
    run.require_unchanged()
    if run.complete("variants"):
        require_same_data(run, evaluation)
    run.add_to_description("measuring", settings.measuring())
    run.add_to_description("serving", settings.serving.model_dump(mode="json"))
