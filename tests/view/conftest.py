"""Runs to look at, and an explorer of them behind a client that sends what a browser sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import unswayed as us
from unswayed.run.folder import RunFolder
from unswayed.view.app import Explorer, application
from unswayed.view.labels import ReaderLabels
from unswayed.view.runs import ViewedRun, open_runs

SCRIPTED = Path(__file__).parents[1] / "scripted.py"
MODEL = f"{SCRIPTED}:Scripted,script=mixed"
VARIANTS = ["base", "wrong-think", "wrong-caption", "shuffle+abstain+wrong-think"]
ADDRESS = "http://127.0.0.1:8765"

MakeClient = Callable[..., TestClient]


def evaluated(out: Path, model: str = MODEL, **options: object) -> RunFolder:
    """Evaluate a scripted model on scenes."""
    settings = {"benchmarks": "scenes,n=40", "variants": VARIANTS, "foils": 2, **options}
    us.evaluate(model=model, out=out, statistics={"resamples": 100}, **settings)
    return RunFolder.open(out)


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a measured run with answers of every kind."""
    return evaluated(tmp_path_factory.mktemp("view") / "mixed")


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Return a run on the same samples that is always right."""
    model = f"{SCRIPTED}:Scripted"
    return evaluated(tmp_path_factory.mktemp("view") / "good", model, foils=1)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def viewed(mixed: RunFolder, cache: Path) -> ViewedRun:
    """Return the measured run, indexed."""
    return open_runs([mixed.folder], cache)[0]


@pytest.fixture
def make_client(cache: Path, tmp_path: Path) -> Iterator[MakeClient]:
    """Return a maker of clients: of an explorer of some runs, with or without a reader."""
    with ExitStack() as stack:

        def make(
            *runs: RunFolder, reader: str | None = None, host: str = "127.0.0.1"
        ) -> TestClient:
            labels = tmp_path / "labels"
            own = ReaderLabels(labels, reader) if reader else None
            if own is not None:
                stack.enter_context(own.writing())
            explorer = Explorer(open_runs([run.folder for run in runs], cache), labels, own)
            return TestClient(application(explorer, host), base_url=ADDRESS)

        yield make


@pytest.fixture
def client(make_client: MakeClient, mixed: RunFolder) -> TestClient:
    """Return a client of an explorer of the measured run, where nobody labels."""
    return make_client(mixed)
