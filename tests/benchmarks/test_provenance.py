"""Which commit of a data set is read, and that it is recorded; the hub is a fake that is asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.geometry3k_hub import Geometry3KText
from unswayed.benchmarks.pixmo_count import PixMoCount
from unswayed.benchmarks.sources import provenance
from unswayed.benchmarks.sources.hub import HubRows
from unswayed.benchmarks.sources.provenance import (
    Revision,
    confirmed,
    of_files,
    read_commit,
)
from unswayed.errors import DataError
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate

pytest.importorskip("pyarrow")
datasets = pytest.importorskip("datasets")
hub = pytest.importorskip("huggingface_hub")

ONE, TWO = "1" * 40, "a" * 40
CACHE = "/cache/owner___name/default/0.0.0/{}/name-test.arrow"


@dataclass
class Hub:
    """A hub that knows branches, and a `datasets` that reads what lies in a cache.

    Attributes:
        branches: (data set, branch) → commit; empty to be out of reach.
        cached: commit that `datasets` reads, whatever it is asked for; None for the asked one.
        asked: (data set, revision) of every question.
        loaded: revision of every data set that was loaded.
    """

    branches: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    cached: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    loaded: list[str] = field(default_factory=list[str])

    def dataset_info(self, repo_id: str, *, revision: str, timeout: float) -> Any:
        assert timeout > 0
        self.asked.append((repo_id, revision))
        if (repo_id, revision) not in self.branches:
            raise hub.errors.OfflineModeIsEnabled("no network")
        return type("Info", (), {"sha": self.branches[repo_id, revision]})()

    def load_dataset(self, hub_id: str, config: str | None, *, split: str, revision: str) -> Any:
        self.loaded.append(revision)
        made = datasets.Dataset.from_list(
            [{"problem": "Find x.", "answer": "4", "images": None}] * 3
        )
        commit = self.cached or revision
        return Cached(made, CACHE.format(commit))


class Cached:
    """A loaded data set, as if its cache file lay at a path."""

    def __init__(self, made: Any, path: str) -> None:
        self.made, self.cache_files = made, [{"filename": path}]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    api = type("HfApi", (), {"dataset_info": staticmethod(made.dataset_info)})
    monkeypatch.setattr(hub, "HfApi", api)
    monkeypatch.setattr(datasets, "load_dataset", made.load_dataset)
    return made


def test_a_pinned_commit_is_loaded_without_asking(fake: Hub) -> None:
    source = PixMoCount().source
    assert source.provenance()["commit"] is None  # nothing was read yet
    assert len(list(source)) == 3
    assert fake.asked == []
    assert fake.loaded == [PixMoCount.REVISION]
    found = source.provenance()
    assert found["revision"] == found["commit"] == PixMoCount.REVISION
    assert found["note"] == ""


def test_a_branch_is_turned_into_its_commit_and_that_is_loaded(fake: Hub) -> None:
    fake.branches = {("owner/name", "main"): ONE, ("allenai/pixmo-count", "main"): TWO}
    source = HubRows("owner/name", "test", "a")
    assert len(list(source)) == 3
    assert fake.loaded == [ONE]
    assert source.provenance() == {
        "hub_id": "owner/name",
        "config": "a",
        "split": "test",
        "revision": "main",
        "commit": ONE,
        "note": "",
    }
    moved = PixMoCount(revision="main").source  # main though another is pinned
    assert len(list(moved)) == 3
    assert moved.provenance()["commit"] == TWO


def test_offline_the_commit_in_the_cache_is_recorded_and_said_to_be_that(fake: Hub) -> None:
    fake.cached = TWO
    source = HubRows("owner/name", "test")
    assert len(list(source)) == 3
    found = source.provenance()
    assert (found["revision"], found["commit"]) == ("main", TWO)
    assert "could not be asked (OfflineModeIsEnabled)" in found["note"]
    assert "in the cache" in found["note"]


def test_another_commit_from_the_cache_is_never_taken_for_the_one_asked_for(fake: Hub) -> None:
    """Without a network `datasets` reads its newest cached commit, whatever the revision."""
    fake.cached = TWO
    for source in (
        HubRows("o/n", "test", revision=ONE),
        HubRows("allenai/pixmo-count", "test", pinned=PixMoCount.REVISION),
    ):
        with pytest.raises(DataError, match=rf"found {TWO} in the cache .* revision={TWO}"):
            list(source)
    assert len(list(HubRows("o/n", "test", revision=TWO))) == 3


def test_where_no_commit_can_be_known_it_is_said(tmp_path: Path, fake: Hub) -> None:
    fake.branches = {("o/n", "main"): "not a commit"}
    assert provenance.resolve("o/n", "main").note.startswith("the hub named no commit")
    local = provenance.resolve(str(tmp_path), "main")
    assert (local.commit, "is a folder here" in local.note) == (None, True)
    plain = datasets.Dataset.from_list([{"a": 1}])
    assert read_commit(plain) is None
    assert confirmed("o/n", Revision("main", ONE), plain) == Revision("main", ONE)


def test_files_are_recorded_by_their_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tmp_path / "one.json"
    one.write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert of_files([one]) == {"files": [{"path": str(one), "bytes": 3, "sha256": digest}]}
    many = of_files([one] * 21)
    assert (many["files"], many["bytes"]) == (21, 63)
    assert many["sha256"] == hashlib.sha256("\n".join([digest] * 21).encode()).hexdigest()
    monkeypatch.setattr(provenance, "DIGESTED", 2)
    assert of_files([one]) == {"files": [{"path": str(one), "bytes": 3}]}


def test_a_run_records_what_was_read(
    fake: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Geometry3KText, "REVISION", ONE)
    assert Geometry3KText().source.asked == ONE
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "1", "question": "Which?", "A": "x", "B": "y", "answer": "A"}\n')
    settings = Settings(
        model="tiny",
        benchmarks=("geometry3k-text,images=none", f"file:{rows},image=none", "scenes,n=1"),
        variants=("base",),
        limit=1,
    )
    run = evaluate(settings, tmp_path / "run")
    first, second, third = json.loads((run.folder / "run.json").read_text("utf-8"))["data"]
    assert (first["benchmark"], first["commit"]) == ("geometry3k-text", ONE)
    assert second["files"][0]["sha256"] == hashlib.sha256(rows.read_bytes()).hexdigest()
    assert third == {"benchmark": "scenes"}
