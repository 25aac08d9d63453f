"""Merge the shards of an evaluation into the run that a single process would have made.

Lines are copied as they are, in the order of the whole, so the merged files are those of a single
run byte for byte where the model's output does not depend on which prompts share a batch.
"""

from __future__ import annotations

import heapq
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from unswayed import registry
from unswayed.errors import RunError, StageError
from unswayed.pipeline import pictures
from unswayed.pipeline.metrics import measure
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.registry import model_spec
from unswayed.run.files import write_bytes, write_json
from unswayed.run.folder import SHARD_FILE, RunFolder
from unswayed.run.provenance import provenance
from unswayed.run.shards import Shard, parse

_MARK = ".merging"
_LINES = {
    "variants": "variants",
    "generations": "variants",
    "verdicts": "variants",
    "failures": "failures",
}
"""Stage file → which of the places in `shard.json` its lines have."""
_DRAWN = ("generations", "verdicts")
"""Stage files in which each place has a line for each output of its prompt."""
_AGREE = ("unswayed", "model", "profile", "decoding")
"""What `run.json` must say alike in every shard, beside the settings."""
_NOTED = ("data", "texts", "git", "python", "packages", "hardware")
"""What may differ between machines, and is no reason to refuse a shard."""
_OWN = ("created", "usage", *_NOTED)
"""What is kept for each shard."""


@dataclass(frozen=True)
class ShardRun:
    """One shard's run folder, read when it is asked for."""

    run: RunFolder

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.run.folder

    @cached_property
    def description(self) -> dict[str, Any]:
        """What its `run.json` holds."""
        return self.run.description()

    @cached_property
    def settings(self) -> Settings:
        """The settings that it was made with."""
        return settings_of(self.run)

    @cached_property
    def shard(self) -> Shard:
        """Which shard it is.

        Raises:
            RunError: it is none.
        """
        if self.settings.shard is None:
            raise RunError(f"{self.folder} is no shard: it was not made with --shard; leave it out")
        return parse(self.settings.shard)

    @cached_property
    def places(self) -> dict[str, Any]:
        """What its `shard.json` holds.

        Raises:
            RunError: it is missing or not as it must be.
        """
        path = self.folder / SHARD_FILE
        try:
            record = cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
            if record["schema_version"] != 1 or record["shard"] != str(self.shard):
                raise ValueError("it is of another shard or version")
            _ = (record["items"], record["digest"], record["variants"], record["failures"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"cannot use {path} ({error}); it says where the shard's lines belong: put it "
                "back, or run the shard again"
            ) from error
        return record

    def finished(self, stage: Any) -> bool:
        """Say whether a stage was finished."""
        return self.run.complete(stage)


@dataclass(frozen=True)
class Merged:
    """A merged run, whether it was judged and measured, and in what the shards' machines differ."""

    run: RunFolder
    judged: bool
    differing: tuple[str, ...]


def merge(out: Path, folders: Sequence[Path]) -> Merged:
    """Write the run that shards make up; it is measured if all of them were judged by one judge.

    Args:
        out: folder of the merged run; new, or left by a merge that was stopped.
        folders: every shard of one evaluation, in any order.

    Raises:
        RunError: a shard is missing, twice, not finished or of another evaluation; or `out` is in
            use for something else.
        StageError: a file cannot be written.
    """
    opened = [ShardRun(RunFolder.open(folder)) for folder in folders]
    parts = sorted(opened, key=lambda part: part.shard.number)
    check(parts)
    _claim(out)
    run = RunFolder(out)
    with run.writing():
        judged = _judged(parts)
        _link_images(parts, out)
        for stage, lines in _LINES.items():
            if stage != "verdicts" or judged:
                _merge_lines(parts, stage, lines, out)
        _describe(run, parts, judged)
        for stage in ("variants", "generations", "verdicts"):
            run.mark_complete(stage, complete=stage != "verdicts" or judged)
        (out / _MARK).unlink()
        if judged:
            measure(run, settings_of(run))
    return Merged(run, judged, _differing(parts))


def _differing(parts: Sequence[ShardRun]) -> tuple[str, ...]:
    """Return what differs between the shards' machines and is no reason to refuse them."""
    by_key = {key: {json.dumps(part.description.get(key)) for part in parts} for key in _NOTED}
    return tuple(key for key, values in by_key.items() if len(values) > 1)


def check(parts: Sequence[ShardRun]) -> None:
    """Refuse folders that are not exactly the finished shards of one evaluation.

    Raises:
        RunError: with what is wrong, and in which folder.
    """
    _check_numbers(parts)
    first = parts[0]
    for part in parts:
        _check_agree(first, part)
        for stage in ("variants", "generations"):
            if not part.finished(stage):
                raise RunError(
                    f"the {stage} of {part.folder} (shard {part.shard}) are not finished; finish "
                    f"them: unswayed evaluate {part.folder}"
                )
    _check_whole(parts)


def _check_numbers(parts: Sequence[ShardRun]) -> None:
    if not parts:
        raise RunError("expected the run folders of all shards, found none")
    counts = {part.shard.count for part in parts}
    if len(counts) > 1:
        shown = ", ".join(f"{part.folder} is {part.shard}" for part in parts)
        raise RunError(f"expected shards of one evaluation, found different numbers: {shown}")
    held = Counter(part.shard.number for part in parts)
    for number, times in held.items():
        if times > 1:
            where = " and ".join(str(p.folder) for p in parts if p.shard.number == number)
            raise RunError(
                f"shard {number}/{parts[0].shard.count} is there {times} times: {where}; name one"
            )
    (count,) = counts
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in held]
    if missing:
        raise RunError(
            f"shards are missing: {', '.join(missing)}; run each with --shard, then merge again"
        )


