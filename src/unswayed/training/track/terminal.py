"""What trainings did and how they differ, as plain text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from unswayed.training.track.change import TrainingChange
from unswayed.training.track.comparison import Comparison
from unswayed.training.track.contrasts import Contrast
from unswayed.training.track.instability import TIMES, Instability, Steadiness
from unswayed.training.track.measures import EVALUATED, Measure

_MEASURES = {one.metric: one for one in EVALUATED}


def change_text(found: TrainingChange | None) -> str:
    """Return the first and the last step of a training, a line a figure and variant."""
    if found is None:
        return "no checkpoint is evaluated yet"
    if not found.rows:
        return f"only step {found.first} is evaluated yet: there is nothing to compare it with"
    over_questions = any(row.over == "questions" for row in found.rows)
    note = (
        "one seed: [ ] is the change's interval over questions, and says nothing of another seed"
        if over_questions
        else f"means over {len(found.seeds)} seeds; [ ] is the change's interval over seeds"
    )
    table = _table(found.rows, f"step {found.first}", f"step {found.last}", "change")
    return f"{table}\n\n{note}; * leaves 0 out"


def comparison_text(found: Comparison, a: str, b: str) -> str:
    """Return the differences of two trainings, a line a figure and variant."""
    head = f"{b} − {a}, after {found.step} steps"
    table = _table(found.rows, "first", "second", "difference")
    notes = [*(f"- {note}" for note in found.notes), "", *_steadiness(found.steadiness)]
    return "\n".join([head, table, "", *notes])


def instability_text(found: Sequence[Instability]) -> str:
    """Return how unsteady a training is, a line a line that is looked at; empty for none."""
    rows = [
        (one.benchmark, one.metric, one.variant, _sd(one.along), _sd(one.across), _listed(one))
        for one in found
        if one.along is not None or one.across is not None
    ]
    if not rows:
        return ""
    head = ("benchmark", "figure", "variant", "along", "across", "by seed")
    note = "instability: standard deviation along training about its trend, and between seeds"
    return "\n".join([note, *_aligned([head, *rows])])


def _steadiness(found: Steadiness) -> list[str]:
    """Return the ratios of the variances and what the rule says."""
    rows = [
        (
            one.benchmark,
            one.metric,
            one.variant,
            f"{one.a:.3g}",
            f"{one.b:.3g}",
            f"{one.ratio:.2f}",
            ", ".join(f"{seed}: {value:.2f}" for seed, value in one.by_seed.items()),
        )
        for one in found.ratios
        if one.a is not None and one.b is not None and one.ratio is not None
    ]
    head = ("benchmark", "figure", "variant", "first", "second", "ratio", "by seed")
    seen = " and ".join(
        f"{len(seeds)} of {n}" for seeds, n in zip(found.fired, found.seeds, strict=True)
    )
    return [
        f"instability up to step {found.last}: variance along training, mean over seeds",
        *_aligned([head, *rows]),
        f"seeds in which thoughts collapsed or became empty: {seen}",
        f"less steady by the rule ({TIMES:g} × the variance of the sampled reward and "
        f"consistency, or collapse or empty thoughts in a larger share of the seeds): "
        f"{' and '.join(found.less_steady) or 'neither'}",
    ]


def _sd(value: float | None) -> str:
    return "n/a" if value is None else f"{math.sqrt(value):.3g}"


def _listed(one: Instability) -> str:
    return ", ".join(f"{seed}: {math.sqrt(value):.3g}" for seed, value in one.by_seed.items())


def _table(rows: Iterable[Contrast], first: str, second: str, change: str) -> str:
    lines = [("benchmark", "figure", "variant", first, second, change, "interval", "")]
    lines += [_cells(row) for row in rows]
    return "\n".join(_aligned(lines))


def _cells(row: Contrast) -> tuple[str, ...]:
    measure: Measure = _MEASURES[row.metric]
    spread = row.spread
    if spread.low is None or spread.high is None:
        interval = "none: one seed" if spread.seeds == 1 else f"none: {spread.reason}"
    else:
        interval = f"[{measure.text(spread.low, True)}, {measure.text(spread.high, True)}]"
    values = (measure.text(row.a), measure.text(row.b), measure.text(spread.value, True))
    mark = "*" if row.clear else ""
    return (row.benchmark, measure.label, row.variant, *values, interval, mark)


def _aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    numbers = range(3, 6)
    return [
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
