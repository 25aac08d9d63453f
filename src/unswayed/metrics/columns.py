"""Records of a run → compact columns, one row per generation: what every metric starts from.

The rows are streamed once and only numbers are kept, so that memory does not grow with the texts.
Letters are the SAMPLE's letters here (through `Variant.origin`), so that answers to shuffled
options and to different variants of one sample can be compared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unswayed import answers
from unswayed.answers import ConflictPolicy, values
from unswayed.answers.values import OpenKind, Value
from unswayed.errors import DataError
from unswayed.metrics.intervals import Bools, Floats, Ints
from unswayed.types import LETTERS, Failure, Generation, LetterDistribution, Variant, Verdict

BASE = "base"
"""Name of the unperturbed variant, which all others are paired with."""

UNPARSED, ABSTAINED, NO_LETTER, VALUE = -1, -2, -3, -4
"""Codes in a letter column beside 0 (A) … 25 (Z).

NO_LETTER: the sample has no foil, or its gold is no letter. VALUE: the answer to an open question
was read and is not its foil.
"""

FOIL_VALUE = 0
"""Code of the foil of an open question, which has one at most, and of an answer that is it."""

FINISH = ("stop", "length", "error", "refused")
CONSISTENCY = ("consistent", "inconsistent", "unclear", "failed", "skipped")
METHODS = ("logits", "token-logprobs", "top-logprobs", "samples")
KINDS = ("choice", "number", "text", "box")
THOUGHTS = ("text", "summary", "hidden")
"""What the codes of the columns `finish`, `consistency`, `method`, `kind` and `thoughts` stand for.

−1 is none.
"""

FLAGS: Mapping[str, int] = {
    "option-text": 1,
    "letter-text-conflict": 2,
    "lowercase": 4,
    "several-answers": 8,
}
"""Bits of the column `flags`."""

NO_VOTE = 0
"""A member's place in the column `votes` before a verdict; a vote is its code + 1."""

VOTE_BITS = 3

Row = tuple[Variant, Generation, Verdict | None]

_COLUMNS = np.dtype(
    [
        ("benchmark", np.int32),
        ("variant", np.int32),
        ("sample", np.int32),
        ("cluster", np.int32),
        ("group", np.int32),
        ("category", np.int32),
        ("foil_index", np.int32),
        ("finish", np.int8),
        ("thoughts", np.int8),
        ("chosen", np.int8),
        ("gold", np.int8),
        ("foil", np.int8),
        ("correct", np.bool_),
        ("can_abstain", np.bool_),
        ("flags", np.int8),
        ("consistency", np.int8),
        ("votes", np.int64),
        ("options", np.int8),
        ("kind", np.int8),
        ("method", np.int8),
        ("forced", np.bool_),
        ("bounded", np.bool_),
        ("entropy", np.float64),
        ("entropy_normalised", np.float64),
        ("p_correct", np.float64),
        ("p_foil", np.float64),
        ("p_top", np.float64),
        ("top_correct", np.float64),
        ("brier", np.float64),
        ("other_mass", np.float64),
        ("iou", np.float64),
    ]
)
_CHUNK = 4096


