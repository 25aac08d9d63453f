"""The run folder: append-only stages, one writer, provenance, resume.

    run.json           how the run was made: settings, versions, model, machine
    variants.jsonl     what is shown        failures.jsonl   what could not be processed
    generations.jsonl  what was written     verdicts.jsonl   whether thought and answer agree
    metrics.json       every figure         report.html      for people
    images/            each picture once, named by the hash of its bytes
    progress.json      which stages are complete
    shard.json         only of a shard: where each of its lines stands in the whole

JSONL and no database: runs lie on NFS and Lustre, where SQLite's locks fail, and are read with
pandas. Each stage file is in the order of `variants.jsonl`, so stages are joined by reading them
side by side, and a resumed stage goes on after the last whole line: a torn last line (a kill, a
full disk) is cut off, and nothing is written twice.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import platform
import re
import socket
import subprocess
import uuid
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from filelock import BaseFileLock, FileLock, Timeout
from PIL import Image
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

import unswayed
from unswayed.errors import DataError, RunError, StageError
from unswayed.types import Failure, Generation, ImageRef, Variant, Verdict

_HALF_PAIR = re.compile("[\ud800-\udfff]")

R = TypeVar("R", bound=BaseModel)
StageName = Literal["variants", "generations", "verdicts"]

MAX_PIXELS = 150_000_000
"""Pictures above this are refused: a small file can unpack to gigabytes."""

SHARD_FILE = "shard.json"
_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "scikit-learn", "pydantic")
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is decoded; Pillow knows more, among them formats that start other programs."""
_SUFFIX = {
    "JPEG": ".jpg",
    "MPO": ".jpg",  # a JPEG that carries further pictures
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
}


