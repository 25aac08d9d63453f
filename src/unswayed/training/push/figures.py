"""The figures of a checkpoint's evaluation as a table of its card."""

from __future__ import annotations

from pathlib import Path

from unswayed.results import measured
from unswayed.results.measured import Measured
from unswayed.results.model_index import TITLES
from unswayed.run.folder import RunFolder
from unswayed.training.track.measures import EVALUATED, Measure
from unswayed.types import Estimate

_ALSO = (
    Measure("steadfastness", TITLES["steadfastness"], "%", 100, 1),
    Measure("unparsed_rate", TITLES["unparsed_rate"], "%", 100, 1),
)
SHOWN = (*(one for one in EVALUATED if one.metric != "thought_words"), *_ALSO)
"""Metrics of the card, by variant or of several variants together."""


def load(evaluation: Path) -> Measured:
    """Return the figures of an evaluation.

    Raises:
        RunError: it was not measured.
    """
    return measured.load(RunFolder(evaluation))


def table(found: Measured, benchmark: str) -> str:
    """Return a benchmark's figures as a Markdown table, a row for each variant."""
    rows = found.variants(benchmark)
    known = {v: {m.metric: found.find(benchmark, v, m.metric) for m in SHOWN} for v in rows}
    columns = [m for m in SHOWN if any(known[v][m.metric] is not None for v in rows)]
    lines = [
        f"| variant | {' | '.join(one.label for one in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for variant in rows:
        cells = [_cell(known[variant][one.metric], one) for one in columns]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def across(found: Measured, benchmark: str) -> list[str]:
    """Return a line for each figure that spans several variants."""
    pairs = ((one, found.find(benchmark, measured.ALL, one.metric)) for one in SHOWN)
    return [f"{one.label}: {_cell(estimate, one)}" for one, estimate in pairs if estimate]


def _cell(estimate: Estimate | None, measure: Measure) -> str:
    """Return `62.0 [54.1, 69.3], n 150`."""
    if estimate is None:
        return ""
    if estimate.value is None:
        return f"n/a, n {estimate.n}"
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        interval = f" [{measure.text(estimate.low)}, {measure.text(estimate.high)}]"
    return f"{measure.text(estimate.value)}{interval}, n {estimate.n}"