@dataclass(frozen=True)
class Columns:
    """One row per generation, in columns; names are codes into the tuples of names.

    Probabilities are of the SHOWN letters, restricted to the options and renormalised (PROTOCOL
    section 6); their columns are NaN in rows without a letter distribution.

    Attributes:
        benchmarks: benchmark names, sorted.
        variants: variant names, sorted.
        categories: names of the benchmarks' own categories, sorted; the empty one is none.
        panel: names of the panel's members; empty if the judge is no panel.
        samples: (samples,) sample ids, sorted within their benchmark.
        failed: (benchmarks, variants) number of items that failed and are in no figure.
        benchmark: (n,) code of the benchmark.
        variant: (n,) code of the variant's name.
        sample: (n,) code of the sample.
        cluster: (n,) code of the image or scene, distinct between benchmarks.
        group: (n,) code of the circular group, −1 if there is none.
        category: (n,) code of the category, −1 if there is none.
        foil_index: (n,) which of K foils the variant was made with.
        finish: (n,) code into `FINISH`.
        thoughts: (n,) code into `THOUGHTS`: what is known of the model's reasoning.
        chosen: (n,) letter answered, `UNPARSED`, `ABSTAINED`; for an open question `FOIL_VALUE`,
            `VALUE` or `UNPARSED`.
        gold: (n,) letter of the gold; `NO_LETTER` for an open question.
        foil: (n,) letter of the foil, `FOIL_VALUE` or `NO_LETTER`.
        correct: (n,) the gold was answered; False where unparsed or abstained.
        can_abstain: (n,) the abstain option was shown.
        flags: (n,) bits of `FLAGS`: what was odd about the answer.
        consistency: (n,) code into `CONSISTENCY`, −1 where not judged.
        votes: (n,) the members' verdicts, `VOTE_BITS` bits each; read them with `votes_of`.
        options: (n,) number of options shown; 1 for an open question.
        kind: (n,) code into `KINDS`: what kind of answer is asked for.
        method: (n,) code into `METHODS`, −1 without a letter distribution.
        forced: (n,) the distribution was read after we closed the thought.
        bounded: (n,) some probability is only an upper bound.
        entropy: (n,) H = −Σ p ln p in nats.
        entropy_normalised: (n,) H / ln K, in [0, 1].
        p_correct: (n,) probability of the gold.
        p_foil: (n,) probability of the foil; NaN without one.
        p_top: (n,) probability of the likeliest letter.
        top_correct: (n,) 1 if the likeliest letter is the gold, 1/m if it ties with m − 1 others.
        brier: (n,) Σ (p − 1[gold])², in [0, 2].
        other_mass: (n,) what the full softmax gave to everything else; NaN where unknown.
        iou: (n,) overlap of the answered box with the gold, in [0, 1]; 0 where unparsed, NaN where
            no box is asked for.
    """

    benchmarks: tuple[str, ...]
    variants: tuple[str, ...]
    categories: tuple[str, ...]
    panel: tuple[str, ...]
    samples: NDArray[np.str_]
    failed: Ints
    benchmark: Ints
    variant: Ints
    sample: Ints
    cluster: Ints
    group: Ints
    category: Ints
    foil_index: Ints
    finish: Ints
    thoughts: Ints
    chosen: Ints
    gold: Ints
    foil: Ints
    correct: Bools
    can_abstain: Bools
    flags: Ints
    consistency: Ints
    votes: Ints
    options: Ints
    kind: Ints
    method: Ints
    forced: Bools
    bounded: Bools
    entropy: Floats
    entropy_normalised: Floats
    p_correct: Floats
    p_foil: Floats
    p_top: Floats
    top_correct: Floats
    brier: Floats
    other_mass: Floats
    iou: Floats

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.sample)

    def take(self, rows: Ints | Bools) -> Columns:
        """Return the rows chosen by an index array or a mask; names and failures stay."""
        names = set(_COLUMNS.names or ())
        columns: dict[str, Any] = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name in names
        }
        return replace(self, **columns)

    def has_output(self) -> Bools:
        """Return the rows with an output to read: neither failed nor refused."""
        return ~self.ended("error", "refused")

    def ended(self, *statuses: str) -> Bools:
        """Return the rows whose generation ended as one of `statuses`."""
        return np.isin(self.finish, [FINISH.index(status) for status in statuses])

    def completed(self) -> Columns:
        """Return the rows whose generation neither failed nor was refused."""
        return self.take(self.has_output())

    def base_rows(self) -> Ints:
        """Return for each row the index of the completed base row of its sample, −1 if none."""
        table = np.full(len(self.samples), -1, dtype=np.int64)
        if BASE in self.variants:
            is_base = self.variant == self.variants.index(BASE)
            found = np.flatnonzero(is_base & self.has_output())
            table[self.sample[found]] = found
        return table[self.sample]

    def flagged(self, flag: str) -> Bools:
        """Return the rows whose reading carries a flag of `FLAGS`."""
        return (self.flags & FLAGS[flag]) > 0

    def of_kind(self, *kinds: str) -> Columns:
        """Return the rows that ask for one of these kinds of answer."""
        return self.take(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))

    def judged(self, *statuses: str) -> Bools:
        """Return the rows whose verdict is one of `statuses`."""
        return np.isin(self.consistency, [CONSISTENCY.index(status) for status in statuses])

    def votes_of(self, member: int) -> Ints:
        """Return (n,) verdicts of the panel's member: codes into `CONSISTENCY`, −1 for none."""
        return (self.votes >> (VOTE_BITS * member) & (1 << VOTE_BITS) - 1) - 1


