"""What a benchmark holds, and what is odd about it: counted before any model is asked.

The rows are streamed once. Texts are not kept, only counts and digests, so that memory grows by a
few hundred bytes a row, whatever the questions and pictures are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from unswayed import registry
from unswayed.benchmarks import Benchmark, suspicions
from unswayed.benchmarks.tally import Tally
from unswayed.errors import ConfigError
from unswayed.registry import Spec
from unswayed.types import PictureChange


@dataclass(frozen=True)
class Inventory:
    """What a benchmark holds.

    Attributes:
        benchmark: its name.
        samples: number of rows that came as samples.
        failures: number of rows that came as failures.
        broken: rows that a run would record as failed: failures, and broken pictures.
        usable: rows that a run can use.
        expected: number of rows that the benchmark says there should be; None if it does not say,
            or if the rows were limited.
        kinds: kind of answer → samples.
        categories: category → samples; the empty name stands for none.
        options: number of options → samples, choices only.
        golds: gold letter → samples, choices only.
        clusters: number of images or scenes.
        groups: number of groups of copies.
        groups_incomplete: groups with fewer copies than most groups with as many options.
        without_picture: samples that show none.
        missing: broken rows with a picture that is not there, failures among them.
        undecodable: samples with a picture that cannot be decoded; None if not looked at.
        changed: what must be done to pictures so that they show what a person sees → pictures;
            empty if they were not looked at.
        duplicates: samples that repeat question, options and pictures of an earlier one.
        contradictions: the same in any order of options, with another gold.
        nan_options: samples with the word "nan" as an option.
        repeated_options: samples with two options of the same text.
        longest_question: characters of the longest question.
        long_questions: samples with a question of `LONG_QUESTION` characters or more.
        longest_gold: share of samples with one longest option where it is the gold; None without.
        longest_by_chance: the same for a gold drawn at random.
        provenance: which data was read, if the benchmark says it.
        messages: the first failures and broken pictures, as (row, message).
        odd: what is suspicious, one sentence each.
    """

    benchmark: str
    samples: int
    failures: int
    broken: int
    usable: int
    expected: int | None
    kinds: Mapping[str, int]
    categories: Mapping[str, int]
    options: Mapping[int, int]
    golds: Mapping[str, int]
    clusters: int
    groups: int
    groups_incomplete: int
    without_picture: int
    missing: int
    undecodable: int | None
    changed: Mapping[PictureChange, int]
    duplicates: int
    contradictions: int
    nan_options: int
    repeated_options: int
    longest_question: int
    long_questions: int
    longest_gold: float | None
    longest_by_chance: float | None
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])
    messages: Sequence[tuple[str, str]] = ()
    odd: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def take(benchmark: Benchmark, limit: int | None = None, *, pictures: bool = False) -> Inventory:
    """Read a benchmark once and return what it holds.

    Args:
        benchmark: the benchmark.
        limit: number of rows to read, all if None.
        pictures: also decode every picture.

    Raises:
        DataError: the benchmark cannot be used at all.
        ConfigError: the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f"expected a limit of at least 1 row, found {limit}")
    tally = Tally(pictures)
    for number, item in enumerate(benchmark, 1):
        tally.add(item)
        if number == limit:
            break
    inventory = _inventory(tally, benchmark.name, None if limit else _stated_rows(benchmark))
    provenance: Any = getattr(benchmark, "provenance", None)
    return replace(inventory, provenance=provenance() if provenance else {})


def spec_of(name: str, path: Path | None) -> Spec:
    """Return a benchmark's spec with a path as its argument.

    Raises:
        ConfigError: the spec names a path already, or is none.
    """
    spec = registry.parse_spec(name)
    if path is None:
        return spec
    if spec.argument is not None or "path" in spec.options:
        raise ConfigError(f"{name!r} names its files already; leave --data {path} out")
    return Spec(spec.name, str(path), spec.options)


def problem(inventory: Inventory, *, skip_broken: bool = False) -> str:
    """Return why a benchmark should not be run as it is, empty if it can be.

    Args:
        inventory: what it holds.
        skip_broken: broken rows are no reason, as long as others can be used.
    """
    rows = inventory.samples + inventory.failures
    if not inventory.usable:
        return f"not one of the {rows} rows of {inventory.benchmark} can be used"
    if inventory.broken and not skip_broken:
        return (
            f"{inventory.broken} of the {rows} rows of {inventory.benchmark} are broken; mend "
            "them, or accept with --skip-broken that a run leaves them out and counts them as "
            "failed"
        )
    return ""


def _stated_rows(benchmark: Benchmark) -> int | None:
    """Return the number of rows that the benchmark says there should be, None if it does not."""
    rows: Any = getattr(benchmark, "rows", None)
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None


def _inventory(tally: Tally, name: str, expected: int | None) -> Inventory:
    """Put the counts together, with what is suspicious about them."""
    hits, chance, _, n = tally.longest_hits
    lost = tally.counts["gone"] + tally.counts["undecodable"]
    return Inventory(
        benchmark=name,
        samples=tally.samples,
        failures=tally.failures,
        broken=tally.failures + lost,
        usable=tally.samples - lost,
        expected=expected,
        kinds=dict(sorted(tally.kinds.items())),
        categories=dict(sorted(tally.categories.items())),
        options=dict(sorted(tally.options.items())),
        golds=dict(sorted(tally.golds.items())),
        clusters=len(tally.clusters),
        groups=len(tally.groups),
        groups_incomplete=tally.incomplete_groups,
        without_picture=tally.counts["bare"],
        missing=tally.counts["unfound"] + tally.counts["gone"],
        undecodable=tally.counts["undecodable"] if tally.pictures else None,
        changed=dict(tally.changed),
        duplicates=tally.counts["duplicates"],
        contradictions=tally.counts["contradictions"],
        nan_options=tally.counts["nan"],
        repeated_options=tally.counts["repeated"],
        longest_question=tally.longest_question,
        long_questions=tally.counts["long"],
        longest_gold=hits / n if n else None,
        longest_by_chance=chance / n if n else None,
        messages=tuple(tally.messages),
        odd=(*suspicions.of_rows(tally, expected), *suspicions.of_golds(tally)),
    )
