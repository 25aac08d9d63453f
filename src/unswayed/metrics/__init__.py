"""Metrics of PROTOCOL section 8: arrays in, `Estimate` out, each with its interval.

`columns_of` reads the records of a run into columns, `measure` returns every estimate of the run,
`compare` the paired differences between two runs. What each metric means, which interval it has
and how well the intervals cover is in docs/metrics.md.
"""

from unswayed.metrics.agreement import cohen_kappa, fleiss_kappa, strict_agreement
from unswayed.metrics.columns import Columns
from unswayed.metrics.compare import compare
from unswayed.metrics.intervals import Figure, IntervalSettings, Mean, mean_figure, mean_figures
from unswayed.metrics.measure import measure, reliability, risk_coverage
from unswayed.metrics.records import columns_of
from unswayed.metrics.seeds import SeedSummary, over_seeds
from unswayed.metrics.uncertainty import Reliability, RiskCoverage

__all__ = [
    "Columns",
    "Figure",
    "IntervalSettings",
    "Mean",
    "Reliability",
    "RiskCoverage",
    "SeedSummary",
    "cohen_kappa",
    "columns_of",
    "compare",
    "fleiss_kappa",
    "mean_figure",
    "mean_figures",
    "measure",
    "over_seeds",
    "reliability",
    "risk_coverage",
    "strict_agreement",
]
