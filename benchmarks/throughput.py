"""How fast is the transformers backend, and how fast does the command line start?

Run `python benchmarks/throughput.py [--model SPEC] [--samples N] [--batch-sizes 8 40] …`. The same
prompts (every default variant of some scenes) go through the same checkpoint in several ways, by
turns, so that a busy machine is as unfair to each of them:

    one by one        a call a prompt, each with a picture file of its own: nothing is shared
    shared, one by one    a call a prompt, the variants of a sample one after the other
    batches of N      as the pipeline does it: pictures prepared and encoded once a batch

The outputs must be the same whichever way they were made; the script says so, or fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from unswayed import prompts
from unswayed.models import Decoding, Request, request_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import begin
from unswayed.pipeline.variants import make_variants
from unswayed.run.folder import RunFolder
from unswayed.types import Generation

TOLERANCE = 1e-4
"""Largest difference of a letter's probability that counts as the same, in float32."""


@dataclass
class Way:
    """One way to put the prompts through the model, and what it took, a number a round.

    `stranger` is a prompt with a picture that no other has: generating for it first, untimed,
    makes the model forget the pictures that the way before has left in its memory.
    """

    name: str
    requests: list[Request]
    size: int
    stranger: Request
    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    made: list[Generation] = field(default_factory=list[Generation])
    encoded: int = 0

    def run(self, model: Any, decoding: Decoding) -> None:
        """Generate for every prompt, in batches of this way's size."""
        model.generate([self.stranger], replace(decoding, max_new_tokens=1))
        before = getattr(model, "pictures_encoded", 0)
        wall, cpu = time.perf_counter(), time.process_time()
        self.made = [
            generation
            for start in range(0, len(self.requests), self.size)
            for generation in model.generate(self.requests[start : start + self.size], decoding)
        ]
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        self.encoded = getattr(model, "pictures_encoded", 0) - before


def main() -> None:
    """Measure and print."""
    options = _options()
    asked = Settings(
        model=options.model, benchmarks=(f"scenes,n={options.samples}",), seed=options.seed
    )
    with TemporaryDirectory(prefix="unswayed-throughput-") as folder:
        work, run = Evaluation(asked), RunFolder(Path(folder))
        begin(run, work)
        make_variants(run, work)
        shared = list(_requests(run, work))
        alone = list(_alone(shared, Path(folder)))
        ways = [
            Way("one by one", alone, 1, alone[-1]),
            Way("shared, one by one", shared, 1, alone[-1]),
            *(Way(f"batches of {n}", shared, n, alone[-1]) for n in options.batch_sizes),
        ]
        decoding = Decoding(max_new_tokens=options.max_new_tokens, force_answer=True)
        for way in ways:  # once unmeasured: the first call of a shape pays for what follows
            way.run(work.model, decoding)
        for way in ways:
            way.wall.clear()
            way.cpu.clear()
        for _ in range(options.rounds):
            for way in ways:
                way.run(work.model, decoding)
    print(f"{options.model}: {options.samples} samples, {len(shared)} prompts, at most", end=" ")
    print(f"{options.max_new_tokens} new tokens, median of {options.rounds} rounds")
    print(_table(ways, options.samples))
    differing = [way.name for way in ways if not _same(ways[0].made, way.made)]
    print(f"outputs: {'DIFFER in ' + ', '.join(differing) if differing else 'the same in all'}")
    print(f"start of `unswayed --help`: {_start():.3f} s of CPU (user + system, median of 5)")
    sys.exit(bool(differing))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="tiny", help="model spec, folder or hub id")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 40])
    parser.add_argument("--max-new-tokens", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _requests(run: RunFolder, work: Evaluation) -> Iterator[Request]:
    for variant in run.variants:
        user = prompts.render_user(variant, work.profile)
        yield request_of(variant, run.folder, work.profile.system, user)


def _alone(requests: Sequence[Request], folder: Path) -> Iterator[Request]:
    """Give every prompt a picture file of its own, so that no work on it can be shared."""
    for request in requests:
        own = [folder / f"own-{request.id}-{place}" for place in range(len(request.images))]
        for source, target in zip(request.images, own, strict=True):
            shutil.copy(source, target)
        yield replace(request, images=tuple(own))


def _table(ways: Sequence[Way], samples: int) -> str:
    """Return a line a way; the ratios are to the first, by the clock and by the processor."""
    wall = [statistics.median(way.wall) for way in ways]
    cpu = [statistics.median(way.cpu) for way in ways]
    head = ("samples/s", "prompts/s", "CPU s", "pictures", "ratio", "by CPU")
    lines = [f"{'':20}" + "".join(f"{name:>11}" for name in head)]
    for i, way in enumerate(ways):
        speed = f"{samples / wall[i]:11.2f}{len(way.requests) / wall[i]:11.2f}{cpu[i]:11.2f}"
        ratios = f"{wall[0] / wall[i]:11.2f}{cpu[0] / cpu[i]:11.2f}"
        lines.append(f"{way.name:20}{speed}{way.encoded:11}{ratios}")
    return "\n".join(lines)


def _same(expected: Sequence[Generation], found: Sequence[Generation]) -> bool:
    """Say whether two lists of generations write the same, with the same letters' chances."""
    return all(
        (a.id, a.status, a.text) == (b.id, b.status, b.text) and _close(a, b)
        for a, b in zip(expected, found, strict=True)
    )


def _close(a: Generation, b: Generation) -> bool:
    if a.letters is None or b.letters is None:
        return a.letters is b.letters
    one, other = a.letters.probabilities, b.letters.probabilities
    return one.keys() == other.keys() and all(abs(one[k] - other[k]) < TOLERANCE for k in one)


def _start() -> float:
    """Return the CPU seconds that `unswayed --help` takes."""
    command = [sys.executable, "-m", "unswayed", "--help"]
    taken: list[float] = []
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        taken.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
