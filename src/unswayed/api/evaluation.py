"""`us.evaluate` and `us.load_run`: from settings to a run, and from a folder to a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from pydantic import BaseModel

from unswayed.answers import ConflictPolicy, StyleName
from unswayed.api.objects import GivenObjects
from unswayed.api.run import Run
from unswayed.benchmarks import Benchmark
from unswayed.errors import RunError
from unswayed.judges import Judge
from unswayed.models import Model, Serving
from unswayed.perturbations import Perturbation, TextSource
from unswayed.pipeline import stages
from unswayed.pipeline.places import default_folder
from unswayed.pipeline.settings import (
    DecodingSettings,
    StatisticsSettings,
    as_written,
    settings,
    settings_of,
)
from unswayed.registry import Kind
from unswayed.registry.lending import lent
from unswayed.run.folder import RunFolder
from unswayed.training.track.comparison import is_training

PathLike = str | Path


class SettingKeys(TypedDict, total=False):
    """The settings of an evaluation as keywords; what each means: `pipeline.settings.Settings`."""

    model: str | Path | Model
    benchmarks: str | Path | Benchmark | Sequence[str | Path | Benchmark]
    variants: str | Perturbation | Sequence[str | Perturbation]
    judge: str | Judge
    profile: str | None
    answer_style: StyleName | None
    limit: int | None
    shard: str | None
    seed: int
    foils: int
    texts: str | TextSource
    delivery: Literal["prefill", "user-turn"]
    batch_size: int
    on_conflict: ConflictPolicy
    tolerance: float
    decoding: Mapping[str, Any] | DecodingSettings
    statistics: Mapping[str, Any] | StatisticsSettings
    serving: Mapping[str, Any] | Serving


def evaluate(
    *,
    recipe: PathLike | None = None,
    out: PathLike | None = None,
    report: bool = False,
    **keys: Unpack[SettingKeys],
) -> Run:
    """Show a model every variant of every sample, judge its outputs and measure.

    A run that was stopped goes on where it stopped when it is asked for again; a finished one is
    only read. Progress goes to stderr.

    Args:
        recipe: TOML file of settings or the name of a shipped one, which `keys` go over, tables
            key by key.
        out: run folder; None for one below `runs/` that is named by what decides the result.
            Given alone, it is a run to finish with its own settings.
        report: also write `report.html` (needs the extra `[report]`).
        keys: settings. Of `model`, `benchmarks`, `variants`, `judge` and `texts` also ready
            objects, which meet `Model`, `Benchmark`, `Perturbation`, `Judge`, `TextSource`.

    Raises:
        UserError: a setting, name, file or folder is not as it must be.
        StageError: a stage failed; the same call goes on where it stopped.
    """
    if report:
        from unswayed.report import require

        require()
    if recipe is None and out is not None and not keys:
        folder, objects, request = Path(out), GivenObjects(), dict[str, Any](resumed=True)
        chosen = settings_of(RunFolder.open(folder))
    else:
        objects = GivenObjects()
        options = _options(objects, keys)
        chosen = settings(recipe, options)
        folder = default_folder(chosen) if out is None else Path(out)
        request = _request(options, objects, recipe)
    with lent(objects.lent):
        stages.evaluate(chosen, folder, request)
    run = Run(folder)
    if report:
        run.report()
    return run


def load_run(folder: PathLike) -> Run:
    """Open a run folder, finished or not.

    Raises:
        RunError: it is no run folder, or another version wrote it.
    """
    path = Path(folder)
    if is_training(path):
        raise RunError(
            f"{path} is a training, not a run; us.track reads it, and each of its evaluations is "
            "a run in its folder evaluations/"
        )
    opened = RunFolder.open(path)
    opened.description()
    return Run(path)


_KINDS: Mapping[str, Kind] = {
    "model": "model",
    "benchmarks": "benchmark",
    "variants": "perturbation",
    "judge": "judge",
    "texts": "text source",
}
"""Setting → the kind of the object that may stand for it."""
_SEVERAL = ("benchmarks", "variants")


def _options(objects: GivenObjects, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as a recipe would have them: specs for objects, tables for records."""
    options: dict[str, Any] = {}
    for name, value in keys.items():
        kind = _KINDS.get(name)
        if isinstance(value, BaseModel):
            options[name] = value.model_dump(exclude_unset=True)
        elif kind is None or value is None:
            options[name] = value
        elif name in _SEVERAL:
            options[name] = objects.specs(name, kind, value)
        else:
            options[name] = objects.spec(name, kind, value)
    return options


def _request(
    options: Mapping[str, Any], objects: GivenObjects, recipe: PathLike | None
) -> dict[str, Any]:
    """Return what was asked for, in JSON values, for the record."""
    plain = {name: value for name, value in options.items() if value is not None}
    values: dict[str, Any] = json.loads(json.dumps(plain, default=str))
    classes = objects.described()
    return {
        **values,
        **({"objects": classes} if classes else {}),
        **(as_written(recipe) if recipe else {}),
    }