def columns_of(
    rows: Iterable[Row],
    failures: Iterable[Failure] = (),
    on_conflict: ConflictPolicy = "letter",
    tolerance: float = 0.0,
) -> Columns:
    """Read the records of a run into columns; `rows` is streamed once.

    A failed item counts for every variant of its benchmark in which its sample has no row, and
    once in each; failures of the judge do not count, they have a rate of their own.

    Args:
        rows: variant, its generation and its verdict (None where not judged), already joined.
        failures: items that a stage could not process.
        on_conflict: how an answer whose letter and text disagree is read.
        tolerance: largest difference at which a number counts as the gold or the foil.

    Raises:
        DataError: a row has no options, a distribution or letter does not fit its variant, or two
            rows are the same variant of the same sample.
    """
    names = _Names()
    cells = (_row(names, *row, on_conflict, tolerance) for row in rows)
    chunks = [np.array(chunk, dtype=_COLUMNS) for chunk in _chunks(cells)]
    table = np.concatenate(chunks) if chunks else np.empty(0, dtype=_COLUMNS)
    lost = [failure for failure in failures if failure.stage != "judge"]
    for failure in lost:
        names.benchmarks.code(failure.benchmark)
    if lost and not names.variants.codes:
        names.variants.code(BASE)
    if "all" in [*names.benchmarks.names(), *names.variants.names()]:
        raise DataError("the name 'all' stands for all benchmarks or variants; choose another name")
    return _assemble(names, table, lost)


