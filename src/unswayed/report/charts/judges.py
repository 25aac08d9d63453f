"""The chart of how far the judges of a panel agree."""

from __future__ import annotations

from unswayed.report.charts.chart import (
    PERCENT,
    Chart,
    Runs,
    ShownRecord,
    estimate_records,
    missing,
    where,
)
from unswayed.report.plots import Dots, Plot, Series
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

_JUDGES = ("strict_agreement", "fleiss_kappa", "all_voted_rate")
_PAIR = "cohen_kappa["


def judge_agreement(runs: Runs) -> Chart:
    """Return the chart of panels of judges; runs with a single judge have none."""
    panels: dict[str, Plot] = {}
    data: list[ShownRecord] = []
    for place, run in enumerate(runs, 1):
        for scope in run.measured.benchmarks():
            strict, kappa, rest = _agreement(run.measured, scope)
            heading = where(runs, run, scope)
            name = scope if len(runs) == 1 else f"{scope}-run-{place}"
            data += estimate_records(run.name, [*strict.values(), *kappa.values(), *rest])
            for key, shown, axis, scale, limits in (
                ("strict", strict, "all judges give the same verdict, %", 100, PERCENT),
                ("kappa", kappa, "agreement beyond chance, κ", 1, (-0.23, 1.03)),
            ):
                if any(one.value is not None for one in shown.values()):
                    series = (Series("", "accent", shown),)
                    rows = tuple(shown)
                    panels[f"{name}-{key}"] = Dots(
                        heading, axis, rows, series, scale, limits, 0 if scale == 1 else None
                    )
    caption = (
        "How far the judges of a panel agree, by variant and over all of them: the share of the "
        "outputs on which all give the same verdict; and Fleiss' κ, with Cohen's κ of each two, "
        "where 0 is chance and 1 perfect."
    )
    title = "Agreement of the judges"
    left_out = missing(runs, _JUDGES)
    return Chart("judge-agreement", title, caption, (), panels, left_out, tuple(data), _JUDGES)


def _agreement(
    measured: Measured, scope: str
) -> tuple[dict[str, Estimate], dict[str, Estimate], list[Estimate]]:
    """Return strict agreement and κ by row, and the other figures of a panel."""
    names = [*measured.variants(scope), ALL]
    there = [(name, {m: measured.find(scope, name, m) for m in _JUDGES}) for name in names]
    strict, kappa, voted = (
        {
            "all variants" if name == ALL else name: one
            for name, found in there
            if (one := found[metric]) is not None
        }
        for metric in _JUDGES
    )
    pairs = {
        one.metric[len(_PAIR) : -1]: one
        for one in measured.estimates
        if one.benchmark == scope and one.variant == ALL and one.metric.startswith(_PAIR)
    }
    return strict, {**kappa, **pairs}, list(voted.values())
