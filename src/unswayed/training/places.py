"""Folders of the evaluations beside other trainings: one a step, and one each time again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path


def step_folders(out: Path, step: int) -> Iterator[Path]:
    """Yield the names that the evaluation of a step may have, without end, the first one first.

    A training that goes on from an earlier checkpoint reaches a step again.
    """
    yield out / f"step-{step}"
    yield from (out / f"step-{step}-again-{again}" for again in itertools.count(2))