def _check_agree(first: ShardRun, part: ShardRun) -> None:
    """Require two shards to have been made alike; a server's address may differ."""
    theirs, ours = _comparable(first), _comparable(part)
    keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
    if keys:
        shown = ", ".join(
            f"{key} is {theirs.get(key)!r:.200} and {ours.get(key)!r:.200}" for key in keys
        )
        raise RunError(
            f"{first.folder} and {part.folder} were not made alike ({shown}); run one again"
        )


def _comparable(part: ShardRun) -> dict[str, Any]:
    settings = part.settings.model_dump(mode="json", exclude={"shard", "serving"})
    settings["model"] = _without_address(part.settings.model)
    facts = {key: part.description.get(key) for key in _AGREE}
    model = cast("dict[str, Any]", facts["model"] or {})
    facts["model"] = {key: value for key, value in model.items() if key != "base_url"}
    return settings | {f"the recorded {key}": value for key, value in facts.items()}


def _without_address(model: str) -> str:
    spec = model_spec(model)
    options = {key: value for key, value in spec.options.items() if key != "base_url"}
    return str(registry.Spec(spec.name, spec.argument, options))


def _check_whole(parts: Sequence[ShardRun]) -> None:
    """Require that every item of the evaluation is in exactly one shard."""
    first = parts[0]
    for part in parts:
        if (part.places["items"], part.places["digest"]) != (
            first.places["items"],
            first.places["digest"],
        ):
            raise RunError(
                f"{first.folder} and {part.folder} read other samples, or in another order "
                f"({first.places['items']} and {part.places['items']} items): the benchmark was "
                "not the same; pin its revision and run one again"
            )
    held = [{*part.places["variants"], *part.places["failures"]} for part in parts]
    if sum(map(len, held)) != first.places["items"] or set[int]().union(*held) != set(
        range(first.places["items"])
    ):
        raise RunError(
            f"the shards do not hold each of the {first.places['items']} items once; a "
            f"{SHARD_FILE} was edited: run that shard again"
        )


def _judged(parts: Sequence[ShardRun]) -> bool:
    """Say whether all shards were judged, by one judge."""
    firsts = [next(iter(part.run.verdicts), None) for part in parts]
    judges = {(first.judge, first.prompt_hash) for first in firsts if first}
    return len(judges) == 1 and all(part.finished("verdicts") for part in parts)


