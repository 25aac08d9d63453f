"""Which charts there are, of one run or of several: one for each question that they answer.

With one run, a panel shows one benchmark. With several, those that show one figure a variant have
a colour for each run; the others a panel for each run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from unswayed.report.charts.by_variant import one_figure, stacked
from unswayed.report.charts.chart import Chart, Runs
from unswayed.report.charts.judges import judge_agreement
from unswayed.report.charts.prediction import auroc, reliability, risk_coverage
from unswayed.report.charts.questions import categories, positions

CHARTS: Mapping[str, Callable[[Runs], Chart]] = {
    "accuracy": partial(one_figure, "accuracy"),
    "consistency": partial(one_figure, "consistency"),
    "quadrants": partial(stacked, "quadrants"),
    "sway": partial(one_figure, "sway"),
    "change": partial(one_figure, "change"),
    "contrasts": partial(one_figure, "contrasts"),
    "taxonomy": partial(stacked, "taxonomy"),
    "acknowledged": partial(one_figure, "acknowledged"),
    "letter-entropy": partial(one_figure, "letter-entropy"),
    "p-correct": partial(one_figure, "p-correct"),
    "auroc": auroc,
    "reliability": reliability,
    "risk-coverage": risk_coverage,
    "judge-agreement": judge_agreement,
    "categories": categories,
    "positions": positions,
}
"""Name → what makes the chart, in the order of the report."""
_OF_SEVERAL = ("consistency", "p-correct")
"""Charts that a page of one run does not need: others show the same."""


def charts(runs: Runs) -> list[Chart]:
    """Return the charts that runs have figures for, in the order of the report."""
    made = (CHARTS[name](runs) for name in CHARTS if name not in _OF_SEVERAL or len(runs) > 1)
    return [chart for chart in made if chart.panels or chart.left_out]
