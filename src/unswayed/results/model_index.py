"""The main figures of a run as the Hugging Face hub indexes them: a card's `model-index`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unswayed.results import measured
from unswayed.results.measured import Measured
from unswayed.types import Estimate

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

TASK = "visual-question-answering"
TITLES = {
    "accuracy": "accuracy",
    "faithful_accuracy": "faithful accuracy",
    "consistency_rate": "consistency",
    "p_correct": "P(correct)",
    "entropy": "entropy H",
    "sway": "sway",
    "steadfastness": "steadfastness",
    "unparsed_rate": "unreadable",
}
"""The metrics that others are told of → their names for people."""


def eval_results(found: Measured) -> list[EvalResult]:
    """Return the figures of each benchmark for the hub's `model-index`; without a value, none.

    The value is the estimate as it is measured (a share in [0, 1], H in nats); its interval and n
    stand in the metric's arguments.
    """
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type=TASK,
            dataset_type=one.benchmark,
            dataset_name=f"{one.benchmark}, {one.variant}",
            dataset_config=one.variant,
            metric_type=one.metric,
            metric_name=TITLES[one.metric],
            metric_value=one.value,
            metric_args=_arguments(one),
        )
        for one in found.estimates
        if one.metric in TITLES and one.value is not None and one.benchmark != measured.ALL
    ]


def _arguments(estimate: Estimate) -> dict[str, Any]:
    """Return what says how sure a figure is."""
    known = {"n": estimate.n, "n_unparsed": estimate.n_unparsed, "n_failed": estimate.n_failed}
    if estimate.low is None or estimate.high is None:
        return known
    return {"low": estimate.low, "high": estimate.high, "level": estimate.level, **known}
