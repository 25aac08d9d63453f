"""The metrics as people read them: title, unit and meaning of each, for tables and tooltips."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from unswayed.report.text import one_line

Unit = Literal["share", "points", "nats", "p-value", "number", "count"]


@dataclass(frozen=True)
class Term:
    """A metric as people read it.

    Attributes:
        metric: its name in `metrics.json`.
        title: heading of a column.
        unit: `share` is shown in percent, `points` as a signed difference in percentage points.
        meaning: one sentence for people who have not read the protocol.
    """

    metric: str
    title: str
    unit: Unit
    meaning: str


def _terms() -> dict[str, Term]:
    """Read `terms.toml`, which is beside this module."""
    text = resources.files("unswayed.report").joinpath("terms.toml").read_text("utf-8")
    return {metric: Term(metric, **entry) for metric, entry in tomllib.loads(text).items()}


TERMS = _terms()
"""Every metric that has a name for people, in the order of the report; `term` has the others."""

QUADRANT_STACK = (
    "quadrant_consistent_correct",
    "quadrant_inconsistent_correct",
    "quadrant_inconsistent_incorrect",
    "quadrant_consistent_incorrect",
)
"""In the order in which they are stacked: both ends agree, the middle does not."""

TAXONOMY_STACK = (
    "taxonomy_steadfast",
    "taxonomy_stubborn",
    "taxonomy_confused",
    "taxonomy_brittle",
)
"""In the order in which they are stacked, and of the colours of the quadrants: the model's own
answer on the left, the text's on the right, what the thought does not say between them."""

SELECTION = ("selective_risk_all", "selective_coverage", "selective_risk")
"""Columns of the table of selective prediction."""

DRAWS = ("draw_agreement", "majority_accuracy", "entropy_marginal", "p_correct_marginal")
"""Columns of the table of runs with several outputs a prompt."""

MAIN = (
    "accuracy",
    "iou_mean",
    "drop",
    "sway",
    "consistency_rate",
    "entropy",
    "p_correct",
    "unparsed_rate",
    "conflict_rate",
)
"""Columns of the main table."""

CONTRASTS = (
    "contrast_accuracy",
    "contrast_consistency_rate",
    "contrast_faithful_accuracy",
    "contrast_sway",
)
"""Columns of the table of contrasts between variants."""

_BY_LETTER = {
    "answer_share_": "Share of the answered letters that are this one. Far from the gold's share, "
    "it shows a position bias.",
    "gold_share_": "Share of the questions whose right option has this letter.",
}

_BY_JUDGE: dict[str, tuple[str, Unit, str]] = {
    "consistency_rate[": (
        "Consistency",
        "share",
        "Share of the outputs on which this judge voted consistent or inconsistent whose thought "
        "concludes on the option that is answered, as it says.",
    ),
    "cohen_kappa[": ("Cohen's κ", "number", "Agreement of two judges beyond chance."),
    "no_vote[": ("No vote", "share", "Share of the judged outputs on which this judge failed."),
}


def term(metric: str) -> Term:
    """Return the term of a metric; one that has no entry is shown under its own name."""
    if metric in TERMS:
        return TERMS[metric]
    for prefix, meaning in _BY_LETTER.items():
        if metric.startswith(prefix):
            title = metric.replace("_share_", " share, ").capitalize()
            return Term(metric, title, "share", meaning)
    for prefix, (name, unit, meaning) in _BY_JUDGE.items():
        if metric.startswith(prefix):
            title = f"{name}, {one_line(metric[len(prefix) : -1], 80)}"
            return Term(metric, title, unit, meaning)
    if metric.startswith("read_by_"):
        rule = metric.removeprefix("read_by_").replace("_", " ")
        return Term(metric, f"Read: {rule}", "share", "Share of the answers read by this rule.")
    if metric.startswith("accuracy["):
        title = f"Accuracy, {one_line(metric[len('accuracy[') : -1], 60)}"
        return Term(metric, title, "share", "Accuracy in this category of the benchmark.")
    if metric.endswith("_difference"):
        of = term(metric.removesuffix("_difference"))
        unit: Unit = "points" if of.unit == "share" else of.unit
        return Term(metric, of.title, unit, f"Difference between two runs of: {of.meaning}")
    rate: Unit = "share" if metric.endswith("_rate") else "number"
    return Term(metric, metric.replace("_", " "), rate, "")
