"""A run as columns, one row a generation: what every metric starts from, each declared once.

The rows are streamed once and only numbers are kept, so that memory does not grow with the texts.
Letters are the SAMPLE's letters here (through `Variant.origin`), so that answers to shuffled
options and to different variants of one sample can be compared. How a column is made of the
records stands in `metrics.records`, what its codes are in `metrics.codes`.
"""

# ruff: noqa: RUF009 (a column is declared by a call that returns a field of the dataclass)

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from unswayed.metrics.arrays import Bools, Floats, Ints
from unswayed.metrics.codes import BASE, CONSISTENCY, FINISH, FLAGS, KINDS, VOTE_BITS


def _column(dtype: DTypeLike, meaning: str) -> Any:
    """Declare a column: the type that it is stored in, and what its (n,) cells say."""
    return field(metadata={"dtype": np.dtype(dtype), "meaning": meaning})


@dataclass(frozen=True)
class Columns:
    """One row per generation, in columns; names are codes into the tuples of names.

    Probabilities are of the SHOWN letters, restricted to the options and renormalised (PROTOCOL
    section 6); their columns are NaN in rows without a letter distribution. In memory whole
    numbers are int64; on disk they have the types that are declared here.

    Attributes:
        benchmarks: benchmark names, sorted.
        variants: variant names, sorted.
        categories: names of the benchmarks' own categories, sorted; the empty one is none.
        panel: names of the panel's members; empty if the judge is no panel.
        samples: (samples,) sample ids, sorted within their benchmark.
        failed: (benchmarks, variants) number of items that failed and are in no figure.
    """

    benchmarks: tuple[str, ...]
    variants: tuple[str, ...]
    categories: tuple[str, ...]
    panel: tuple[str, ...]
    samples: NDArray[np.str_]
    failed: Ints
    benchmark: Ints = _column(np.int32, "code of the benchmark")
    variant: Ints = _column(np.int32, "code of the variant's name")
    sample: Ints = _column(np.int32, "code of the sample")
    cluster: Ints = _column(np.int32, "code of the image or scene, distinct between benchmarks")
    cluster_hash: Ints = _column(
        np.int64, "hash of the cluster's name and benchmark, the same in every run"
    )
    group: Ints = _column(np.int32, "code of the circular group, −1 if there is none")
    category: Ints = _column(np.int32, "code of the category, −1 if there is none")
    shown: Ints = _column(np.int64, "hash of what the model was shown: pictures, question, texts")
    foil_index: Ints = _column(np.int32, "which of K foils the variant was made with")
    draw: Ints = _column(np.int32, "which of the prompt's k outputs it is, 0 … k − 1")
    finish: Ints = _column(np.int8, "code into `FINISH`")
    thoughts: Ints = _column(
        np.int8, "code into `THOUGHTS`: what is known of the model's reasoning"
    )
    chosen: Ints = _column(
        np.int8,
        "letter answered, `UNPARSED`, `ABSTAINED`; for an open question `FOIL_VALUE`, "
        "`VALUE` or `UNPARSED`",
    )
    gold: Ints = _column(np.int8, "letter of the gold; `NO_LETTER` for an open question")
    foil: Ints = _column(np.int8, "letter of the foil, `FOIL_VALUE` or `NO_LETTER`")
    correct: Bools = _column(np.bool_, "the gold was answered; False where unparsed or abstained")
    fallback: Ints = _column(
        np.int8, "1 if the text's question is of no known form, 0 if it is, −1 for other texts"
    )
    can_abstain: Bools = _column(np.bool_, "the abstain option was shown")
    flags: Ints = _column(
        np.int32, "bits of `FLAGS`: what was odd about the answer, and how it was found"
    )
    given_thought: Bools = _column(
        np.bool_, "the whole thought stands in the prefill: the model wrote none of it"
    )
    consistency: Ints = _column(np.int8, "code into `CONSISTENCY`, −1 where not judged")
    acknowledged: Ints = _column(
        np.int8,
        "1 if the thought says that text and picture disagree, 0 if not, −1 where no judge says",
    )
    votes: Ints = _column(
        np.int64, "the members' verdicts, `VOTE_BITS` bits each; read them with `votes_of`"
    )
    options: Ints = _column(np.int8, "number of options shown; 1 for an open question")
    kind: Ints = _column(np.int8, "code into `KINDS`: what kind of answer is asked for")
    method: Ints = _column(np.int8, "code into `METHODS`, −1 without a letter distribution")
    forced: Bools = _column(np.bool_, "the distribution was read after we closed the thought")
    bounded: Bools = _column(np.bool_, "some probability is only an upper bound")
    entropy: Floats = _column(np.float64, "H = −Σ p ln p in nats")
    entropy_normalised: Floats = _column(np.float64, "H / ln K, in [0, 1]")
    p_correct: Floats = _column(np.float64, "probability of the gold")
    p_foil: Floats = _column(np.float64, "probability of the foil; NaN without one")
    p_top: Floats = _column(np.float64, "probability of the likeliest letter")
    top_correct: Floats = _column(
        np.float64, "1 if the likeliest letter is the gold, 1/m if it ties with m − 1 others"
    )
    brier: Floats = _column(np.float64, "Σ (p − 1[gold])², in [0, 2]")
    other_mass: Floats = _column(
        np.float64, "what the full softmax gave to everything else; NaN where unknown"
    )
    entropy_marginal: Floats = _column(
        np.float64, "H of the prompt's marginal distribution: the mean over its outputs' own"
    )
    p_correct_marginal: Floats = _column(np.float64, "probability of the gold in the marginal")
    p_top_marginal: Floats = _column(np.float64, "largest probability of the marginal")
    top_correct_marginal: Floats = _column(
        np.float64, "1 if the marginal's likeliest letter is the gold; ties as in `top_correct`"
    )
    iou: Floats = _column(
        np.float64,
        "overlap of the answered box with the gold, in [0, 1]; 0 where unparsed, NaN "
        "where no box is asked for",
    )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.sample)

    def take(self, rows: Ints | Bools) -> Columns:
        """Return the rows chosen by an index array or a mask; names and failures stay."""
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in DTYPES}
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

    @property
    def draws(self) -> int:
        """The number k of outputs that a prompt has."""
        return 1 + int(self.draw.max(initial=0))

    def sample_draws(self) -> Ints:
        """Return (n,) codes of sample and draw: which rows are of one trial with all variants."""
        return self.sample * self.draws + self.draw

    def base_rows(self) -> Ints:
        """Return for each row the index of its completed base row, −1 if there is none.

        That is the base row of the same sample and draw. Which draw meets which is arbitrary, for
        all are drawn independently; so each pair is one of what a run with one output a prompt
        would have.
        """
        table = np.full(len(self.samples) * self.draws, -1, dtype=np.int64)
        trials = self.sample_draws()
        if BASE in self.variants:
            is_base = self.variant == self.variants.index(BASE)
            rows = np.flatnonzero(is_base & self.has_output())
            table[trials[rows]] = rows
        return table[trials]

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


_DECLARED = {one.name: one.metadata for one in fields(Columns) if one.metadata}

DTYPES: dict[str, np.dtype[Any]] = {name: each["dtype"] for name, each in _DECLARED.items()}
"""Every column → the type that it is stored in."""

MEANINGS: dict[str, str] = {name: each["meaning"] for name, each in _DECLARED.items()}
"""Every column → what its cells say."""
