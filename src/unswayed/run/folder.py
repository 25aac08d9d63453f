"""The run folder: append-only stages, one writer, provenance, resume.

    run.json           how the run was made: settings, versions, model, machine
    variants.jsonl     what is shown        failures.jsonl   what could not be processed
    generations.jsonl  what was written     verdicts.jsonl   whether thought and answer agree
    rows.npz           the same in columns, one row a generation
    metrics.json       every figure         report.html      for people
    images/            each picture once, named by the hash of its bytes
    progress.json      which stages are complete, and the digests of what they wrote
    shard.json         only of a shard: where each of its lines stands in the whole

JSONL and no database: runs lie on NFS and Lustre, where SQLite's locks fail, and are read with
pandas. Each stage file is in the order of `variants.jsonl`, so stages are joined by reading them
side by side, and a resumed stage goes on after the last whole line: a torn last line (a kill, a
full disk) is cut off, and nothing is written twice. Where k outputs a prompt are drawn, each
variant has k lines in the later stages, one behind the other.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

from filelock import BaseFileLock, FileLock, Timeout

from unswayed.errors import RunError
from unswayed.run import pairing
from unswayed.run.digests import FileDigest, of_file, of_record
from unswayed.run.files import read_object, write_bytes, write_json
from unswayed.run.pairing import JudgedOutput, VariantOutput
from unswayed.run.pictures import read_image
from unswayed.run.provenance import provenance
from unswayed.run.stage import Stage
from unswayed.types import Failure, Generation, ImageRef, Variant, Verdict

StageName = Literal["variants", "generations", "verdicts"]
SHARD_FILE = "shard.json"
_WRITTEN_BY: dict[StageName, tuple[str, ...]] = {
    "variants": ("variants.jsonl", "failures.jsonl"),
    "generations": ("generations.jsonl",),
    "verdicts": ("verdicts.jsonl",),
}
"""Stage → the files that it writes."""
RECORD_FILES = tuple(name for names in _WRITTEN_BY.values() for name in names)
"""The files of records, which all figures are made from."""


class RunFolder:
    """A run folder. Reading needs no lock; `writing` takes it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched."""
        self.folder = folder
        self.variants = Stage(folder / "variants.jsonl", Variant)
        self.generations = Stage(folder / "generations.jsonl", Generation)
        self.verdicts = Stage(folder / "verdicts.jsonl", Verdict)
        self.failures = Stage(folder / "failures.jsonl", Failure)

    @classmethod
    def open(cls, folder: Path) -> RunFolder:
        """Return an existing run.

        Raises:
            RunError: the folder is no run folder, or a file of a finished stage was changed.
        """
        if not (folder / "run.json").is_file():
            raise RunError(f"expected a run folder with a run.json in it, found none at {folder}")
        run = cls(folder)
        run.require_unchanged()
        return run

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the folder's lock: one writer at a time.

        Raises:
            RunError: another process is writing; the message names it.
        """
        lock = self._lock()
        try:
            for left in (*self.folder.glob(".new-*"), *(self.folder / "images").glob(".new-*")):
                left.unlink(missing_ok=True)  # by a process that was killed while it wrote
            holder = {"pid": os.getpid(), "host": socket.gethostname()}
            write_json(self.folder / ".holder.json", holder)
            yield
        finally:
            lock.release()

    def _lock(self) -> BaseFileLock:
        """Take the lock, which the system gives back when its holder dies, however it dies."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock")
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"{self.folder} is being written by {self._holder()}; wait for it, stop it, or "
                "use another --out"
            ) from error
        except (OSError, NotImplementedError) as error:
            raise RunError(
                f"cannot write in {self.folder}: {error}; use an --out folder that can be written "
                "to, on a file system with locks"
            ) from error
        return lock

    def start(self, settings: dict[str, Any], written: dict[str, Any], seed: int) -> None:
        """Write `run.json`, or check that an existing one was made with the same settings.

        Raises:
            RunError: the folder was made with other settings; the message names them.
        """
        path = self.folder / "run.json"
        if not path.exists():
            write_json(path, provenance(settings, written, seed))
            return
        before, settings = self.description()["settings"], json.loads(json.dumps(settings))
        differing = [k for k in {**before, **settings} if before.get(k) != settings.get(k)]
        if differing:
            shown = ", ".join(
                f"{k} was {before.get(k)!r}, is {settings.get(k)!r}" for k in differing
            )
            raise RunError(
                f"{self.folder} was made with other settings ({shown}); use another --out"
            )

    def description(self) -> dict[str, Any]:
        """Return the contents of `run.json`.

        Raises:
            RunError: it cannot be read, or another version wrote it.
        """
        content = read_object(self.folder / "run.json")
        if content.get("schema_version") != 1 or not isinstance(content.get("settings"), dict):
            raise RunError(
                f"{self.folder / 'run.json'} was not written by this version of unswayed; use "
                "another --out, or the version that made it"
            )
        return content

    def add_to_description(self, key: str, value: Any) -> None:
        """Add a fact to `run.json` that is known only later, such as the model's hash."""
        description = self.description()
        if description.get(key) != value:
            write_json(self.folder / "run.json", {**description, key: value})

    def complete(self, stage: StageName) -> bool:
        """Say whether a stage was finished."""
        return bool(self._progress().get(stage))

    def mark_complete(self, stage: StageName, complete: bool = True) -> None:
        """Record that a stage was finished, and what it wrote (or that it must be taken up again).

        Hashing reads the stage's files once.
        """
        digests = self._digests()
        for name in _WRITTEN_BY[stage]:
            digests.pop(name, None)
            if complete and (digest := of_file(self.folder / name)):
                digests[name] = digest.record()
        self._write_progress({stage: complete}, digests)

    def require_unchanged(self) -> None:
        """Refuse a folder in which a file of a finished stage is not what the stage wrote.

        A file is hashed only if its size or time is not as recorded. Folders of versions that
        recorded no digests pass.

        Raises:
            RunError: a file was edited, cut, replaced or removed; the message names it.
        """
        digests = self._digests()
        for stage, names in _WRITTEN_BY.items():
            for name in names if self.complete(stage) else ():
                before = of_record(digests.get(name))
                now = of_file(self.folder / name, before)
                if before and (now is None or now.sha256 != before.sha256):
                    how = f"SHA-256 was {before.sha256[:12]}…, is {now.sha256[:12]}…" if now else ""
                    raise RunError(
                        f"{self.folder / name} is not what its stage wrote "
                        f"({how or 'it is gone'}): put it back, or evaluate into another --out"
                    )

    def digest(self, name: str) -> FileDigest | None:
        """Return the digest of a file of the folder as it is now; None if it is not there."""
        return of_file(self.folder / name, of_record(self._digests().get(name)))

    def is_made_from(self, name: str, source: str) -> bool:
        """Say whether a file is as it was written, and was made from `source`."""
        record: Any = self._digests().get(name)
        before, now = of_record(record), self.digest(name)
        if before is None or now is None:
            return False
        return record.get("made_from") == source and before.sha256 == now.sha256

    def keep_digest(self, name: str, source: str) -> None:
        """Record what a file that was just written is made from, and its digest."""
        digests = self._digests()
        if digest := of_file(self.folder / name):
            digests[name] = {**digest.record(), "made_from": source}
            self._write_progress({}, digests)

    def keep_stage_digests(self) -> None:
        """Record the digests of finished stages where they are missing or of an older time.

        Folders of earlier versions have none, and a copied folder's files have other times.
        """
        digests = self._digests()
        finished = [names for stage, names in _WRITTEN_BY.items() if self.complete(stage)]
        for name in itertools.chain.from_iterable(finished):
            if digest := self.digest(name):
                digests[name] = digest.record()
        if digests != self._digests():
            self._write_progress({}, digests)

    def outputs(self) -> Iterator[VariantOutput]:
        """Yield each generation with its variant, which has one line or several: draw 0 … k−1.

        A run that is not finished yields what it has.

        Raises:
            RunError: the files do not belong together.
        """
        return pairing.with_variants(self.variants, self.generations, self.folder)

    def joined(self) -> Iterator[JudgedOutput]:
        """Yield outputs with their verdict, streaming the files side by side.

        A run that is not finished yields what it has: the variants that have a generation, with
        None where there is no verdict yet.

        Raises:
            RunError: the files do not belong together.
        """
        return pairing.with_verdicts(self.outputs(), self.verdicts, self.folder)

    def no_generations(self) -> RunError:
        """Build the error for a stage that needs generations where there are none."""
        hint = f"run: unswayed generate {self.folder}"
        return RunError(f"{self.folder} holds no generations yet; {hint}")

    def store_image(self, image: ImageRef) -> ImageRef:
        """Copy a picture into the run folder, as a person sees it and once by content.

        Returns:
            Where it lies, and what was done to it.

        Raises:
            DataError: the picture cannot be read or decoded.
        """
        shown = read_image(image)
        digest = hashlib.sha256(shown.data).hexdigest()
        relative = f"images/{digest}{shown.suffix}"
        target = self.folder / relative
        if not target.exists():
            write_bytes(target, shown.data)
        return ImageRef(
            path=relative,
            sha256=digest,
            changes=shown.changes,
            source_sha256=shown.source_sha256,
        )

    def set_aside_verdicts(self) -> None:
        """Move the verdicts of another judge to a file of their own, so that none is lost."""
        first = next(iter(self.verdicts), None)
        self.mark_complete("verdicts", complete=False)
        if first is not None:
            judge = re.sub(r"[^\w.-]", "_", first.judge)
            name = f"verdicts-{judge}-{first.prompt_hash or 'none'}"
            count = len(list(self.folder.glob(f"{name}*.jsonl")))
            filename = f"{name}-{count + 1}.jsonl" if count else f"{name}.jsonl"
            self.verdicts.path.replace(self.folder / filename)

    def _progress(self) -> dict[str, Any]:
        path = self.folder / "progress.json"
        return read_object(path) if path.exists() else {}

    def _digests(self) -> dict[str, Any]:
        digests = self._progress().get("files")
        return cast("dict[str, Any]", digests) if isinstance(digests, dict) else {}

    def _write_progress(self, stages: dict[str, bool], digests: dict[str, Any]) -> None:
        write_json(self.folder / "progress.json", {**self._progress(), **stages, "files": digests})

    def _holder(self) -> str:
        try:
            holder = json.loads((self.folder / ".holder.json").read_text("utf-8"))
            return f"process {holder['pid']} on {holder['host']}"
        except (OSError, ValueError, KeyError):
            return "another process"
