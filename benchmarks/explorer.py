"""How long the explorer takes: the index of a large run, and the pages of it.

    python benchmarks/explorer.py 100000 --source runs/demo

A small finished run (by default one of the embedded model, made here) is repeated under new ids
until it has so many generations, as `finished_run.py` does, its thoughts made longer with words of
its own. Then it is indexed in a process of its own, with and without its `rows.npz`, and pages are
asked for: each address twice, since a list is kept once it is made. `ms` is processor time of the
whole answer, which other work on the machine does not blur.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from finished_run import cost, synthesise
from starlette.testclient import TestClient

from unswayed.view.app import Explorer, application
from unswayed.view.runs import open_runs

WORDS = 90
INDEX = """
import resource, sys
from pathlib import Path
from unswayed.view.runs import open_runs
open_runs([Path(sys.argv[1])], Path(sys.argv[2]))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
PAGES = {
    "first page": "",
    "last page": "?page=1000000",
    "one variant": "?variant=wrong-think",
    "swayed, by P": "?swayed=yes&sort=p_correct",
    "all, by H": "?sort=entropy&descending=yes",
    "all, shuffled": "?sort=shuffled",
    "search, a word": "?text=square",
    "search, two words": "?text=blue+square",
    "search, a phrase": "?text=%22the+blue+square%22&place=thought",
    "search, nothing": "?text=zebra",
    "one output": "/output?sample={sample}&under=wrong-think",
    "one output of a list": "/output?sample={sample}&under=wrong-think&swayed=yes&at=0",
    "next to label": "/label?variant=wrong-think&sort=shuffled",
}


def lengthen(path: Path) -> None:
    """Put words of all thoughts behind each thought: texts of a usual length."""
    lines = path.read_bytes().splitlines()
    words = " ".join(json.loads(line)["text"] for line in lines[:2000]).split()
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_longer(lines, sorted(set(words))))


def _longer(lines: list[bytes], words: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        dice, record = random.Random(number), json.loads(line)
        thought, closes, rest = record["text"].partition("</think>")
        if closes:
            more = " ".join(dice.choices([w for w in words if "<" not in w], k=WORDS))
            record["text"] = f"{thought} {more}{closes}{rest}"
        yield json.dumps(record, ensure_ascii=False) + "\n"


def indexed(run: Path, cache: Path) -> tuple[float, float]:
    """Return the CPU seconds and the peak memory in MB of indexing a run."""
    command = [sys.executable, "-c", INDEX, str(run), str(cache)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def ask(client: TestClient, address: str) -> tuple[float, float, int]:
    """Return the processor time of an answer in ms, its time by the clock, and its size."""
    used, clock = time.process_time(), time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        sys.exit(f"{address}: {answer.status_code} {answer.text}")
    spent = 1000 * (time.process_time() - used), 1000 * (time.perf_counter() - clock)
    return *spent, len(answer.content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="generations")
    parser.add_argument("--source", type=Path, help="a small finished run to repeat")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = options.source or folder / "source"
        if options.source is None:
            asked = ["--model", "organism", "--benchmark", "scenes,n=40", "--no-report"]
            cost(["evaluate", *asked, "--out", str(source)])
        run, cache = folder / "run", folder / "cache"
        written = synthesise(source, run, options.count)
        lengthen(run / "generations.jsonl")
        size = sum(path.stat().st_size for path in run.glob("*.jsonl")) / 2**20
        print(f"{written:,} generations, {size:.0f} MB of records")
        print(f"{'':24} {'CPU s':>7} {'MB':>6}")
        for label in ("index without rows.npz", "index with rows.npz", "index that is current"):
            if label == "index with rows.npz":
                next(cache.glob("*.sqlite")).unlink()
            seconds, peak = indexed(run, cache)
            print(f"{label:24} {seconds:7.1f} {peak:6.0f}", flush=True)
        print(f"size of the index: {next(cache.glob('*.sqlite')).stat().st_size / 2**20:.0f} MB")
        from unswayed.view.labels import ReaderLabels

        reader = ReaderLabels(folder / "labels", "reader")
        explorer = Explorer(open_runs([run], cache), folder / "labels", reader)
        client = TestClient(application(explorer, "127.0.0.1"), base_url="http://127.0.0.1")
        sample = json.loads((run / "variants.jsonl").open("rb").readline())["sample"]["id"]
        print(f"{'':24} {'ms':>7} {'again':>6} {'by clock':>9} {'kB':>6}")
        for label, address in PAGES.items():
            address = f"/r/run{address.format(sample=sample)}"
            (first, clock, size), (again, _, _) = ask(client, address), ask(client, address)
            print(f"{label:24} {first:7.0f} {again:6.0f} {clock:9.0f} {size / 1024:6.0f}")


if __name__ == "__main__":
    main()