def _claim(out: Path) -> None:
    """Take a new folder, or one that a merge which was stopped has left."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = [path.name for path in out.iterdir() if path.name not in (".lock", ".holder.json")]
        if held and _MARK not in held:
            raise RunError(f"{out} is not empty; merge into a folder that is new")
        (out / _MARK).touch()
    except OSError as error:
        raise RunError(f"cannot write in {out}: {error.strerror}; use another folder") from error


def _link_images(parts: Sequence[ShardRun], out: Path) -> None:
    """Put every picture into the merged run: as a hard link where that is possible."""
    target = out / "images"
    target.mkdir(exist_ok=True)
    for part in parts:
        for picture in sorted((part.folder / "images").glob("[!.]*")):
            new = target / picture.name
            if new.exists():
                continue
            try:
                os.link(picture, new)
            except OSError:  # another file system, or one without links
                write_bytes(new, picture.read_bytes())


def _merge_lines(parts: Sequence[ShardRun], stage: str, kind: str, out: Path) -> None:
    """Write one stage file in the order of the whole."""
    draws = parts[0].settings.decoding.n if stage in _DRAWN else 1
    streams = [_placed(part, stage, part.places[kind], draws) for part in parts]
    merged = heapq.merge(*streams, key=lambda placed: placed[0])
    new = out / f".new-{stage}"
    try:
        with new.open("wb") as file:
            file.writelines(line for _, line in merged)
            file.flush()
            os.fsync(file.fileno())
        if new.stat().st_size or stage != "failures":
            new.replace(out / f"{stage}.jsonl")
        else:
            new.unlink()  # a run in which nothing failed has no such file
    except OSError as error:
        raise StageError(
            f"cannot write {out / stage}.jsonl: {error.strerror}; make room and merge again"
        ) from error


def _placed(
    part: ShardRun, stage: str, places: Sequence[int], draws: int
) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a shard's stage file with the place of each in the whole.

    The outputs of a prompt stand one behind the other and share its place.
    """
    path = part.folder / f"{stage}.jsonl"
    count, whole = 0, len(places) * draws
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                count += 1
                if count > whole or not line.endswith(b"\n"):
                    break
                yield places[(count - 1) // draws], line
    if count != whole:
        raise RunError(
            f"expected {whole} lines in {path}, as {SHARD_FILE} beside it says, found "
            f"{'more' if count > whole else count}; a file was edited: run the shard again"
        )


def _describe(run: RunFolder, parts: Sequence[ShardRun], judged: bool) -> None:
    """Write `run.json`: that of the whole, with what is to be known of each shard."""
    first = parts[0]
    settings = first.settings.model_copy(update={"shard": None})
    described = provenance(
        settings.deciding(), {"merged": [str(p.folder) for p in parts]}, settings.seed
    )
    described["measuring"] = settings.measuring()
    described["serving"] = settings.serving.model_dump(mode="json")
    keys = [*_AGREE, *(key for key in ("data", "texts") if key not in _differing(parts))]
    keys += ["judge"] if judged else []
    described |= {key: first.description[key] for key in keys if key in first.description}
    described |= pictures.summed([part.description.get("pictures") for part in parts])
    described |= _usage([part.description.get("usage") or {} for part in parts])
    described["merged"] = [
        {"folder": str(part.folder), "shard": str(part.shard)}
        | {key: part.description.get(key) for key in _OWN}
        for part in parts
    ]
    write_json(run.folder / "run.json", described)


def _usage(each: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the shards cost together, under `usage`; nothing for models that are not served.

    A count that one shard does not know is not known of the whole. What was paid is listed.
    """
    if not any(each):
        return {}
    keys = {key: None for one in each for key in one}
    total: dict[str, Any] = {}
    for key in keys:
        values = [one.get(key) for one in each]
        if all(isinstance(value, str) for value in values):
            total[key] = " + ".join(cast("list[str]", values))
        elif all(isinstance(value, int | float) for value in values):
            total[key] = sum(cast("list[float]", values))
        else:
            total[key] = None
    return {"usage": total}
