"""The data under a run: a folder is used again only with the data that it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from unswayed import progress
from unswayed.benchmarks import Benchmark
from unswayed.errors import RunError
from unswayed.perturbations import TextSource
from unswayed.pipeline.evaluation import Evaluation
from unswayed.run.files import content_hash
from unswayed.run.folder import RunFolder

_COMMIT = re.compile("[0-9a-f]{40}")


def data_of(benchmark: Benchmark) -> dict[str, Any]:
    """Return what a benchmark says of the data that it read, if it says anything."""
    return {"benchmark": benchmark.name, **_provenance(benchmark)}


def texts_of(source: TextSource) -> dict[str, Any]:
    """Return what a text source says of its data; empty if it says nothing, as templates do."""
    provenance = _provenance(source)
    return {"texts": source.name, **provenance} if provenance else {}


def fingerprint(data: Mapping[str, Any]) -> str:
    """Return what tells data apart, whatever folder they lie in; empty if nothing is known."""
    files = data.get("files")
    rows = cast("list[dict[str, Any]]", files) if isinstance(files, list) else [data]
    digests = [str(row.get("sha256") or row.get("bytes") or "") for row in rows]
    digest = digests[0] if len(digests) == 1 else content_hash(digests) if any(digests) else ""
    parts = {"commit": _commit(data), "sha256": digest}
    return ", ".join(f"{name} {value[:12]}" for name, value in parts.items() if value)


def _provenance(plugin: Any) -> dict[str, Any]:
    provenance: Any = getattr(plugin, "provenance", None)
    return provenance() if provenance else {}


def require_same_data(run: RunFolder, evaluation: Evaluation) -> None:
    """Refuse a folder whose variants were made of other data than benchmarks and texts have now.

    Files are compared by their digests (large ones by their size), data sets on the hub by their
    commits. What a benchmark does not say of its data cannot be compared.

    Raises:
        RunError: the data changed; the message names the file.
    """
    recorded = run.description().get("data")
    if not isinstance(recorded, list):
        progress.say(
            f"note: {run.folder} does not say which data it was made of, so it cannot be known "
            "whether they changed since"
        )
        return
    before = {one.get("benchmark"): one for one in cast("list[dict[str, Any]]", recorded)}
    for benchmark in evaluation.benchmarks:
        was = before.get(benchmark.name, {})
        _require_same(run, was, data_of(benchmark))
    _require_same(run, run.description().get("texts") or {}, texts_of(evaluation.context.texts))


def _require_same(run: RunFolder, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for change in _changes(was, now) if len(was) > 1 else ():
        raise RunError(
            f"{run.folder} was made of other data: {change}; use another --out, or put the data "
            "back"
        )


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs between what a benchmark said of its data then and now."""
    files, files_now = was.get("files"), now.get("files")
    if isinstance(files, list) and isinstance(files_now, list):
        yield from _changed_files(files, files_now)  # pyright: ignore[reportUnknownArgumentType]
    elif files != files_now or ("files" in was and was.get("sha256") != now.get("sha256")):
        yield f"{was.get('benchmark', 'the texts')} read {_told(was)}, and now reads {_told(now)}"
    commit, commit_now = _commit(was), _commit(now)
    if commit and commit_now and commit != commit_now:
        yield f"{was.get('hub_id')} was read at commit {commit}, and is now {commit_now}"


def _changed_files(files: list[dict[str, Any]], files_now: list[dict[str, Any]]) -> Iterator[str]:
    if len(files) != len(files_now):
        yield f"there were {len(files)} files, now there are {len(files_now)}"
    for file, file_now in zip(files, files_now, strict=False):
        for key in ("sha256", "bytes"):
            if key in file and key in file_now and file[key] != file_now[key]:
                yield f"{file_now['path']} changed ({key} was {file[key]}, is {file_now[key]})"


def _told(data: Mapping[str, Any]) -> str:
    files = data.get("files")
    count = len(cast("list[Any]", files)) if isinstance(files, list) else files
    return f"{count} files (sha256 {data.get('sha256')})"


def _commit(data: Mapping[str, Any]) -> str | None:
    """Return the commit that was read, or that is asked for before anything is read."""
    named = data.get("commit") or data.get("revision")
    return named if isinstance(named, str) and _COMMIT.fullmatch(named) else None
