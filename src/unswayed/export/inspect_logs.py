"""A run as logs of Inspect: a folder with an `.eval` file for each variant of each benchmark.

A log of Inspect is of one task, whose samples are scored alike; so each variant is a task, and the
same sample has the same id in all of them. Written here is the format itself, a ZIP archive of JSON
(schema version 2, as inspect-ai 0.3.285 writes it), and not through Inspect's library: that wants a
log in memory as a whole, and brings sixty packages. `make test-exports` reads the files with it.

    header.json             Inspect's EvalLog without samples: task, model, results
    samples/ID_epoch_N.json one EvalSample each
    summaries.json          one EvalSampleSummary each
    _journal/start.json     task and model, as a log has them from its beginning
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import unswayed
from unswayed.export.cells import as_json
from unswayed.export.figures import current_figures
from unswayed.export.inspect_samples import SCORES, sample_of, summary_of
from unswayed.export.places import is_marked, mark
from unswayed.export.tasks import standard_error, task
from unswayed.pipeline.differing import model_of
from unswayed.pipeline.metrics import columns_of_run
from unswayed.prompts import Profile
from unswayed.results.measured import Measured
from unswayed.results.rows import each_row
from unswayed.run.files import content_hash
from unswayed.run.folder import RunFolder
from unswayed.run.public import public

_SCHEMA = 2
_FORMAT = "inspect"
_CHUNK = 1 << 20


def write_logs(run: RunFolder, folder: Path) -> None:
    """Write a log for each variant of each benchmark of a measured run.

    Raises:
        UnswayedError: the run was not measured as it is now, or see `each_row`.
    """
    found, columns, description = current_figures(run), columns_of_run(run), run.description()
    profile = Profile.model_validate(description["profile"])
    name = public(model_of(run))
    folder.mkdir()
    logs: dict[tuple[str, str], _Log] = {}
    with ExitStack() as opened:
        for row, (variant, generation) in zip(each_row(run), run.outputs(), strict=False):
            key = row["benchmark"], row["variant"]
            if key not in logs:
                head = _Head(run, description, name, *key)
                logs[key] = opened.enter_context(_Log.opened(folder / head.file, head))
            sample = sample_of(row, variant, generation, name, profile)
            logs[key].add(sample, summary_of(sample, variant))
        for key, log in logs.items():
            log.finish(_results(found, key, log, standard_error(columns, *key)))
    mark(folder, _FORMAT)


def is_logs(folder: Path) -> bool:
    """Say whether a folder is an export of logs."""
    return is_marked(folder, _FORMAT)


class _Head:
    """What a log says of its task and model, without results."""

    def __init__(
        self,
        run: RunFolder,
        description: Mapping[str, Any],
        model: str,
        benchmark: str,
        variant: str,
    ) -> None:
        created = datetime.fromisoformat(description["created"])
        self.name = task(benchmark, variant)
        self.id = content_hash([description["settings"], description["created"], self.name])
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", self.name)  # an underscore parts a log's name
        self.file = f"{created:%Y-%m-%dT%H-%M-%S+00-00}_{slug}_{self.id}.eval"
        self.status = "success" if run.complete("verdicts") else "cancelled"
        self.eval: dict[str, Any] = {
            "eval_id": self.id,
            "run_id": content_hash([description["settings"], description["created"]]),
            "created": created.isoformat(),
            "task": self.name,
            "task_id": self.id,
            "task_version": str(description.get("unswayed")),
            "task_args": {"benchmark": benchmark, "variant": variant},
            "tags": ["unswayed"],
            "dataset": {"name": benchmark},
            "model": model,
            "model_generate_config": _decoding(description.get("decoding") or {}),
            "model_args": {},
            "config": {},
            "packages": {"unswayed": str(description.get("unswayed"))},
            "metadata": {
                "settings": public(description["settings"]),
                "git": description.get("git"),
                "exported_by": unswayed.__version__,
            },
        }


class _Log:
    """A log that is being written: samples go into the archive, their summaries aside."""

    def __init__(self, archive: ZipFile, summaries: IO[bytes], head: _Head) -> None:
        self.archive, self.summaries, self.head = archive, summaries, head
        self.scored = dict.fromkeys(SCORES, 0)
        self.total, self.completed, self.epochs = 0, 0, 1
        start = {"version": _SCHEMA, "eval": head.eval, "plan": {}}
        self._write("_journal/start.json", start)

    @classmethod
    @contextmanager
    def opened(cls, path: Path, head: _Head) -> Generator[_Log]:
        with ZipFile(path, "x", ZIP_DEFLATED) as archive, TemporaryFile() as summaries:
            yield cls(archive, summaries, head)

    def add(self, sample: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        self._write(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", sample)
        self.summaries.write((b"," if self.total else b"[") + _json(summary))
        self.total += 1
        self.completed += "error" not in sample
        self.epochs = max(self.epochs, sample["epoch"])
        for name in sample["scores"]:
            self.scored[name] += 1

    def finish(self, results: Mapping[str, Any]) -> None:
        """Write the summaries, and the header, which makes a log of the archive."""
        self.summaries.write(b"]")
        self.summaries.seek(0)
        with self.archive.open("summaries.json", "w", force_zip64=True) as stream:
            while piece := self.summaries.read(_CHUNK):
                stream.write(piece)
        dataset = {**self.head.eval["dataset"], "samples": self.total // self.epochs}
        header = {
            "version": _SCHEMA,
            "status": self.head.status,
            "eval": {**self.head.eval, "dataset": dataset, "config": {"epochs": self.epochs}},
            "plan": {},
            "results": results,
            "stats": {},
        }
        self._write("header.json", header)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        self.archive.writestr(name, _json(content))


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(as_json(content), ensure_ascii=False, allow_nan=False).encode()


def _results(
    found: Measured, key: tuple[str, str], log: _Log, error: float | None
) -> dict[str, Any]:
    """Return the figures of a variant as Inspect's `EvalResults`."""
    scores: list[dict[str, Any]] = []
    for name, metric in SCORES.items():
        estimate = found.find(*key, metric)
        if estimate is None or estimate.value is None:
            continue
        known = {"low": estimate.low, "high": estimate.high, "level": estimate.level}
        mean = "mean" if name == "sway" else "accuracy"
        about = {"metadata": {**known, "n": estimate.n, "metric": metric}}
        metrics: dict[str, Any] = {mean: {"name": mean, "value": estimate.value, **about}}
        if name == "correct" and error is not None:
            metrics["stderr"] = {"name": "stderr", "value": error}
        count = log.scored[name]
        scored = {"scored_samples": count, "unscored_samples": log.total - count}
        scores.append({"name": name, "scorer": name, **scored, "metrics": metrics})
    return {"total_samples": log.total, "completed_samples": log.completed, "scores": scores}


def _decoding(decoding: Mapping[str, Any]) -> dict[str, Any]:
    """Return how was sampled, as Inspect's `GenerateConfig`."""
    names = {"max_new_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"}
    return {name: decoding[own] for own, name in names.items() if decoding.get(own) is not None}