def content_hash(value: Any) -> str:
    """Return 16 hex digits that identify a JSON-like value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Stage(Generic[R]):
    """One append-only JSONL file of records."""

    def __init__(self, path: Path, record: type[R]) -> None:
        """Name the file and the type of its records."""
        self.path, self.record = path, record

    def __iter__(self) -> Iterator[R]:
        """Yield the records in order; a torn last line is left out.

        Raises:
            RunError: a line in the middle of the file is no such record.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                yield self._parse(line, number)

    def repair(self) -> int:
        """Cut a torn last line off and return the number of whole lines."""
        if not self.path.exists():
            return 0
        count, end = 0, 0
        with self.path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    count, end = count + 1, end + len(line)
        if self.path.stat().st_size != end:
            os.truncate(self.path, end)
        return count

    def append(self, records: Iterable[R]) -> None:
        """Write records with one system call and wait until they are on the disk.

        Raises:
            StageError: the disk is full or the file cannot be written.
        """
        data = "".join(_line(record) for record in records).encode("utf-8")
        if not data:
            return
        try:
            with self.path.open("ab", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
        except OSError as error:
            raise StageError(
                f"cannot write {self.path}: {error.strerror or error}; make room and run the same "
                "command again, it goes on where it stopped"
            ) from error

    def _parse(self, line: bytes, number: int) -> R:
        try:
            return self.record.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise RunError(
                f"{self.path} line {number} is no {self.record.__name__} of this version "
                f"({field or 'line'}: {first['msg']}); the file was changed or made by another "
                "version: move it away and run the stage again"
            ) from error


def _line(record: BaseModel) -> str:
    """Return a record as its line; half a surrogate pair, which no UTF-8 file holds, as U+FFFD."""
    try:
        return record.model_dump_json() + "\n"
    except PydanticSerializationError:
        plain = record.model_dump(mode="json")
        return _writable(json.dumps(plain, ensure_ascii=False, allow_nan=False)) + "\n"


def _writable(text: str) -> str:
    return _HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", text)


class Run:
    """A run folder. Reading needs no lock; `writing` takes it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is touched."""
        self.folder = folder
        self.variants = Stage(folder / "variants.jsonl", Variant)
        self.generations = Stage(folder / "generations.jsonl", Generation)
        self.verdicts = Stage(folder / "verdicts.jsonl", Verdict)
        self.failures = Stage(folder / "failures.jsonl", Failure)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Return an existing run.

        Raises:
            RunError: the folder is no run folder.
        """
        if not (folder / "run.json").is_file():
            raise RunError(f"expected a run folder with a run.json in it, found none at {folder}")
        return cls(folder)

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
        found = _read_object(self.folder / "run.json")
        if found.get("schema_version") != 1 or not isinstance(found.get("settings"), dict):
            raise RunError(
                f"{self.folder / 'run.json'} was not written by this version of unswayed; use "
                "another --out, or the version that made it"
            )
        return found

    def add_to_description(self, key: str, value: Any) -> None:
        """Add a fact to `run.json` that is known only later, such as the model's hash."""
        description = self.description()
        if description.get(key) != value:
            write_json(self.folder / "run.json", {**description, key: value})

    def complete(self, stage: StageName) -> bool:
        """Say whether a stage was finished."""
        return bool(self._progress().get(stage))

    def mark_complete(self, stage: StageName, complete: bool = True) -> None:
        """Record that a stage was finished (or must be taken up again)."""
        write_json(self.folder / "progress.json", {**self._progress(), stage: complete})

    def joined(self) -> Iterator[tuple[Variant, Generation, Verdict | None]]:
        """Yield variants with their generation and verdict, streaming the files side by side.

        A run that is not finished yields what it has: the variants that have a generation, with
        None where there is no verdict yet.

        Raises:
            RunError: the files do not belong together.
        """
        rows = itertools.zip_longest(self.variants, self.generations, self.verdicts)
        for variant, generation, verdict in rows:
            if generation is None and verdict is None:
                return
            ids = [row.id for row in (variant, generation, verdict) if row is not None]
            if variant is None or generation is None or len(set(ids)) > 1:
                raise RunError(
                    f"the stages of {self.folder} do not belong together: "
                    f"{_named(variant)} meets {_named(generation)} and {_named(verdict)}; a file "
                    "was edited or replaced: put it back or run the stage again"
                )
            yield variant, generation, verdict

    def store_image(self, image: ImageRef) -> ImageRef:
        """Copy a picture into the run folder, once by content, and return where it lies.

        Raises:
            DataError: the picture cannot be read or decoded.
        """
        data, suffix = read_image(image)
        digest = hashlib.sha256(data).hexdigest()
        relative = f"images/{digest}{suffix}"
        target = self.folder / relative
        if not target.exists():
            write_bytes(target, data)
        return ImageRef(path=relative, sha256=digest)

    def set_aside_verdicts(self) -> None:
        """Move the verdicts of another judge to a file of their own, so that none is lost."""
        first = next(iter(self.verdicts), None)
        self.mark_complete("verdicts", complete=False)
        if first is not None:
            judge = re.sub(r"[^\w.-]", "_", first.judge)
            name = f"verdicts-{judge}-{first.prompt_hash or 'none'}"
            count = len(list(self.folder.glob(f"{name}*.jsonl")))
            kept = f"{name}-{count + 1}.jsonl" if count else f"{name}.jsonl"
            self.verdicts.path.replace(self.folder / kept)

    def _progress(self) -> dict[str, Any]:
        path = self.folder / "progress.json"
        return _read_object(path) if path.exists() else {}

    def _holder(self) -> str:
        try:
            holder = json.loads((self.folder / ".holder.json").read_text("utf-8"))
            return f"process {holder['pid']} on {holder['host']}"
        except (OSError, ValueError, KeyError):
            return "another process"


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step: a reader sees the old file or the new one.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON does not have.
        StageError: the file cannot be written.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (_writable(text) + "\n").encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step.

    Raises:
        StageError: the file cannot be written.
    """
    new = path.with_name(f".new-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StageError(
            f"cannot write {path}: {error.strerror or error}; make room and run again"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}; put it back or use another --out") from error
    if not isinstance(found, dict):
        raise RunError(f"expected a JSON object in {path}; put it back or use another --out")
    return cast("dict[str, Any]", found)


def _named(record: Variant | Generation | Verdict | None) -> str:
    return f"{type(record).__name__.lower()} {record.id}" if record else "nothing"


def provenance(settings: dict[str, Any], written: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return what `run.json` holds: settings as written and resolved, versions, machine, time."""
    return {
        "schema_version": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "written": written,
        "settings": settings,
        "seed": seed,
        "unswayed": unswayed.__version__,
        "git": git_revision(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "cpus": os.cpu_count(),
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_revision() -> str | None:
    """Return the commit of the checkout that this package runs from, if it runs from one.

    A package that was installed into another project's tree is not part of that project, so the
    file itself must be tracked.
    """
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        _run([*git, "ls-files", "--error-unmatch", Path(__file__).name])
        return _run([*git, "describe", "--always", "--dirty", "--abbrev=12"])
    except (OSError, subprocess.SubprocessError):
        return None


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    return done.stdout.strip()


def read_image(image: ImageRef) -> tuple[bytes, str]:
    """Return a picture's encoded bytes, decoded once to see that they can be, and its suffix.

    Raises:
        DataError: the picture cannot be read or decoded, or has too many pixels.
    """
    try:
        data = image.read()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the picture {image.path}: {error}") from error
    return data, _checked_format(data, image.path or "a picture of the row")


def _checked_format(data: bytes, name: str) -> str:
    """Decode the picture once, so that a broken one is found here and not inside a batch."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise DataError(
                        f"{name} has {picture.width}×{picture.height} pixels; at most {MAX_PIXELS} "
                        "are decoded: scale it down"
                    )
                picture.load()
                return _SUFFIX[picture.format or ""]
    except DataError:
        raise
    except Exception as error:  # decoders raise whatever hostile bytes lead them to
        raise DataError(
            f"{name} is no readable picture ({_first_line(error)}); expected one of "
            f"{', '.join(_FORMATS)}: replace the file"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
