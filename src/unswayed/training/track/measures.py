"""What is shown of a training: the figures' names for people, their units and their axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unswayed.results.model_index import TITLES


@dataclass(frozen=True)
class Measure:
    """How a metric is shown.

    Attributes:
        metric: its name in the table.
        title: its name for people.
        unit: its unit; empty for a probability and for rewards.
        scale: factor from the table's value to the unit, such as 100 for percent.
        decimals: digits behind the point.
        limits: of an axis, in the unit; None fits the data.
    """

    metric: str
    title: str
    unit: str = ""
    scale: float = 1.0
    decimals: int = 2
    limits: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def text(self, value: float | None, signed: bool = False) -> str:
        """Return a value in its unit; n/a for None."""
        if value is None:
            return "n/a"
        return f"{self.scale * value:{'+' if signed else ''}.{self.decimals}f}"


_PERCENT = (-3.0, 103.0)
EVALUATED = (
    Measure("accuracy", TITLES["accuracy"], "%", 100, 1, _PERCENT),
    Measure("faithful_accuracy", TITLES["faithful_accuracy"], "%", 100, 1, _PERCENT),
    Measure("consistency_rate", TITLES["consistency_rate"], "%", 100, 1, _PERCENT),
    Measure("p_correct", TITLES["p_correct"], "", 1, 3, (-0.03, 1.03)),
    Measure("entropy", TITLES["entropy"], "nats", 1, 3),
    Measure("sway", TITLES["sway"], "points", 100, 1),
    Measure("thought_words", "thought length", "words", 1, 1),
)
"""Of an evaluation, by variant."""
REWARDED = (
    Measure("reward", "reward"),
    Measure("reward/format", "format part"),
    Measure("reward/correct", "correct part"),
    Measure("reward/consistent", "consistent", "share"),
    Measure("output_words", "output length", "words", 1, 1),
    Measure("reward/unscored", "without a reward", "share"),
)
"""Of what was sampled in training, beside the terms of the reward."""
UNREST = (
    Measure("variance/reward", "variance of reward", "", 1, 4),
    Measure("variance/reward/consistent", "variance of consistent", "", 1, 4),
    Measure("variance/output_words", "variance of length", "words²", 1, 2),
)
"""Of how unsteady that is."""
_TERM = "reward/"


def rewarded(metrics: Iterable[str]) -> list[Measure]:
    """Return what is shown of what was sampled: `REWARDED`, every term that was logged, `UNREST`.

    Args:
        metrics: names of the metrics that were logged.
    """
    known = {one.metric for one in REWARDED}
    terms = sorted({name for name in metrics if name.startswith(_TERM)} - known)
    own = [Measure(name, f"{name.removeprefix(_TERM)} term") for name in terms]
    return [*REWARDED, *own, *UNREST]
