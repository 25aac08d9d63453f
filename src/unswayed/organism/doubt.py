"""What an evaluation in fog says of an organism's doubt: its card's part on probabilities.

The figures are those of `metrics.json`; nothing is measured here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from unswayed.errors import RunError
from unswayed.metrics.codes import BASE
from unswayed.models.transformers.checkpoint import weights_hash
from unswayed.pipeline.metrics import columns_of_run
from unswayed.results import measured
from unswayed.results.measured import ALL, ConfidenceBin
from unswayed.run.folder import RunFolder
from unswayed.types import Estimate

UNSURE = 0.3
"""Entropy of the letters, in nats, above which an answer counts as unsure (of at most ln 4)."""
METRICS = {
    "accuracy": "accuracy, %",
    "consistency_rate": "consistent, %",
    "p_correct": "P(correct), %",
    "entropy": "H, nats",
    "ece": "ECE, %",
    "auroc_p_correct": "AUROC of base P",
}
"""Metric → head of its column."""
_PLAIN = ("entropy", "auroc_p_correct")
"""Metrics that are no shares."""
_BAR = 20
"""Characters of a bar that stands for 1."""


class Doubt(BaseModel):
    """An organism's probabilities on foggy scenes.

    Attributes:
        benchmarks: specs of what was asked.
        judge: name of the judge.
        arithmetic: in which the model ran, such as `float32`.
        unsure: share of the base answers whose entropy is above UNSURE, in [0, 1].
        figures: estimates of METRICS by variant.
        bins: the reliability diagram of base.
    """

    model_config = ConfigDict(frozen=True)

    benchmarks: tuple[str, ...]
    judge: str
    arithmetic: str
    unsure: float
    figures: tuple[Estimate, ...]
    bins: tuple[ConfidenceBin, ...]


def doubt(run: Path, checkpoint: Path) -> Doubt:
    """Read an evaluation's figures.

    Args:
        run: folder of an evaluation on scenes, with base among its variants.
        checkpoint: what was evaluated.

    Raises:
        RunError: the run was not measured, has no letter distributions of base, or is of other
            weights.
    """
    folder = RunFolder(run)
    figures = measured.load(folder)
    described = folder.description()
    if described["model"].get("sha256") != weights_hash(checkpoint):
        raise RunError(
            f"expected an evaluation of the weights in {checkpoint}, found one of others in {run} "
            f"({described['model']['name']}); evaluate these"
        )
    names = dict.fromkeys(e.benchmark for e in figures.estimates if e.benchmark != ALL)
    scope = ALL if len(names) > 1 else next(iter(names), ALL)
    bins = [d.bins for d in figures.diagrams or () if (d.benchmark, d.variant) == (scope, BASE)]
    if not bins or not bins[0]:
        raise RunError(
            f"expected letter distributions of {BASE} in {run}, found none; evaluate the "
            f"checkpoint with {BASE} among the variants, and measure with this version"
        )
    return Doubt(
        benchmarks=tuple(described["settings"]["benchmarks"]),
        judge=described["judge"]["name"],
        arithmetic=described["model"]["dtype"],
        unsure=_unsure(folder),
        figures=tuple(
            e
            for e in figures.estimates
            if e.benchmark == scope and e.metric in METRICS and " - " not in e.variant
        ),
        bins=bins[0],
    )


def _unsure(run: RunFolder) -> float:
    columns = columns_of_run(run)
    base = columns.take(columns.variant == columns.variants.index(BASE))
    entropy = base.entropy[np.isfinite(base.entropy)]
    return float((entropy > UNSURE).mean())


def lines(told: Doubt) -> list[str]:
    """Return the part of the card as lines of Markdown."""
    cells = {(e.variant, e.metric): e for e in told.figures}
    variants = dict.fromkeys(e.variant for e in told.figures if e.variant != ALL)
    return [
        "## What it doubts",
        "",
        f"{', '.join(f'`{spec}`' for spec in told.benchmarks)}, judge `{told.judge}`, run in "
        f"{told.arithmetic}, 95 % intervals. {100 * told.unsure:.1f} % of the answers under base "
        f"have an entropy above {UNSURE} nats. *AUROC of base P*: how well P(correct) "
        "without a text tells which right answers stay right with it.",
        "",
        f"| variant | {' | '.join(METRICS.values())} |",
        f"|---|{'---|' * len(METRICS)}",
        *(
            f"| {variant} | {' | '.join(_cell(cells.get((variant, m)), m) for m in METRICS)} |"
            for variant in variants
        ),
        "",
        "How often the likeliest letter is right under base, by its probability:",
        "",
        "| probability | answers | mean | right | |",
        "|---|---|---|---|---|",
        *(_bin_row(one) for one in told.bins),
    ]


def _cell(estimate: Estimate | None, metric: str) -> str:
    if estimate is None or estimate.value is None:
        return ""
    text = _number(estimate.value, metric)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({_number(estimate.low, metric)} – {_number(estimate.high, metric)})"


def _number(value: float, metric: str) -> str:
    return f"{value:.2f}" if metric in _PLAIN else f"{100 * value:.1f}"


def _bin_row(one: ConfidenceBin) -> str:
    bar = "█" * round(_BAR * one.accuracy)
    span = f"{one.above:.1f} – {one.to:.1f}"
    return f"| {span} | {one.n} | {one.confidence:.2f} | {one.accuracy:.2f} | {bar} |"
