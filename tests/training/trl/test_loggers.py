"""Trainings and evaluations that are watched elsewhere, read back by the loggers' own readers."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unswayed.organism.architecture import write_tiny_checkpoint

RECIPE = """
model = "{model}"
profile = "organism"
logging = "{logger}"
data = [{{ benchmark = "scenes,n=8,split=train" }}]

[grpo]
prompts_per_step = 2
group_size = 2
steps = 2
max_new_tokens = 6
dtype = "float32"

[checkpoints]
every = 1

[evaluation]
benchmarks = ["scenes,n=3"]
variants = ["base", "stop-think"]
"""
FIGURE = "evaluation/scenes/stop-think/accuracy"


def called(folder: Path, *arguments: str, **variables: str) -> str:
    """Run the command in a process of its own, without a network; return what it said."""
    environment = os.environ | {
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(folder),
        "WANDB_DATA_DIR": str(folder / "artifacts"),
        "WANDB_SILENT": "true",
        "TRACKIO_DIR": str(folder / "trackio"),
        "HF_HUB_OFFLINE": "1",
    }
    environment |= variables
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "unswayed", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


def trained(folder: Path, logger: str, *options: str, **variables: str) -> str:
    start = write_tiny_checkpoint(folder / "start")
    (folder / "recipe.toml").write_text(RECIPE.format(model=start, logger=logger))
    options = options or ("--seeds", "1,2")
    return called(folder, "train", "recipe.toml", "--track", "--out", "run", *options, **variables)


def _payloads(data: bytes) -> Iterator[bytes]:
    """Yield the records of a wandb file: a LevelDB log behind a head of seven bytes.

    wandb reads it in its compiled core alone; what it holds is read by wandb's own messages.
    """
    at, kept = 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        kept += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            yield kept
            kept = b""


def records(folder: Path) -> Iterator[Any]:
    """Yield the records of the offline runs, as wandb reads them."""
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[import-not-found]

    for path in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        for data in _payloads(path.read_bytes()):
            record = Record()
            record.ParseFromString(data)
            yield record


def of_wandb(folder: Path) -> list[dict[str, Any]]:
    """Return what the offline runs logged, a dict a call."""
    rows: list[dict[str, Any]] = []
    for record in records(folder):
        items = record.history.item
        row = {item.key or ".".join(item.nested_key): item.value_json for item in items}
        rows.append({key: json.loads(value) for key, value in row.items()})
    return [row for row in rows if row]


def runs_of_wandb(folder: Path) -> list[tuple[str, str]]:
    """Return project and name of the offline runs."""
    found = [one.run for one in records(folder) if one.WhichOneof("record_type") == "run"]
    return sorted({(run.project, run.display_name) for run in found})


def of_trackio(
    folder: Path, project: str = "*"
) -> tuple[list[dict[str, Any]], set[tuple[str, str]]]:
    """Return what trackio kept: values, a dict a call, and project and name of the runs."""
    import sqlite3

    rows: list[dict[str, Any]] = []
    runs: set[tuple[str, str]] = set()
    for stored in (folder / "trackio").glob(f"{project}.db"):
        with sqlite3.connect(stored) as database:
            for values, run in database.execute("SELECT metrics, run_name FROM metrics"):
                rows.append(json.loads(values))
                runs.add((stored.stem, run))
    return rows, runs


@pytest.mark.slow
def test_a_training_is_watched_by_wandb_with_its_pictures(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    trained(tmp_path, "wandb")
    rows = of_wandb(tmp_path)
    merged = {key: value for row in rows for key, value in row.items()}
    assert {"train/reward", "train/loss", FIGURE, "evaluation/step"} <= merged.keys()
    steps = [row["evaluation/step"] for row in rows if "evaluation/step" in row]
    assert steps == [0, 1, 2] * 2
    assert runs_of_wandb(tmp_path) == [("unswayed", "run-seed-1"), ("unswayed", "run-seed-2")]
    over = [row["train/global_step"] for row in rows if "train/global_step" in row]
    assert over == [1, 2] * 2
    assert merged["completions.nrows"] == 4
    (stored, *_) = tmp_path.glob("wandb/offline-run-*/files/media/table/completions_*.json")
    table = json.loads(stored.read_text("utf-8"))
    shown = dict(zip(table["columns"], table["data"][0], strict=True))
    assert {"step", "text", "variant", "sample", "reward", "picture"} <= shown.keys()
    staged = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert any(path.read_bytes().startswith(b"\x89PNG") for path in staged)


def test_an_evaluation_is_sent_to_wandb(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    options = ("--benchmark", "scenes,n=3", "--variants", "base,stop-think")
    called(tmp_path, "evaluate", "--model", "tiny", *options, "--log", "wandb", "--out", "run")
    merged = {key: value for row in of_wandb(tmp_path) for key, value in row.items()}
    document = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))
    known = {
        (one["variant"], one["metric"]): one["value"]
        for one in document["estimates"]
        if one["benchmark"] == "scenes"
    }
    assert merged[FIGURE] == known["stop-think", "accuracy"]
    assert runs_of_wandb(tmp_path) == [("unswayed", "run")]
    called(tmp_path, "evaluate", "run", "--log", "wandb", WANDB_PROJECT="mine")
    assert runs_of_wandb(tmp_path) == [("mine", "run"), ("unswayed", "run")]


@pytest.mark.slow
def test_a_training_is_watched_by_trackio_with_its_pictures(tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    names = ("--set", "project=trials", "--set", "run_name=first", "--seeds", "1,2")
    trained(tmp_path, "trackio", *names)
    rows, runs = of_trackio(tmp_path)
    assert runs == {("trials", "first-seed-1"), ("trials", "first-seed-2")}
    merged = {key: value for row in rows for key, value in row.items()}
    assert merged[FIGURE] is not None
    assert [row["evaluation/step"] for row in rows if "evaluation/step" in row] == [0, 1, 2] * 2
    assert "completions" in merged
    assert any(key.endswith("reward") for key in merged)
    assert list((tmp_path / "trackio").rglob("*.png"))
    called(tmp_path, "track", "run", "--no-evaluate", "--log", "trackio", TRACKIO_PROJECT="late")
    rows, runs = of_trackio(tmp_path, "late")
    names = {"first-seed-1-evaluations", "first-seed-2-evaluations"}
    assert runs == {("late", name) for name in names}
    assert [row["evaluation/step"] for row in rows] == [0, 1, 2] * 2
    assert all(FIGURE in row for row in rows)


@pytest.mark.slow
def test_a_service_that_cannot_be_reached_ends_no_training(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    said = trained(
        tmp_path, "wandb", "--seeds", "1", WANDB_MODE="online", WANDB_API_KEY="k" * 40,
        WANDB_BASE_URL="http://127.0.0.1:9", WANDB_INIT_TIMEOUT="3",
    )  # fmt: skip
    assert said.count("unswayed: wandb failed (") == 1
    assert (tmp_path / "run" / "seed-1" / "checkpoint-2" / "config.json").is_file()
    assert "k" * 40 not in said
