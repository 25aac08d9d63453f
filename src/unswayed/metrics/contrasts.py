"""Contrasts between variants of one run: what one text does that another does not.

A contrast is a weighted sum of variants with weights that sum to 0, computed for each sample and
then averaged, so that what makes a sample easy or hard cancels. Most are plain differences, such as
`wrong-think - wrong-caption`. `wrong-think-but - (wrong-think + base)/2` asks whether a suffix
repairs half of the loss: but − plain − ½ (base − plain), above 0 where it repairs more.

With K foils a misleading variant has K rows a sample. Two such variants are paired foil by foil; a
variant that has one row a sample is paired with each of the other's. With k outputs a prompt, draw
j of one is paired with draw j of the others. Only samples with a completed row in every variant of
the contrast count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from unswayed.metrics import faithfulness
from unswayed.metrics.arrays import Bools, Floats, Ints
from unswayed.metrics.codes import BASE
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import IntervalSettings, Mean, mean_figures
from unswayed.metrics.scopes import in_benchmark, records, variant_names
from unswayed.types import Estimate

PREFIX = "contrast_"
"""How the metric of a contrast begins; `contrast_accuracy` is that of `accuracy`."""

NO_FOILS = "no foils"


@dataclass(frozen=True)
class VariantContrast:
    """A weighted sum of variants.

    Attributes:
        name: stands as the variant of its estimates, such as `wrong-think - wrong-caption`.
        terms: (weight, variant) pairs; the weights sum to 0.
        metrics: what it is computed of, as `accuracy`, `sway`.
    """

    name: str
    terms: tuple[tuple[float, str], ...]
    metrics: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Its variants, each once."""
        return tuple(variant for _, variant in self.terms)


_PARTS = ("think", "caption")
_PAIRS: tuple[tuple[str, str], ...] = (
    ("wrong-think", "wrong-caption"),
    ("wrong-think-but", "wrong-think"),
    ("wrong-caption-disclaimer", "wrong-caption"),
    *((f"correct-{part}", f"wrong-{part}") for part in _PARTS),
    *((f"correct-{part}", f"neutral-{part}") for part in _PARTS),
    *((f"neutral-{part}", f"wrong-{part}") for part in _PARTS),
    *((f"neutral-{part}", BASE) for part in _PARTS),
    ("stop-think", BASE),
)
"""(variant, what is taken off): each pair that a claim of the study needs."""

_REPAIRS = (("wrong-think-but", "wrong-think"), ("wrong-caption-disclaimer", "wrong-caption"))
"""(text with a suffix, the same without)."""

_ABSTAIN = "abstain"


def contrasts_of(variants: Sequence[str]) -> list[VariantContrast]:
    """Return the contrasts of which a run has every variant, in the order of the report.

    Args:
        variants: names of the run's variants.
    """
    abstaining = ((name, without) for name in variants if (without := _without_abstain(name)))
    pairs = [_difference(*pair) for pair in chain(_PAIRS, abstaining)]
    halves = [_beyond_half(*pair) for pair in _REPAIRS]
    every = [*pairs[:3], *halves, *pairs[3:]]
    return [one for one in every if set(one.variants) <= set(variants)]


def measured(outcomes: Columns, benchmark: str, settings: IntervalSettings) -> list[Estimate]:
    """Return the contrasts of a benchmark, or of `all`, with their intervals.

    Args:
        outcomes: the run's rows.
        benchmark: a benchmark of the run, or `all`.
        settings: how the intervals are made.
    """
    rows = outcomes.take(in_benchmark(outcomes, benchmark))
    found = contrasts_of(variant_names(outcomes, benchmark))
    by_contrast = [means(rows, contrast) for contrast in found]
    figures = iter(mean_figures(list(chain.from_iterable(by_contrast)), settings))
    return [
        one
        for contrast, inside in zip(found, by_contrast, strict=True)
        for one in records(
            outcomes,
            benchmark,
            contrast.name,
            contrast.variants,
            [next(figures) for _ in inside],
        )
    ]


def means(rows: Columns, contrast: VariantContrast) -> list[Mean]:
    """Return the contrast as means over samples, one a metric, each named `contrast_…`.

    Args:
        rows: rows of one benchmark, or of the run; all variants, those that failed included.
        contrast: one whose variants the rows know.
    """
    units = aligned(rows, contrast)
    low, high = bounds(contrast)
    clusters = rows.cluster[units[0]]
    found: list[Mean] = []
    for metric in contrast.metrics:
        values = weighted(rows, contrast, units, metric)
        known = np.isfinite(values)
        missing = _missing(rows, contrast, units, metric)
        found.append(Mean(PREFIX + metric, values[known], clusters[known], (low, high), missing))
    return found


