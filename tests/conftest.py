"""Fixtures that several test files share: the repository's root, real data, one sample."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from unswayed.types import ImageRef, Sample

ROOT = Path(__file__).parents[1]

settings.register_profile("unswayed", deadline=None)  # a slow machine is not a failure
settings.load_profile("unswayed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job in the background ignores interrupts, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real() -> Path:
    """Return the folder of real data beside the checkout; without one the test is skipped."""
    folder = ROOT.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip("no real data beside the checkout")
    return folder


@pytest.fixture
def sample() -> Sample:
    return Sample(
        id="toy/1",
        benchmark="toy",
        images=(ImageRef(path="images/ab.png", sha256="ab"),),
        question="Which one is red?",
        options={"A": "the chair", "B": "the table", "C": "the lamp"},
        answer="B",
        cluster="ab",
    )
