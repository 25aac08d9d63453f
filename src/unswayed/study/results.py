"""The results of a study: what every training's summary holds, by recipe, seed, step and figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from unswayed.metrics.panel import BY_JUDGE
from unswayed.study.plan import StudyPlan
from unswayed.training.track.dynamics import TRAINING, Dynamics, TrackedValue

At = Literal["first", "last"]
"""The checkpoint that all started from, or a training's last one."""


@dataclass(frozen=True)
class FigureKey:
    """Which figure is meant.

    Attributes:
        benchmark: its questions.
        variant: variant, or the name of a contrast.
        metric: the metric.
    """

    benchmark: str
    variant: str
    metric: str


@dataclass(frozen=True)
class StudyResults:
    """What is known of a study.

    Attributes:
        plan: what was planned.
        tables: recipe → seed → the table of that training; trainings that are not evaluated are
            left out.
    """

    plan: StudyPlan
    tables: Mapping[str, Mapping[int, Dynamics]] = field(
        default_factory=dict[str, Mapping[int, Dynamics]]
    )

    def seeds(self, recipe: str) -> list[int]:
        """Return the evaluated seeds of a recipe."""
        return sorted(self.tables.get(recipe, {}))

    def values(self, recipe: str, figure: FigureKey, at: At = "last") -> dict[int, float]:
        """Return seed → a figure at the first or last step; seeds without the figure left out."""
        found: dict[int, float] = {}
        for seed, rows in self._by_figure.get(recipe, {}).items():
            steps = rows.get(figure, {})
            row = steps.get(0 if at == "first" else self.last(recipe, seed))
            if row is not None and row.value is not None:
                found[seed] = row.value
        return found

    def line(self, recipe: str, figure: FigureKey) -> dict[int, dict[int, float]]:
        """Return seed → step → value."""
        return {
            seed: {step: row.value for step, row in sorted(rows.items()) if row.value is not None}
            for seed, by_figure in self._by_figure.get(recipe, {}).items()
            if (rows := by_figure.get(figure))
        }

    def start(self, figure: FigureKey) -> TrackedValue | None:
        """Return a figure of the checkpoint that all trainings started from."""
        every = (rows for by_seed in self._by_figure.values() for rows in by_seed.values())
        return next((rows[figure][0] for rows in every if 0 in rows.get(figure, {})), None)

    def asked(self, figure: FigureKey) -> bool:
        """Say whether a figure was measured anywhere, also where it had no value."""
        every = (rows for by_seed in self._by_figure.values() for rows in by_seed.values())
        return any(figure in rows for rows in every)

    def last(self, recipe: str, seed: int) -> int:
        """Return the last step that a training was evaluated at."""
        return max(self.tables[recipe][seed].evaluated.get(seed, {0}))

    def benchmarks(self) -> list[str]:
        """Return the names of all questions that were asked, as they come."""
        names = (row.benchmark for table in self._tables() for row in table.rows)
        return [name for name in dict.fromkeys(names) if name != TRAINING]

    def judges(self, benchmark: str) -> list[str]:
        """Return the judges of a panel on some questions, in its order."""
        prefix = f"{BY_JUDGE}["
        metrics = (
            row.metric
            for table in self._tables()
            for row in table.rows
            if row.benchmark == benchmark and row.metric.startswith(prefix)
        )
        return list(dict.fromkeys(metric[len(prefix) : -1] for metric in metrics))

    def variants(self, benchmark: str, metric: str) -> list[str]:
        """Return the variants that a metric was measured under."""
        return list(
            dict.fromkeys(
                row.variant
                for table in self._tables()
                for row in table.rows
                if row.benchmark == benchmark and row.metric == metric
            )
        )

    def missing(self, recipe: str, least: int) -> str:
        """Say which jobs a recipe lacks for so many seeds; empty if it has them."""
        done = self.seeds(recipe)
        if len(done) >= least:
            return ""
        planned = [seed for name, seed in self.plan.pairs() if name == recipe]
        open_seeds = [seed for seed in planned if seed not in done][: least - len(done)]
        lacking = [f"evaluate {recipe} seed {seed}" for seed in open_seeds]
        if unplanned := least - len(done) - len(open_seeds):
            lacking.append(f"{unplanned} that {'is' if unplanned == 1 else 'are'} not planned")
        return f"{len(done)} of {least} seeds of {recipe}; missing: {', '.join(lacking)}"

    def of_recipe(self, recipe: str) -> Dynamics:
        """Return the trainings of a recipe as one table."""
        tables = self.tables.get(recipe, {}).values()
        return Dynamics(
            tuple(row for table in tables for row in table.rows),
            {key: one for table in tables for key, one in table.findings.items()},
            {key: one for table in tables for key, one in table.emptied.items()},
            {key: one for table in tables for key, one in table.reference.items()},
            {key: one for table in tables for key, one in table.behind.items()},
        )

    def _tables(self) -> Iterator[Dynamics]:
        for by_seed in self.tables.values():
            yield from by_seed.values()

    @cached_property
    def _by_figure(self) -> dict[str, dict[int, dict[FigureKey, dict[int, TrackedValue]]]]:
        """Recipe → seed → figure → step → row."""
        return {
            recipe: {seed: _indexed(table.rows) for seed, table in sorted(by_seed.items())}
            for recipe, by_seed in self.tables.items()
        }


def _indexed(rows: Sequence[TrackedValue]) -> dict[FigureKey, dict[int, TrackedValue]]:
    found: defaultdict[FigureKey, dict[int, TrackedValue]] = defaultdict(dict)
    for row in rows:
        found[FigureKey(row.benchmark, row.variant, row.metric)][row.step] = row
    return dict(found)