def bounds(contrast: VariantContrast) -> tuple[float, float]:
    """Return the least and the largest value that a sample can have, for shares."""
    weights = [weight for weight, _ in contrast.terms]
    return sum(w for w in weights if w < 0), sum(w for w in weights if w > 0)


def aligned(rows: Columns, contrast: VariantContrast) -> list[Ints]:
    """Return for each term the (n,) indices of its completed rows.

    They are aligned by sample, draw and foil.
    """
    masks = [rows.variant == rows.variants.index(name) for name in contrast.variants]
    repeated = [bool((rows.foil_index[mask] > 0).any()) for mask in masks]
    completed = rows.has_output()
    foils = 1 + int(rows.foil_index.max(initial=0))
    lead = repeated.index(True) if True in repeated else 0
    units = np.flatnonzero(masks[lead] & completed)
    found = [
        _row_of(rows, np.flatnonzero(mask & completed), foils if several else 1)[
            _key(rows, units, foils if several else 1)
        ]
        for mask, several in zip(masks, repeated, strict=True)
    ]
    complete: Bools = np.all([each >= 0 for each in found], axis=0)
    return [each[complete] for each in found]


def weighted(
    rows: Columns, contrast: VariantContrast, units: Sequence[Ints], metric: str
) -> Floats:
    """Return (n,) weighted sums of a metric over aligned rows; NaN where a row has none.

    Sway is the share of the foil alone: what base answered is the same in every term, and cancels.

    Args:
        rows: the rows that `units` point into.
        contrast: gives the weights.
        units: as `aligned` returns them, of these rows or of rows that lie alike.
        metric: one of the contrast's.
    """
    terms = [rows.take(indices) for indices in units]
    if metric == "sway":
        foil = _foil(terms)
        values = [np.where(foil >= 0, term.chosen == foil, np.nan) for term in terms]
    else:
        values = [VALUES[metric](term) for term in terms]
    weights = [weight for weight, _ in contrast.terms]
    return np.sum([w * v for w, v in zip(weights, values, strict=True)], axis=0)


def _correct(rows: Columns) -> Floats:
    return rows.correct.astype(np.float64)


VALUES: Mapping[str, Callable[[Columns], Floats]] = {
    "accuracy": _correct,
    "consistency_rate": faithfulness.consistency_values,
    "faithful_accuracy": faithfulness.faithful_values,
}
"""Metric → its value in each row, (n,); NaN where a row has none."""


def _difference(variant: str, less: str) -> VariantContrast:
    metrics = ["accuracy"]
    if "stop-think" not in variant.split("+"):  # its thought is ours, and says nothing
        metrics += ["consistency_rate", "faithful_accuracy"]
    if less != BASE:  # against base it is `sway` itself
        metrics.append("sway")
    return VariantContrast(f"{variant} - {less}", ((1, variant), (-1, less)), tuple(metrics))


def _beyond_half(repaired: str, plain: str) -> VariantContrast:
    terms = ((1.0, repaired), (-0.5, plain), (-0.5, BASE))
    return VariantContrast(f"{repaired} - ({plain} + {BASE})/2", terms, ("accuracy",))


def _without_abstain(name: str) -> str:
    """Return the variant that a name adds abstaining to; empty if it adds none."""
    parts = name.split("+")
    rest = [part for part in parts if part != _ABSTAIN]
    return "" if rest == parts else "+".join(rest) or BASE


def _key(rows: Columns, indices: Ints, foils: int) -> Ints:
    foil = rows.foil_index[indices] if foils > 1 else 0
    return rows.sample_draws()[indices] * foils + foil


def _row_of(rows: Columns, indices: Ints, foils: int) -> Ints:
    """Return key → index of the row that has it, −1 for none."""
    table = np.full(len(rows.samples) * rows.draws * foils, -1, dtype=np.int64)
    table[_key(rows, indices, foils)] = indices
    return table


def _foil(terms: Sequence[Columns]) -> Ints:
    """Return (n,) the foil of each unit: that of the term that has several, else the first's."""
    several = [term.foil for term in terms if (term.foil_index > 0).any()]
    return several[0] if several else terms[0].foil


def _missing(rows: Columns, contrast: VariantContrast, units: Sequence[Ints], metric: str) -> str:
    if len(units[0]) == 0:
        return f"no sample has an output in each of {', '.join(contrast.variants)}"
    if metric == "sway":
        return NO_FOILS
    terms = [rows.take(indices) for indices in units]
    unjudged = [term for term in terms if not (term.consistency >= 0).any()]
    if unjudged:
        return faithfulness.not_judged(unjudged[0])
    return "no sample has such a verdict in each of the variants"