class _Codes:
    """Names numbered in the order they come, and renumbered in sorted order at the end."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], int] = {}

    def code(self, name: str, scope: str = "") -> int:
        return self.codes.setdefault((scope, name), len(self.codes))

    def names(self) -> list[str]:
        return [name for _, name in sorted(self.codes)]

    def ranks(self) -> Ints:
        """Return code → rank in sorted order; a last entry keeps −1 as −1."""
        ranks = np.full(len(self.codes) + 1, -1, dtype=np.int64)
        for rank, key in enumerate(sorted(self.codes)):
            ranks[self.codes[key]] = rank
        return ranks


class _Names:
    """The names met so far; samples, clusters and groups are named within their benchmark."""

    def __init__(self) -> None:
        self.benchmarks, self.variants, self.categories = _Codes(), _Codes(), _Codes()
        self.samples, self.clusters, self.groups = _Codes(), _Codes(), _Codes()
        self.failed_ids: set[str] = set()
        self.panel: tuple[str, ...] = ()

    def of(self, variant: Variant) -> tuple[int, int, int, int, int, int]:
        sample = variant.sample
        scope = sample.benchmark
        group = -1 if sample.group is None else self.groups.code(sample.group, scope)
        return (
            self.benchmarks.code(scope),
            self.variants.code(variant.name),
            self.samples.code(sample.id, scope),
            self.clusters.code(sample.cluster, scope),
            group,
            self.categories.code(sample.category) if sample.category else -1,
        )

    def votes(self, verdict: Verdict | None) -> int:
        """Return a panel's votes as the cell of their column.

        Raises:
            DataError: they are not of the same members as before.
        """
        if verdict is None or not verdict.votes:
            return NO_VOTE
        members = tuple(vote.judge for vote in verdict.votes)
        self.panel = self.panel or members
        if members != self.panel or VOTE_BITS * len(members) > 62:
            raise DataError(
                f"expected votes of {', '.join(self.panel)} (20 members at most) in the verdict of "
                f"{verdict.id}, found {', '.join(members)}; judge the run again"
            )
        codes = [CONSISTENCY.index(vote.status) + 1 for vote in verdict.votes]
        return sum(code << VOTE_BITS * place for place, code in enumerate(codes))


def _chunks(cells: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(itertools.islice(cells, _CHUNK)):
        yield chunk


def _row(
    names: _Names,
    variant: Variant,
    generation: Generation,
    verdict: Verdict | None,
    on_conflict: ConflictPolicy,
    tolerance: float,
) -> tuple[Any, ...]:
    """Return the cells of one row in the order of `_COLUMNS`."""
    kind = variant.sample.answer_kind
    if kind != "choice":
        return _open_row(names, variant, generation, kind, tolerance)
    if not variant.options:
        raise DataError(
            f"expected a question with options, found {variant.sample.id!r} without any; leave it "
            "out, or give it another answer_kind"
        )
    lost = _is_lost(names, generation)
    chosen, flags = (UNPARSED, 0) if lost else _answer(variant, generation, on_conflict)
    gold = LETTERS.index(_in_sample(variant, variant.answer))
    foil = NO_LETTER if variant.foil is None else LETTERS.index(_in_sample(variant, variant.foil))
    hidden = generation.thoughts == "hidden"
    status = -1 if verdict is None or lost or hidden else CONSISTENCY.index(verdict.status)
    letters = None if lost else generation.letters
    return (
        *names.of(variant),
        variant.foil_index,
        FINISH.index(generation.status),
        THOUGHTS.index(generation.thoughts),
        chosen,
        gold,
        foil,
        chosen == gold,
        variant.abstain is not None,
        flags,
        status,
        names.votes(verdict),
        len(variant.options),
        KINDS.index("choice"),
        *_letter_cells(variant, letters),
        math.nan,
    )


def _open_row(
    names: _Names, variant: Variant, generation: Generation, kind: OpenKind, tolerance: float
) -> tuple[Any, ...]:
    """Return the cells of an open question: no letters and no verdict, since judges compare them.

    Such a verdict is none, not `skipped`, which would count as not faithful.
    """
    lost = _is_lost(names, generation)
    output = variant.prefill + generation.text
    said = None if lost else values.parse_output(output, kind).value
    gold = _value(variant, kind, variant.answer)
    foil = None if variant.foil is None else _value(variant, kind, variant.foil)
    correct = said is not None and values.same(said, gold, tolerance)
    swayed = said is not None and foil is not None and values.same(said, foil, tolerance)
    swayed = swayed and not correct  # the tolerance may reach from the gold to the foil
    return (
        *names.of(variant),
        variant.foil_index,
        FINISH.index(generation.status),
        THOUGHTS.index(generation.thoughts),
        UNPARSED if said is None else FOIL_VALUE if swayed else VALUE,
        NO_LETTER,
        NO_LETTER if foil is None else FOIL_VALUE,
        correct,
        False,
        0,
        -1,
        NO_VOTE,
        1,
        KINDS.index(kind),
        *_letter_cells(variant, None),
        _overlap(said, gold),
    )


def _is_lost(names: _Names, generation: Generation) -> bool:
    """Say whether there is no output to read; a failure is remembered, a refusal is none."""
    if generation.status == "error":
        names.failed_ids.add(generation.id)
    return generation.status in ("error", "refused")


def _value(variant: Variant, kind: OpenKind, written: str) -> Value:
    found = values.parse_value(written, kind)
    if found.value is None:
        raise DataError(
            f"expected a {kind} as gold and foil of {variant.sample.id!r}, found {written!r:.80} "
            f"({found.problem}); make the variants again"
        )
    return found.value


def _overlap(said: Value | None, gold: Value) -> float:
    if not isinstance(gold, tuple):
        return math.nan
    return values.iou(said, gold) if isinstance(said, tuple) else 0.0


def _answer(
    variant: Variant, generation: Generation, on_conflict: ConflictPolicy
) -> tuple[int, int]:
    """Return the code of the letter answered, in the sample's letters, and the flags."""
    reading = answers.parse_output(variant.prefill + generation.text, variant.options, on_conflict)
    flags = sum(FLAGS[flag] for flag in reading.flags)
    if reading.letter is None:
        return UNPARSED, flags
    if reading.letter == variant.abstain:
        return ABSTAINED, flags
    return LETTERS.index(_in_sample(variant, reading.letter)), flags


def _in_sample(variant: Variant, shown: str) -> str:
    if shown not in variant.origin:
        raise DataError(
            f"variant {variant.id} ({variant.name} of {variant.sample.id!r}) shows the letter "
            f"{shown!r} without saying which option of the sample it is; make the variants again"
        )
    return variant.origin[shown]


