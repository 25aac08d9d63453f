"""Which data exactly is read: the commit of a data set on the hub, or the digests of files.

A branch moves, and `datasets` without a network reads whichever commit it has in its cache. So a
name is turned into a commit before anything is fetched, and what came is compared with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unswayed.benchmarks.sources import arrow
from unswayed.errors import DataError

DIGESTED = 64 << 20
"""Bytes up to which a file's digest is recorded; of a larger one the size alone."""

LISTED = 20
"""Files that are recorded one by one."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PATIENCE = 10.0
"""Seconds to wait for the hub's answer about a revision."""


@dataclass(frozen=True)
class Revision:
    """A revision as it was asked for, and the commit that it is.

    Attributes:
        asked: commit, tag or branch.
        commit: its 40 hex digits; None where it is not known.
        note: why it is not known, or how it came to be; empty if it was as asked.
    """

    asked: str
    commit: str | None = None
    note: str = ""


def resolve(hub_id: str, revision: str) -> Revision:
    """Ask the hub which commit a tag or branch is; a commit is one already.

    Raises:
        MissingExtra: the hub's client is not installed.
    """
    if _COMMIT.fullmatch(revision):
        return Revision(revision, revision)
    if Path(hub_id).is_dir():  # as `datasets` does
        return Revision(revision, None, f"{hub_id} is a folder here, not a data set on the hub")
    api = arrow.need("huggingface_hub").HfApi()
    try:
        commit: Any = api.dataset_info(hub_id, revision=revision, timeout=_PATIENCE).sha
    except Exception as error:  # the network, the hub and its client raise all sorts
        return Revision(revision, None, f"the hub could not be asked ({type(error).__name__})")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        return Revision(revision, None, f"the hub named no commit, but {commit!r:.60}")
    return Revision(revision, commit)


def read_commit(loaded: Any) -> str | None:
    """Return the commit that a `datasets.Dataset` was made from: a folder of its cache."""
    files: list[dict[str, str]] = getattr(loaded, "cache_files", None) or []
    parts = (part for file in files for part in Path(file["filename"]).parts)
    return next((part for part in parts if _COMMIT.fullmatch(part)), None)


def confirmed(hub_id: str, revision: Revision, loaded: Any) -> Revision:
    """Compare the revision with the commit that was read.

    Raises:
        DataError: another commit was read: without a network, `datasets` takes what it has.
    """
    commit = read_commit(loaded)
    if commit is None or commit == revision.commit:
        return revision
    if revision.commit is None:
        note = f"{revision.note}; this commit of it is in the cache of `datasets`"
        return Revision(revision.asked, commit, note.removeprefix("; "))
    raise DataError(
        f"expected {hub_id} at {revision.commit}, found {commit} in the cache of `datasets`, which "
        f"could not reach the hub; fetch the commit with a network, or accept the other one with "
        f"revision={commit}"
    )


def of_files(paths: Iterable[Path]) -> dict[str, Any]:
    """Return path, size and (up to `DIGESTED` bytes) SHA-256 of the files that are read.

    Of more than `LISTED` files: their number, size and one SHA-256 over theirs, one a line, in the
    order in which they are read.
    """
    files = [_described(path) for path in paths]
    if len(files) <= LISTED:
        return {"files": files}
    lines = "\n".join(str(file.get("sha256", file["bytes"])) for file in files)
    return {
        "files": len(files),
        "bytes": sum(file["bytes"] for file in files),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def _described(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    described: dict[str, Any] = {"path": str(path), "bytes": size}
    if size <= DIGESTED:
        with path.open("rb") as stream:
            described["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
    return described
