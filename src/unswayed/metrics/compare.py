"""Two runs on the same samples: paired differences b − a, with intervals that resample pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from unswayed.errors import ConfigError, DataError
from unswayed.metrics import contrasts, robustness
from unswayed.metrics.arrays import Floats, Ints
from unswayed.metrics.codes import ALL, BASE, UNPARSED
from unswayed.metrics.columns import Columns
from unswayed.metrics.intervals import IntervalSettings, Mean, figures_by_level
from unswayed.metrics.robustness import Pairs
from unswayed.metrics.scopes import estimate, in_benchmark, n_failed, variant_names
from unswayed.metrics.significance import detectable, holm, leaves_out_zero, p_value
from unswayed.types import Estimate

UNSHARED = "no row has it in both runs"


class Difference(Estimate):
    """A paired difference of two runs; what stands in `Estimate` is of b − a.

    Attributes:
        p: two-sided p-value of "there is no difference"; it is at most 1 − level exactly where the
            interval leaves 0 out. None without an interval.
        p_holm: p corrected by Holm for all differences that are looked at together.
        detectable: the smallest true difference whose interval would leave 0 out with 80 %
            probability, if pairs differ as much as they do here; None where that is not known, or
            is more than the metric can differ.
    """

    p: float | None = None
    p_holm: float | None = None
    detectable: float | None = None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return leaves_out_zero(self)

    @property
    def stands(self) -> bool:
        """Whether it is clear after Holm's correction, too."""
        return self.clear and self.p_holm is not None and self.p_holm <= 1 - self.level


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Return differences that are looked at together with their `p_holm`."""
    p_values = holm([one.p for one in differences])
    return [
        one.model_copy(update={"p_holm": p}) for one, p in zip(differences, p_values, strict=True)
    ]


@dataclass(frozen=True)
class OtherQuestions:
    """Rows of a variant that two runs share by name, and in which the model was not shown the same.

    Attributes:
        benchmark: benchmark.
        variant: variant.
        rows: number of rows that differ in what was shown.
        shared: number of rows that both runs have.
    """

    benchmark: str
    variant: str
    rows: int
    shared: int


def other_questions(a: Columns, b: Columns) -> list[OtherQuestions]:
    """Return where two runs did not show the model the same, by benchmark and variant.

    Raises:
        ConfigError: the runs share no completed row.
    """
    a, b = a.completed(), b.completed()
    rows_a, rows_b = _shared_rows(a, b)
    shared, differ = a.take(rows_a), a.shown[rows_a] != b.shown[rows_b]
    found: list[OtherQuestions] = []
    for place, benchmark in enumerate(shared.benchmarks):
        for code, variant in enumerate(shared.variants):
            inside = (shared.benchmark == place) & (shared.variant == code)
            if rows := int(differ[inside].sum()):
                found.append(OtherQuestions(benchmark, variant, rows, int(inside.sum())))
    return found


def compare(
    a: Columns, b: Columns, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> list[Difference]:
    """Return the differences b − a, paired by sample, per benchmark × variant that both runs have.

    Metrics: `accuracy_difference`, `consistency_rate_difference` (rows judged either way in both),
    `faithful_accuracy_difference`, `entropy_difference` (nats), `p_correct_difference` and
    `sway_difference` (rows with the same foil in both); and per benchmark
    `contrast_accuracy_difference` of each contrast of variants that both have. Only rows that
    completed in both runs count. `n_unparsed` and `n_failed` are summed over the two runs; `p_holm`
    is corrected for all the differences that are returned.

    Args:
        a: the run to start from.
        b: the run to compare with it.
        level: confidence level of the intervals, in (0, 1).
        resamples: number of bootstrap resamples.
        seed: seed of the resampling.

    Raises:
        ConfigError: the runs share no completed row, or a setting is out of range.
        DataError: a shared sample has another gold in the other run.
    """
    settings = IntervalSettings(level, resamples, seed)
    shared = _Shared(a.completed(), b.completed())
    first = shared.a
    differences: list[Difference] = []
    for benchmark in _scopes(first):
        inside = in_benchmark(first, benchmark)
        for variant in variant_names(first, benchmark):
            rows = np.flatnonzero(inside & (first.variant == first.variants.index(variant)))
            if len(rows):
                means = list(_means(shared, variant, rows))
                named = variant, (variant,)
                differences += _differences(shared, benchmark, *named, rows, means, settings)
        differences += _contrast_differences(shared, benchmark, settings)
    return corrected(differences)


class _Shared:
    """The rows of two runs that are the same variant of the same sample, aligned."""

    def __init__(self, a: Columns, b: Columns) -> None:
        rows_a, rows_b = _shared_rows(a, b)
        self.a, self.b = a.take(rows_a), b.take(rows_b)
        self.sway_a, self.sway_b = _sway(a)[rows_a], _sway(b)[rows_b]
        other = np.flatnonzero(self.a.gold != self.b.gold)
        if len(other):
            sample = str(self.a.samples[self.a.sample[other[0]]])
            raise DataError(
                f"the runs hold different data: sample {sample!r} has another gold in each; "
                "compare runs of one revision of the benchmark"
            )


def _shared_rows(a: Columns, b: Columns) -> tuple[Ints, Ints]:
    """Return indices into a and b of the rows with equal benchmark, variant, sample, draw, foil.

    Runs with different numbers of outputs a prompt have the first of them in common.
    """
    samples = _sample_codes(a)
    ours = {key: code for code, key in samples.items()}
    theirs = _sample_codes(b)
    to_a = np.full(len(b.samples), -1, dtype=np.int64)
    for code, key in theirs.items():
        to_a[code] = ours.get(key, -1)
    names = [a.variants.index(name) if name in a.variants else -1 for name in b.variants]
    variant_b = np.array(names, dtype=np.int64)[b.variant]
    sample_b = to_a[b.sample]
    foils = 1 + int(max(a.foil_index.max(initial=0), b.foil_index.max(initial=0)))
    draws = max(a.draws, b.draws)
    key_a = ((a.variant * len(a.samples) + a.sample) * draws + a.draw) * foils + a.foil_index
    key_b = ((variant_b * len(a.samples) + sample_b) * draws + b.draw) * foils + b.foil_index
    key_b = np.where((variant_b < 0) | (sample_b < 0), -1, key_b)
    _, rows_a, rows_b = np.intersect1d(key_a, key_b, return_indices=True)
    if len(rows_a) == 0:
        raise ConfigError(
            f"the runs share no completed row: the first has {len(a)} rows of "
            f"{', '.join(a.benchmarks) or 'no benchmark'}, the second {len(b)} of "
            f"{', '.join(b.benchmarks) or 'no benchmark'}; compare runs of the same samples"
        )
    return rows_a.astype(np.int64), rows_b.astype(np.int64)


def _sample_codes(outcomes: Columns) -> dict[int, tuple[str, str]]:
    """Return sample code → (benchmark, sample id), for the samples that have rows."""
    codes, first = np.unique(outcomes.sample, return_index=True)
    return {
        int(code): (outcomes.benchmarks[outcomes.benchmark[row]], str(outcomes.samples[code]))
        for code, row in zip(codes, first, strict=True)
    }


def _sway(outcomes: Columns) -> Floats:
    """Return (n,) sway of each completed row against its base row; NaN without base or foil."""
    base = outcomes.base_rows()
    values = robustness.sway_values(Pairs(outcomes.take(base), outcomes))
    return np.where(base >= 0, values, np.nan)


def _scopes(rows: Columns) -> list[str]:
    names = [name for code, name in enumerate(rows.benchmarks) if (rows.benchmark == code).any()]
    return [*names, *([ALL] if len(names) > 1 else [])]


def _differences(
    shared: _Shared,
    benchmark: str,
    name: str,
    variants: Sequence[str],
    rows: Ints,
    means: Sequence[Mean],
    settings: IntervalSettings,
) -> list[Difference]:
    """Return means over some rows of some variants as records under a name."""
    a, b = shared.a.take(rows), shared.b.take(rows)
    unparsed = int((a.chosen == UNPARSED).sum() + (b.chosen == UNPARSED).sum())
    failed = sum(_failed(run, benchmark, variant) for run in (a, b) for variant in variants)
    found: list[Difference] = []
    for mean, at in zip(means, figures_by_level(means, settings), strict=True):
        one = estimate(at(settings.level), benchmark, name, unparsed, failed)
        known = detectable(mean, settings.level) if len(mean.values) else None
        p = p_value(mean, at, settings)
        found.append(Difference(**dict(one), p=p, detectable=known))
    return found


def _contrast_differences(
    shared: _Shared, benchmark: str, settings: IntervalSettings
) -> list[Difference]:
    """Return how the contrasts of accuracy differ, over the samples that have them in both runs.

    The contrasts of other metrics are left out: each further line makes Holm's correction of the
    whole table stricter.
    """
    inside = np.flatnonzero(in_benchmark(shared.a, benchmark))
    a, b = shared.a.take(inside), shared.b.take(inside)
    there = [name for code, name in enumerate(a.variants) if (a.variant == code).any()]
    found: list[Difference] = []
    for contrast in contrasts.contrasts_of(there):
        units = contrasts.aligned(a, contrast)
        first, second = (contrasts.weighted(run, contrast, units, "accuracy") for run in (a, b))
        low, high = contrasts.bounds(contrast)
        mean = _difference(
            f"{contrasts.PREFIX}accuracy", a.take(units[0]), first, second, high - low
        )
        rows = inside[np.unique(np.concatenate(units))]
        named = contrast.name, contrast.variants
        found += _differences(shared, benchmark, *named, rows, [mean], settings)
    return found


def _failed(run: Columns, benchmark: str, variant: str) -> int:
    return n_failed(run, benchmark, variant) if variant in run.variants else 0


def _means(shared: _Shared, variant: str, rows: Ints) -> Iterator[Mean]:
    a, b = shared.a.take(rows), shared.b.take(rows)
    for metric, values in contrasts.VALUES.items():
        yield _difference(metric, a, values(a), values(b))
    ceiling = float(np.log(a.options.max()))
    yield _difference("entropy", a, a.entropy, b.entropy, ceiling)
    yield _difference("p_correct", a, a.p_correct, b.p_correct)
    if variant != BASE:
        same = a.foil == b.foil
        ours = np.where(same, shared.sway_a[rows], np.nan)
        yield _difference("sway", a, ours, shared.sway_b[rows], 2.0)


def _difference(metric: str, a: Columns, first: Floats, second: Floats, width: float = 1.0) -> Mean:
    change = second - first
    known = np.isfinite(change)
    return Mean(f"{metric}_difference", change[known], a.cluster[known], (-width, width), UNSHARED)