def _letter_cells(
    variant: Variant, letters: LetterDistribution | None
) -> tuple[int, bool, bool, float, float, float, float, float, float, float, float]:
    """Return method, forced, bounded and the figures of the distribution (PROTOCOL section 6)."""
    nan = math.nan
    if letters is None:
        return (-1, False, False, nan, nan, nan, nan, nan, nan, nan, nan)
    p = letters.probabilities
    whole = math.isclose(sum(p.values()), 1, abs_tol=1e-3) and min(p.values()) >= 0
    if p.keys() != variant.options.keys() or not whole:
        raise DataError(
            f"variant {variant.id}: expected probabilities of {', '.join(variant.options)} that "
            f"sum to 1, found {dict(p)}; generate it again"
        )
    entropy = letter_entropy(list(p.values()))
    top = max(p.values())
    tied = [letter for letter, value in p.items() if value == top]
    return (
        METHODS.index(letters.method),
        letters.forced,
        bool(letters.bounded),
        entropy,
        min(1.0, entropy / math.log(len(p))) if len(p) > 1 else nan,
        p[variant.answer],
        nan if variant.foil is None else p[variant.foil],
        top,
        (variant.answer in tied) / len(tied),
        sum((value - (letter == variant.answer)) ** 2 for letter, value in p.items()),
        nan if letters.other_mass is None else letters.other_mass,
    )


def letter_entropy(probabilities: Sequence[float]) -> float:
    """Return H = −Σ p ln p in nats, with 0 ln 0 = 0 (Zhao et al., arXiv 2602.12506)."""
    return max(0.0, -sum(p * math.log(p) for p in probabilities if p > 0))


def _assemble(names: _Names, table: NDArray[Any], lost: Sequence[Failure]) -> Columns:
    coded = {
        "benchmark": names.benchmarks,
        "variant": names.variants,
        "sample": names.samples,
        "cluster": names.clusters,
        "group": names.groups,
        "category": names.categories,
    }
    columns: dict[str, Any] = {}
    for name in _COLUMNS.names or ():
        column = table[name]
        if name in coded:
            column = coded[name].ranks()[column]
        elif np.issubdtype(column.dtype, np.integer):
            column = column.astype(np.int64)
        columns[name] = np.ascontiguousarray(column)
    outcomes = Columns(
        benchmarks=tuple(names.benchmarks.names()),
        variants=tuple(names.variants.names()),
        categories=tuple(names.categories.names()),
        panel=names.panel,
        samples=np.array(names.samples.names(), dtype=np.str_),
        failed=np.zeros((len(names.benchmarks.codes), len(names.variants.codes)), dtype=np.int64),
        **columns,
    )
    _refuse_duplicates(outcomes)
    return replace(outcomes, failed=_failed(outcomes, lost, names.failed_ids))


def _refuse_duplicates(outcomes: Columns) -> None:
    keys = np.stack([outcomes.variant, outcomes.sample, outcomes.foil_index], axis=1)
    found, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    base = outcomes.variants.index(BASE) if BASE in outcomes.variants else -1
    if len(several) == 0:
        bases = found[found[:, 0] == base, 1]
        names, times = np.unique(bases, return_counts=True)
        if len(names) and times.max() > 1:
            sample = str(outcomes.samples[names[times.argmax()]])
            raise DataError(f"expected one base row per sample, found {times.max()} of {sample!r}")
        return
    row = first[several[0]]
    sample = str(outcomes.samples[outcomes.sample[row]])
    raise DataError(
        f"expected one row per variant of a sample, found {counts[several[0]]} of "
        f"{outcomes.variants[outcomes.variant[row]]} of {sample!r}"
    )


def _failed(outcomes: Columns, lost: Sequence[Failure], failed_ids: set[str]) -> Ints:
    """Count per benchmark and variant: generations that ended as error, and items lost before."""
    failed = np.zeros_like(outcomes.failed)
    errors = outcomes.ended("error")
    np.add.at(failed, (outcomes.benchmark[errors], outcomes.variant[errors]), 1)
    if not lost:
        return failed
    present = np.zeros((len(outcomes.samples), len(outcomes.variants)), dtype=np.bool_)
    present[outcomes.sample, outcomes.variant] = True
    owner = np.full(len(outcomes.samples), -1, dtype=np.int64)
    owner[outcomes.sample] = outcomes.benchmark
    codes = {(int(owner[code]), str(name)): code for code, name in enumerate(outcomes.samples)}
    for benchmark, item in sorted({(failure.benchmark, failure.id) for failure in lost}):
        if item in failed_ids:
            continue  # the same generation is already counted through its own record
        row = outcomes.benchmarks.index(benchmark)
        code = codes.get((row, item))
        failed[row] += 1 if code is None else ~present[code]
    return failed
