"""What it costs to look at a finished run again: CPU seconds and peak memory of each command.

    python benchmarks/finished_run.py 200000 --source runs/demo
    python benchmarks/finished_run.py 200000 --source runs/demo --exports

A small finished run (by default one of the embedded model, made here) is repeated under new ids
until it has so many generations; then the commands are run on it, each in a process of its own.
`first measure` finds no `rows.npz`; the others find what it left. With `--exports` the run is
measured and then exported to each format.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

STAGES = ("variants", "generations", "verdicts")
COMMANDS = (
    ("first measure", "measure"),
    ("measure", "measure"),
    ("report", "report"),
    ("evaluate", "evaluate"),
    ("evaluate again", "evaluate"),
)
FORMATS = ("parquet", "csv", "jsonl", "lm-eval", "inspect", "model-index", "dataset")
EXPORTS = (
    ("first measure", "measure"),
    *((f"to {name}", f"export --to {name}") for name in FORMATS),
)


def synthesise(source: Path, out: Path, count: int) -> int:
    """Write a finished run of about `count` generations that repeats those of `source`."""
    out.mkdir(parents=True)
    shutil.copytree(source / "images", out / "images")
    lines = [(source / f"{stage}.jsonl").read_bytes().splitlines(keepends=True) for stage in STAGES]
    files = [(out / f"{stage}.jsonl").open("wb") for stage in STAGES]
    written = 0
    for copy in range(-(-count // len(lines[0]))):
        for group in _samples(lines):
            if written >= count:
                break
            for records in group:
                _write(records, copy, files)
                written += 1
    for file in files:
        file.close()
    shutil.copy(source / "run.json", out / "run.json")
    (out / "progress.json").write_text(json.dumps(dict.fromkeys(STAGES, True)))
    return written


def _samples(lines: list[list[bytes]]) -> Iterator[list[tuple[bytes, ...]]]:
    """Yield the joined lines of each sample, which are written whole."""
    group: list[tuple[bytes, ...]] = []
    last = ""
    for records in zip(*lines, strict=True):
        sample = json.loads(records[0])["sample"]["id"]
        if group and sample != last:
            yield group
            group = []
        group.append(records)
        last = sample
    yield group


def _write(records: tuple[bytes, ...], copy: int, files: list) -> None:  # type: ignore[type-arg]
    variant = json.loads(records[0])
    old = variant["id"]
    new = hashlib.blake2b(f"{copy}/{old}".encode(), digest_size=8).hexdigest()
    for key in ("id", "cluster"):
        variant["sample"][key] = f"{variant['sample'][key]}-{copy}"
    variant["id"] = new
    files[0].write(json.dumps(variant, ensure_ascii=False).encode() + b"\n")
    for record, file in zip(records[1:], files[1:], strict=True):
        file.write(record.replace(old.encode(), new.encode(), 1))


def cost(arguments: list[str]) -> tuple[float, float]:
    """Return the CPU seconds and the peak memory in MB of a command."""
    code = (
        "import resource, subprocess, sys;"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "unswayed", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, peak, status = done.stdout.split()
    if status != "0":
        sys.exit(f"unswayed {' '.join(arguments)} failed with status {status}")
    return float(seconds), float(peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="generations")
    parser.add_argument("--source", type=Path, help="a small finished run to repeat")
    parser.add_argument("--exports", action="store_true", help="export it instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = options.source or Path(folder) / "source"
        if options.source is None:
            asked = ["--model", "organism", "--benchmark", "scenes,n=40", "--no-report"]
            cost(["evaluate", *asked, "--out", str(source)])
        run = Path(folder) / "run"
        written = synthesise(source, run, options.count)
        size = sum((run / f"{stage}.jsonl").stat().st_size for stage in STAGES) / 2**20
        print(f"{written:,} generations, {size:.0f} MB of records")
        print(f"{'':16} {'CPU s':>7} {'MB':>6}")
        for label, command in EXPORTS if options.exports else COMMANDS:
            seconds, peak = cost([*command.split(), str(run)])
            print(f"{label:16} {seconds:7.1f} {peak:6.0f}", flush=True)


if __name__ == "__main__":
    main()
