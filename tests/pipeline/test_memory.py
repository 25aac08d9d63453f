"""Memory does not grow with the number of records: every stage streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
STATUS = Path("/proc/self/status")
WIDTH = 15_000
"""Characters that each variant, generation and verdict carries."""
FEW, MANY = 200, 1000
"""Samples, each in two variants."""
SCRIPT = f"""
import sys
from pathlib import Path
from unswayed.pipeline.stages import evaluate
from unswayed.pipeline.settings import Settings

def peak():
    lines = Path("{STATUS}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

settings = Settings(
    model="{SCRIPTED}:Scripted,blanks={WIDTH}",
    benchmarks=(f"{SCRIPTED}:Wide,n={{sys.argv[1]}},width={WIDTH}",),
    variants=("base", "wrong-think"),
    judge="{SCRIPTED}:SlowRules,reason={WIDTH}",
    statistics={{"resamples": 100}},
)
run = evaluate(settings, Path(sys.argv[2]))
rows = list(run.joined()) if sys.argv[3:] == ["hold"] else run.joined()
print(sum(1 for _ in rows), peak())
"""


def peak(folder: Path, samples: int, *how: str) -> int:
    """Return the most bytes of memory that an evaluation of so many samples took."""
    command = [sys.executable, "-c", SCRIPT, str(samples), str(folder), *how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    records, size = map(int, done.stdout.split())
    assert records == samples * 2
    return size


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="reads the peak from Linux's /proc")
def test_memory_does_not_grow_with_the_records(tmp_path: Path) -> None:
    """All stages, then reading the run again; only the columns of the metrics may grow.

    They take some 250 bytes a row and the sample's name, and their resamples. The same runs with
    their records held in a list show that a stage that does not stream would be found.
    """
    few, many = peak(tmp_path / "few", FEW), peak(tmp_path / "many", MANY)
    held = peak(tmp_path / "many", MANY, "hold")
    more = (MANY - FEW) * 2
    assert many - few < more * WIDTH / 2, f"{(many - few) / 2**20:.1f} MiB for {more} records"
    assert held - many > more * WIDTH
