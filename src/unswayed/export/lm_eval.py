"""The figures of a run as lm-evaluation-harness writes its results: `results.json`.

The shape is that of EvalResults in lm-eval 0.4.13, in its module `result_schema`. A benchmark is a
group and each of its variants a task of it, so that the harness's own table shows them below each
other. Accuracy has the harness's name, `acc`; other metrics have ours. The harness knows no
intervals: its file has standard errors, here of accuracy alone, and ours stand under `unswayed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import unswayed
from unswayed.errors import RunError
from unswayed.export.figures import current_figures
from unswayed.export.tasks import standard_error, task
from unswayed.metrics.columns import Columns
from unswayed.pipeline.differing import model_of
from unswayed.pipeline.metrics import columns_of_run
from unswayed.results.measured import ALL, Measured
from unswayed.results.model_index import TITLES
from unswayed.run.files import read_object, write_json
from unswayed.run.folder import RunFolder
from unswayed.run.public import public
from unswayed.types import Estimate

_KEY = "unswayed"
_THEIRS = {"accuracy": "acc"}
"""Our metric → the harness's name for it; the others keep ours."""
_HIGHER_IS_BETTER: Mapping[str, bool] = {
    "accuracy": True,
    "faithful_accuracy": True,
    "consistency_rate": True,
    "p_correct": True,
    "steadfastness": True,
    "sway": False,
    "unparsed_rate": False,
}
"""Of entropy neither is better."""


def write_results(run: RunFolder, path: Path) -> None:
    """Write the results of a measured run.

    Raises:
        RunError: the run was not measured as it is now.
    """
    write_json(path, document(run))


def is_results(path: Path) -> bool:
    """Say whether a file is an export of results."""
    try:
        content = read_object(path)
    except RunError:
        return False
    return _KEY in content and "results" in content


def document(run: RunFolder) -> dict[str, Any]:
    """Return the results of a measured run as the harness's dict.

    Raises:
        RunError: the run was not measured as it is now.
    """
    found, description = current_figures(run), run.description()
    names = [name for name in found.benchmarks() if name != ALL]
    tasks = {
        task(name, variant): (name, variant) for name in names for variant in found.variants(name)
    }
    groups = {
        name: _values(_of(found, name, ALL)) | {"name": name, "alias": name} for name in names
    }
    return {
        "results": {**groups, **_results(found, tasks, columns_of_run(run))},
        "groups": groups,
        "group_subtasks": {
            name: [one for one, (inside, _) in tasks.items() if inside == name] for name in names
        },
        "configs": {one: _config(one, *named) for one, named in tasks.items()},
        "versions": dict.fromkeys([*groups, *tasks], str(description.get("unswayed"))),
        "n-shot": dict.fromkeys(tasks, 0),
        "higher_is_better": {one: _directions(_of(found, *named)) for one, named in tasks.items()}
        | {name: _directions(_of(found, name, ALL)) for name in names},
        "n-samples": {one: _counts(found.find(*named, "accuracy")) for one, named in tasks.items()},
        **_made(run, description),
        _KEY: {
            "version": unswayed.__version__,
            "settings": dict(found.settings),
            "estimates": [
                one.model_dump(mode="json")
                for one in found.estimates
                if one.metric in TITLES and one.benchmark != ALL
            ],
        },
    }


def _of(found: Measured, benchmark: str, variant: str) -> list[Estimate]:
    """Return the main figures of a variant that have a value."""
    pairs = (found.find(benchmark, variant, metric) for metric in TITLES)
    return [one for one in pairs if one is not None and one.value is not None]


def _results(
    found: Measured, tasks: Mapping[str, tuple[str, str]], columns: Columns
) -> dict[str, Any]:
    return {
        name: {
            "name": name,
            "alias": variant,
            "sample_len": _counts(found.find(benchmark, variant, "accuracy"))["effective"],
            **_values(_of(found, benchmark, variant)),
            **_error(columns, benchmark, variant),
        }
        for name, (benchmark, variant) in tasks.items()
    }


def _values(estimates: list[Estimate]) -> dict[str, Any]:
    return {f"{_theirs(one.metric)},none": one.value for one in estimates}


def _error(columns: Columns, benchmark: str, variant: str) -> dict[str, float]:
    error = standard_error(columns, benchmark, variant)
    return {} if error is None else {f"{_THEIRS['accuracy']}_stderr,none": error}


def _theirs(metric: str) -> str:
    return _THEIRS.get(metric, metric)


def _directions(estimates: list[Estimate]) -> dict[str, bool | None]:
    return {_theirs(one.metric): _HIGHER_IS_BETTER.get(one.metric) for one in estimates}


def _counts(accuracy: Estimate | None) -> dict[str, int]:
    """Return the rows that there were to be, and those under the accuracy."""
    if accuracy is None:
        return {"original": 0, "effective": 0}
    lost = accuracy.n_failed + accuracy.n_refused
    return {"original": accuracy.n + lost, "effective": accuracy.n}


def _config(name: str, benchmark: str, variant: str) -> dict[str, Any]:
    return {
        "task": name,
        "tag": "unswayed",
        "dataset_path": benchmark,
        "dataset_name": variant,
        "output_type": "generate_until",
        "num_fewshot": 0,
        "metadata": {"benchmark": benchmark, "variant": variant},
    }


def _made(run: RunFolder, description: Mapping[str, Any]) -> dict[str, Any]:
    """Return with what and when the run was made; folders of its machine are left out."""
    model: Mapping[str, Any] = description.get("model") or {}
    settings: Mapping[str, Any] = public(description["settings"])
    name = public(model_of(run))
    seed = description.get("seed")
    return {
        "config": {
            "model": model.get("backend"),
            "model_args": settings.get("model"),
            "model_num_parameters": model.get("parameters"),
            "model_dtype": model.get("dtype"),
            "model_revision": model.get("revision"),
            "model_sha": model.get("sha256"),
            "batch_size": str(settings.get("batch_size")),
            "device": model.get("device"),
            "limit": settings.get("limit"),
            "gen_kwargs": description.get("decoding"),
            "random_seed": seed,
        },
        "git_hash": description.get("git"),
        "date": datetime.fromisoformat(description["created"]).timestamp(),
        "model_source": model.get("backend"),
        "model_name": name,
        "model_name_sanitized": name.replace("/", "__"),
    }
