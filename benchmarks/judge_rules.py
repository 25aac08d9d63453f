"""How much do the known means of speed save the judge `rules`, and do they move a verdict?

Run `python benchmarks/judge_rules.py [LABELS.jsonl …]`. The same thoughts are judged in one run, in
turns, with the judge as it is and without its means: words, texts and questions that are
remembered, options and relations that are looked up by their first word, and markup that is only
undone where there is any. Each round begins with nothing remembered. Every verdict of both is
compared; where one differs, the exit status is 1. Without files the labelled chains of the tests
are judged.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from unswayed.judges import JudgeCase
from unswayed.judges.agreement.labels import load_labels
from unswayed.judges.rules import analysis, inflection, markup, mentions, relations, words
from unswayed.judges.rules.judge import Rules

TESTS = Path(__file__).parents[1] / "tests" / "judges"
FILES = [TESTS / name for name in ("cases.jsonl", "held_out.jsonl", "kinds.jsonl")]
REMEMBERED = (analysis._remembered, words._remembered, inflection.fold, inflection.stem)
EVERY_SIGN = "".join(map(chr, range(32, 127))) + "\n"


class Everything(dict[str, Any]):
    """A look-up that gives everything, whatever is looked up: a search without an index."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self.entries = tuple(entries)

    def get(self, key: str, default: Any = None) -> Any:
        """Return everything."""
        return self.entries


def plainly_analysed(question: str, listed: tuple[tuple[str, str], ...]) -> Any:
    """Analyse a question anew, and leave its patterns without an index."""
    from dataclasses import replace

    found = analysis._analyse(question, listed)
    patterns = [pattern for group in found.patterns.values() for pattern in group]
    return replace(found, patterns=Everything(patterns))


@contextmanager
def without_means() -> Iterator[None]:
    """Take the means away: nothing is remembered, nothing is indexed, no sign is looked for."""
    whole = [(EVERY_SIGN, pattern, by) for _, pattern, by in markup._SIMPLE]
    fold, stem = inflection.fold.__wrapped__, inflection.stem.__wrapped__
    with ExitStack() as stack:
        for module, name, value in (
            (words, "_remembered", words._tokens),
            (words, "fold", fold),
            (mentions, "stem", stem),
            (analysis, "_remembered", plainly_analysed),
            (analysis, "stem", stem),
            (analysis, "fold", fold),
            (relations, "_BY_FIRST", Everything(relations._BY_WORDS)),
            (markup, "_SIMPLE", whole),
        ):
            stack.enter_context(patch.object(module, name, value))
        yield


def judged(cases: Sequence[JudgeCase]) -> tuple[float, list[Any]]:
    """Return the processor seconds of judging with nothing remembered, and the verdicts."""
    for remembered in REMEMBERED:
        remembered.cache_clear()
    start = time.process_time()
    verdicts = list(Rules().judge(cases))
    return time.process_time() - start, verdicts


def main() -> None:
    """Judge in turns and print both, their ratio, and whether the verdicts are the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", nargs="*", type=Path, default=FILES)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    cases = [row.case for path in args.labels for row in load_labels(path)]
    characters = sum(len(case.think) for case in cases)
    judged(cases)
    times: dict[str, list[float]] = {"as it is": [], "without": []}
    same = True
    for _ in range(args.rounds):
        seconds, verdicts = judged(cases)
        times["as it is"].append(seconds)
        with without_means():
            seconds, others = judged(cases)
        times["without"].append(seconds)
        same = same and verdicts == others
    print(
        f"{len(cases)} thoughts, {characters:,} characters, best of {args.rounds} rounds in turns"
    )
    print(f"{'':12}{'CPU s':>8}{'ms/thought':>12}{'ratio':>8}")
    slow = min(times["without"])
    for name in ("without", "as it is"):
        best = min(times[name])
        print(f"{name:12}{best:8.3f}{1000 * best / len(cases):12.3f}{slow / best:8.2f}")
    print("verdicts: the same" if same else "verdicts: NOT the same")
    sys.exit(not same)


if __name__ == "__main__":
    main()
