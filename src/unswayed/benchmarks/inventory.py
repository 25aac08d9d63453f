"""What a benchmark holds, and what is odd about it: counted before any model is asked.

The rows are streamed once. Texts are not kept, only counts and digests, so that memory grows by a
few hundred bytes a row, whatever the questions and pictures are.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special  # pyright: ignore[reportMissingTypeStubs]

from unswayed import answers, registry
from unswayed.benchmarks import Benchmark
from unswayed.benchmarks.sources.pictures import NO_PICTURE
from unswayed.errors import ConfigError, DataError
from unswayed.registry import Spec
from unswayed.run.pictures import read_image
from unswayed.types import LETTERS, Failure, Sample

MAX_CATEGORIES = 200
"""Categories that are listed by name; further ones are counted together."""

LONG_QUESTION = 4000
"""Characters from which a question is called very long."""

MESSAGES = 5
"""Failures, and broken pictures, that are shown with their message."""

_FEW_GOLDS = 5
_LEAST_EXPECTED = 5.0
_UNLIKELY = 1e-3
_DEVIATIONS = 4.0
_OTHERS = "(others)"


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
    tally = _Tally(pictures)
    for number, item in enumerate(benchmark, 1):
        tally.add(item)
        if number == limit:
            break
    found = tally.inventory(benchmark.name, None if limit else _stated_rows(benchmark))
    provenance: Any = getattr(benchmark, "provenance", None)
    return replace(found, provenance=provenance() if provenance else {})


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


def problem(found: Inventory, *, skip_broken: bool = False) -> str:
    """Return why a benchmark should not be run as it is, empty if it can be.

    Args:
        found: what it holds.
        skip_broken: broken rows are no reason, as long as others can be used.
    """
    rows = found.samples + found.failures
    if not found.usable:
        return f"not one of the {rows} rows of {found.benchmark} can be used"
    if found.broken and not skip_broken:
        return (
            f"{found.broken} of the {rows} rows of {found.benchmark} are broken; mend them, or "
            "accept with --skip-broken that a run leaves them out and counts them as failed"
        )
    return ""


def _stated_rows(benchmark: Benchmark) -> int | None:
    """Return the number of rows that the benchmark says there should be, None if it does not."""
    rows: Any = getattr(benchmark, "rows", None)
    return rows if isinstance(rows, int) and not isinstance(rows, bool) else None


@dataclass
class _Tally:
    """The counts while the rows go by."""

    pictures: bool
    samples: int = 0
    failures: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    categories: Counter[str] = field(default_factory=Counter[str])
    options: Counter[int] = field(default_factory=Counter[int])
    golds: Counter[str] = field(default_factory=Counter[str])
    golds_by_options: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    clusters: set[bytes] = field(default_factory=set[bytes])
    groups: dict[bytes, tuple[int, int]] = field(default_factory=dict[bytes, tuple[int, int]])
    seen: set[bytes] = field(default_factory=set[bytes])
    gold_of: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    decoded: set[bytes] = field(default_factory=set[bytes])
    counts: Counter[str] = field(default_factory=Counter[str])
    longest_question: int = 0
    longest_hits: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def add(self, item: Sample | Failure) -> None:
        if isinstance(item, Failure):
            self.failures += 1
            self.counts["unfound"] += item.message.startswith(NO_PICTURE)
            self._say(item.id, item.message)
            return
        self.samples += 1
        self.kinds[item.answer_kind] += 1
        known = item.category in self.categories or len(self.categories) < MAX_CATEGORIES
        self.categories[item.category if known else _OTHERS] += 1
        self.clusters.add(_digest(item.cluster))
        if item.group is not None:
            key = _digest(item.group)
            copies, _ = self.groups.get(key, (0, 0))
            self.groups[key] = (copies + 1, len(item.options))
        self.longest_question = max(self.longest_question, len(item.question))
        self.counts["long"] += len(item.question) >= LONG_QUESTION
        self._add_pictures(item)
        self._add_question(item)
        if item.answer_kind == "choice":
            self._add_choice(item)

    def inventory(self, name: str, expected: int | None) -> Inventory:
        hits, chance, _, n = self.longest_hits
        lost = self.counts["gone"] + self.counts["undecodable"]
        found = Inventory(
            benchmark=name,
            samples=self.samples,
            failures=self.failures,
            broken=self.failures + lost,
            usable=self.samples - lost,
            expected=expected,
            kinds=dict(sorted(self.kinds.items())),
            categories=dict(sorted(self.categories.items())),
            options=dict(sorted(self.options.items())),
            golds=dict(sorted(self.golds.items())),
            clusters=len(self.clusters),
            groups=len(self.groups),
            groups_incomplete=_incomplete(list(self.groups.values())),
            without_picture=self.counts["bare"],
            missing=self.counts["unfound"] + self.counts["gone"],
            undecodable=self.counts["undecodable"] if self.pictures else None,
            duplicates=self.counts["duplicates"],
            contradictions=self.counts["contradictions"],
            nan_options=self.counts["nan"],
            repeated_options=self.counts["repeated"],
            longest_question=self.longest_question,
            long_questions=self.counts["long"],
            longest_gold=hits / n if n else None,
            longest_by_chance=chance / n if n else None,
            messages=tuple(self.messages),
        )
        odd = [*_odd_rows(found), *_odd_golds(found, self.golds_by_options, self.longest_hits)]
        return replace(found, odd=tuple(odd))

    def _say(self, row: str, message: str) -> None:
        if len(self.messages) < MESSAGES:
            self.messages.append((row, message))

    def _add_pictures(self, sample: Sample) -> None:
        self.counts["bare"] += not sample.images
        gone = [image for image in sample.images if image.path and not Path(image.path).is_file()]
        if gone:
            self.counts["gone"] += 1
            self._say(sample.id, f"{NO_PICTURE} {gone[0].path}")
        elif self.pictures:
            self.counts["undecodable"] += not self._decodes(sample)

    def _decodes(self, sample: Sample) -> bool:
        """Decode the pictures of a sample; one that lies in a file is decoded once."""
        for image in sample.images:
            key = _digest(image.path) if image.path else b""
            if key in self.decoded:
                continue
            try:
                _ = read_image(image)
            except DataError as error:
                self._say(sample.id, str(error))
                return False
            if key:
                self.decoded.add(key)
        return True

    def _add_question(self, sample: Sample) -> None:
        """Look for the same question about the same pictures, in this and any order of options."""
        # Without pictures at hand the image's name stands for them.
        shown = [
            image.path or repr(image.loader) if image.data is None else image.data
            for image in sample.images
        ] or [sample.cluster]
        texts = list(sample.options.values())
        exact = _digest(sample.question, *texts, *shown)
        self.counts["duplicates"] += exact in self.seen
        self.seen.add(exact)
        unordered = _digest(sample.question, *sorted(texts), *shown)
        gold = _digest(sample.options.get(sample.answer, sample.answer))
        self.counts["contradictions"] += self.gold_of.setdefault(unordered, gold) != gold

    def _add_choice(self, sample: Sample) -> None:
        texts = {letter: answers.normalise(text) for letter, text in sample.options.items()}
        self.options[len(texts)] += 1
        self.golds[sample.answer] += 1
        self.golds_by_options[len(texts), sample.answer] += 1
        self.counts["nan"] += "nan" in texts.values()
        self.counts["repeated"] += len(set(texts.values())) < len(texts)
        lengths = sorted(map(len, sample.options.values()))
        if len(lengths) > 1 and lengths[-1] > lengths[-2]:
            chance = 1 / len(lengths)
            hit = len(sample.options[sample.answer]) == lengths[-1]
            for i, value in enumerate((hit, chance, chance * (1 - chance), 1)):
                self.longest_hits[i] += value


def _digest(*parts: str | bytes) -> bytes:
    made = hashlib.blake2b(digest_size=12)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "little") + data)
    return made.digest()


def _incomplete(groups: Sequence[tuple[int, int]]) -> int:
    """Count the groups with fewer copies than is usual for their number of options."""
    sizes: dict[int, Counter[int]] = {}
    for copies, options in groups:
        sizes.setdefault(options, Counter())[copies] += 1
    # Of sizes that are equally common the larger counts: nothing makes copies that are not there.
    usual = {options: max(n, key=lambda size: (n[size], size)) for options, n in sizes.items()}
    return sum(copies < usual[options] for copies, options in groups)


def _odd_rows(found: Inventory) -> list[str]:
    """Say what is odd about the rows."""
    n = found.samples
    rows = n + found.failures
    none = found.categories.get("", 0)
    said = [
        (found.expected not in (None, rows), f"expected {found.expected} rows, found {rows}"),
        (found.clusters == 1 < n, f"all {n} questions are about one image or scene"),
        (found.groups_incomplete, f"{found.groups_incomplete} groups lack copies"),
        (0 < none < n, f"{none} questions have no category, the others have one"),
        (0 < found.without_picture < n, f"{found.without_picture} questions have no picture"),
        (found.duplicates, f"{found.duplicates} questions repeat an earlier one"),
        (
            found.contradictions,
            f"{found.contradictions} questions repeat an earlier one with another gold",
        ),
        (found.nan_options, f"{found.nan_options} questions have the text “nan” as an option"),
        (
            found.repeated_options,
            f"{found.repeated_options} questions have two options of the same text",
        ),
        (
            found.long_questions,
            f"{found.long_questions} questions have {LONG_QUESTION} characters or more (the "
            f"longest {found.longest_question})",
        ),
    ]
    return [sentence for is_so, sentence in said if is_so]


def _odd_golds(
    found: Inventory, by_options: Mapping[tuple[int, str], int], longest: Sequence[float]
) -> list[str]:
    """Say what is odd about which option is right."""
    n, said = sum(found.golds.values()), list[str]()
    if len(found.golds) == 1 and n >= _FEW_GOLDS:
        said.append(
            f"the gold is {next(iter(found.golds))} in all {n} choices: shuffle the options "
            "(--variants shuffle), or a bias towards that letter looks like knowledge"
        )
    elif (p := uniform_p(by_options)) < _UNLIKELY:
        said.append(f"the gold letters are far from equally frequent (p = {p:.1g})")
    hits, chance, variance, rows = longest
    if rows and hits > chance + _DEVIATIONS * math.sqrt(variance):
        said.append(
            f"the gold is the longest option in {hits / rows:.0%} of the choices with one longest "
            f"({chance / rows:.0%} by chance): length gives it away"
        )
    return said


def uniform_p(golds: Mapping[tuple[int, str], int]) -> float:
    """Return the p-value of gold letters that are equally likely within their question's options.

    Pearson's test with the covariance of the letters' counts over questions with different
    numbers of options. 1 where a letter is expected too rarely (under 5 times) to tell.

    Args:
        golds: (number of options, gold letter) → questions.
    """
    observed, expected = np.zeros(len(LETTERS)), np.zeros(len(LETTERS))
    covariance = np.zeros((len(LETTERS), len(LETTERS)))
    for (size, letter), count in golds.items():
        share = np.zeros(len(LETTERS))
        share[:size] = 1 / size
        observed[LETTERS.index(letter)] += count
        expected += count * share
        covariance += count * (np.diag(share) - np.outer(share, share))
    letters = np.flatnonzero(expected >= _LEAST_EXPECTED)
    if len(letters) < 2:
        return 1.0
    gap = (observed - expected)[letters]
    within = covariance[np.ix_(letters, letters)]
    statistic = float(gap @ np.linalg.pinv(within) @ gap)
    return float(special.chdtrc(np.linalg.matrix_rank(within), statistic))
