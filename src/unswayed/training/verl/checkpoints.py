"""verl's checkpoints, and their export to folders that everything else here can load.

    OUT/verl/checkpoints/global_step_N/actor/   a shard for each GPU; a resumption needs them
    OUT/checkpoint-N/                           the weights as safetensors, as of any training

verl's own merger puts the shards together. It writes bfloat16, whatever the recipe trained in; the
shards keep what was trained. The tokenizer and processor are the parent's own, because verl's copy
of them has the open-tail template.
"""

# huggingface_hub is typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from unswayed.errors import RunError, StageError
from unswayed.training.folder import TrainingFolder
from unswayed.training.parents import copy_processor, files_of

_STEP = "global_step_"
_TRACKER = "latest_checkpointed_iteration.txt"
_MERGED = ("*.safetensors", "*.safetensors.index.json", "config.json")
"""What is kept of verl's export; the rest is the parent's."""


def latest(checkpoints: Path) -> int:
    """Return the step that verl goes on from; 0 without a whole checkpoint."""
    tracker = checkpoints / _TRACKER
    return int(tracker.read_text("utf-8")) if tracker.is_file() else 0


def saved(checkpoints: Path) -> list[int]:
    """Return the steps of verl's whole checkpoints whose shards are still there."""
    steps = [
        int(path.parent.name.removeprefix(_STEP))
        for path in checkpoints.glob(f"{_STEP}*/actor")
        if path.parent.name.removeprefix(_STEP).isdigit() and (path / "fsdp_config.json").is_file()
    ]
    return sorted(step for step in steps if step <= latest(checkpoints))


def check_processes(checkpoints: Path, gpus: int) -> None:
    """Require that a resumption has as many GPUs as the shards were written by.

    Raises:
        RunError: it has another number.
    """
    step = latest(checkpoints)
    config = checkpoints / f"{_STEP}{step}" / "actor" / "fsdp_config.json"
    if not config.is_file():
        return
    world_size = int(json.loads(config.read_text("utf-8"))["world_size"])
    if world_size != gpus:
        raise RunError(
            f"{config.parent} was written by {world_size} GPUs, and verl goes on from it with as "
            f"many only; found verl.nodes × verl.gpus_per_node = {gpus}"
        )


def export(folder: TrainingFolder, step: int) -> Path:
    """Put a checkpoint's shards together into the folder's `checkpoint-N`; return it.

    One that is there already is left as it is.

    Raises:
        StageError: the merger failed, or the result could not be written.
    """
    place = folder.path / f"checkpoint-{step}"
    if place.is_dir():
        return place
    shards = folder.path / "verl" / "checkpoints" / f"{_STEP}{step}" / "actor"
    target = folder.saving / place.name
    shutil.rmtree(target, ignore_errors=True)
    try:
        merge(shards, target)
        for file in target.iterdir():
            if not any(file.match(pattern) for pattern in _MERGED):
                file.unlink()
        parent = folder.run.description().get("parent", {})
        copy_processor(files_of(parent["path"], parent.get("revision")), target)
        return folder.place(step)
    except OSError as error:
        raise StageError(
            f"cannot export the checkpoint of step {step} to {place}: {error.strerror}; make room "
            "and run the same command again"
        ) from error
    finally:
        shutil.rmtree(folder.saving, ignore_errors=True)


def export_missing(folder: TrainingFolder) -> list[int]:
    """Export what was saved and not exported; return the steps.

    Raises:
        StageError: see `export`.
    """
    there = {one.step for one in folder.checkpoints()}
    steps = [one for one in saved(folder.path / "verl" / "checkpoints") if one not in there]
    for step in steps:
        export(folder, step)
    return steps


def merge(shards: Path, target: Path) -> None:
    """Put an actor's shards together into a folder that can be loaded, by verl's own merger.

    Args:
        shards: `global_step_N/actor`, by FSDP.
        target: the folder; verl's copy of the tokenizer and processor is put beside the weights.

    Raises:
        StageError: the merger failed.
    """
    command = [sys.executable, "-m", "verl.model_merger", "merge", "--backend", "fsdp"]
    command += ["--local_dir", str(shards), "--target_dir", str(target)]
    done = subprocess.run(
        command,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode or not list(target.glob("*.safetensors")):
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise StageError(
            f"verl's merger could not put {shards} together (exit {done.returncode}): {last}; the "
            "shards are still there"
        )
