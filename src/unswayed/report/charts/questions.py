"""Charts of base beside what is asked: accuracy by category, and which letters are answered."""

from __future__ import annotations

from collections.abc import Sequence

from unswayed.metrics.codes import BASE
from unswayed.report.charts.chart import (
    FEW,
    PERCENT,
    SHOWN_VARIANTS,
    Chart,
    Runs,
    ShownRecord,
    benchmarks_of,
    estimate_records,
    records_of,
    run_legend,
    run_series,
    scope_title,
    scopes_of,
)
from unswayed.report.plots import Dots, Plot, Series, span
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured
from unswayed.types import Estimate

MOST_CATEGORIES = 24
"""Categories of a benchmark that are drawn, those with most questions first."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CATEGORY = "accuracy["


def categories(runs: Runs) -> Chart:
    """Return the chart of accuracy by category; small categories are left out."""
    panels: dict[str, Plot] = {}
    left_out: list[str] = []
    data: list[ShownRecord] = []
    named: dict[int, str] = {}
    variants = SHOWN_VARIANTS if len(runs) == 1 else (BASE,)
    for scope in (one for one in benchmarks_of(runs) if one != ALL):
        lines = [
            (run.name, variant, _by_category(run.measured, scope, variant))
            for run in runs
            for variant in variants
        ]
        for run, _, found in lines:
            data += estimate_records(run, list(found.values()))
        every = dict.fromkeys(name for _, _, found in lines for name in found)
        size = {name: max(f[name].n for _, _, f in lines if name in f) for name in every}
        rows = [name for name in every if size[name] >= FEW]
        shown = sorted(sorted(rows, key=lambda name: -size[name])[:MOST_CATEGORIES])
        left_out += _few_categories(scope, len(every) - len(rows), len(rows) - len(shown))
        if len(shown) > 1:
            several = [
                (
                    place,
                    run if len(runs) > 1 else variant,
                    {name: one for name, one in f.items() if name in shown},
                )
                for place, (run, variant, f) in enumerate(lines)
                if f
            ]
            named |= {place: name for place, name, _ in several}
            axis = "accuracy, %" if len(runs) == 1 else "accuracy in base, %"
            panels[scope] = Dots(
                scope_title(scope), axis, tuple(shown), run_series(several), limits=PERCENT
            )
    legend = run_legend(sorted(named.items())) if len(named) > 1 else ()
    caption = f"Accuracy in the benchmark's own categories with at least {FEW} questions."
    title = "Accuracy by category"
    return Chart("categories", title, caption, legend, panels, tuple(left_out), tuple(data))


def _few_categories(scope: str, few: int, more: int) -> list[str]:
    title, lines = scope_title(one_line(scope, 60)), list[str]()
    if few:
        lines.append(f"{title}: {few} categories with fewer than {FEW} questions")
    if more:
        lines.append(f"{title}: {more} further categories, which stand in the table")
    return lines


def _by_category(measured: Measured, scope: str, variant: str) -> dict[str, Estimate]:
    return {
        one.metric[len(_CATEGORY) : -1]: one
        for one in measured.estimates
        if one.benchmark == scope and one.variant == variant and one.metric.startswith(_CATEGORY)
    }


def positions(runs: Runs) -> Chart:
    """Draw how often each letter is answered in base, against how often it is right."""
    answered = [f"answer_share_{letter}" for letter in _LETTERS]
    right = [f"gold_share_{letter}" for letter in _LETTERS]
    panels: dict[str, Plot] = {}
    for scope in scopes_of(runs, answered):
        lines = [
            (place, run.name, _by_letter(run.measured, scope, answered))
            for place, run in enumerate(runs)
        ]
        gold = {
            letter: 100 * one.value
            for run in runs
            for letter, one in _by_letter(run.measured, scope, right).items()
            if one.value is not None
        }
        rows = tuple(sorted({letter for _, _, found in lines for letter in found}))
        series = run_series(lines) if len(runs) > 1 else (Series("", "accent", lines[0][2]),)
        high = max([span([found for _, _, found in lines], 100)[1], *gold.values()])
        title, axis = scope_title(scope), "share of the answers in base, %"
        panels[scope] = Dots(title, axis, rows, series, limits=(0, high), ticks=gold)
    legend = () if len(runs) == 1 else run_legend([(p, run.name) for p, run in enumerate(runs)])
    caption = (
        "How often each letter is answered; the dashed line is how often it is the right one. A "
        "letter far right of its line is preferred for its place."
    )
    data = records_of(runs, [*answered, *right])
    return Chart("positions", "Which letters are answered", caption, legend, panels, (), data)


def _by_letter(measured: Measured, scope: str, metrics: Sequence[str]) -> dict[str, Estimate]:
    found = {metric[-1]: measured.find(scope, BASE, metric) for metric in metrics}
    return {letter: one for letter, one in found.items() if one is not None}
