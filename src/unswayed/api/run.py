"""A run as Python users hold it: its settings, its rows and figures as tables, its report."""

# pandas comes without types.
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from unswayed.errors import ConfigError, UnknownName
from unswayed.pipeline.settings import Settings, settings_of
from unswayed.results import measured
from unswayed.results.measured import ALL, Measured
from unswayed.run.folder import RunFolder
from unswayed.types import Estimate, Generation, Variant, Verdict

if TYPE_CHECKING:
    from pandas import DataFrame

_STAGES = ("variants", "generations", "verdicts")


class Run:
    """An evaluation in its folder; everything is read from there when it is asked for.

    Attributes:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; use `unswayed.load_run`, which checks that it is one."""
        self.folder = folder

    @property
    def settings(self) -> Settings:
        """What was evaluated, every setting with its value.

        Raises:
            RunError: another version wrote them.
        """
        return settings_of(self._opened)

    @property
    def finished(self) -> bool:
        """Whether every stage is complete and the figures are there."""
        opened = self._opened
        return all(opened.complete(stage) for stage in _STAGES) and measured.exists(opened)

    def rows(self) -> DataFrame:
        """Return the generations as a table, one row each; `docs/python-api.md` has the columns.

        The means over a variant's rows are the metrics: of `correct` the accuracy, of `sway` the
        sway, and so on. Letters are those that were shown; `sample_letter`, `sample_gold` and
        `sample_foil` are the benchmark's own. An unfinished run has the rows that are there.

        Raises:
            MissingExtra: pandas is not installed.
            RunError: a file of the run is damaged.
        """
        from unswayed.results.rows import frame

        return frame(self._opened)

    def metrics(self) -> DataFrame:
        """Return every figure with its interval, one row a figure; the columns are `Estimate`'s.

        Raises:
            MissingExtra: pandas is not installed.
            RunError: the run was not measured.
        """
        from unswayed.results.tables import estimates_frame

        return estimates_frame(self._measured.estimates)

    def metric(
        self, name: str, variant: str | None = None, benchmark: str | None = None
    ) -> Estimate:
        """Return one figure with its interval.

        Args:
            name: the metric, such as `accuracy`.
            variant: the variant, or `all` for a metric that spans several; may be left out where
                only one has the metric.
            benchmark: the benchmark; None for the only one, or `all` of several.

        Raises:
            RunError: the run was not measured.
            UnknownName: there is no such metric, variant or benchmark.
            ConfigError: several variants have the metric, and none is named.
        """
        figures = self._measured
        scopes = figures.benchmarks()
        scope = benchmark if benchmark is not None else (scopes[0] if scopes else ALL)
        if scope not in scopes:
            raise UnknownName("benchmark", scope, scopes)
        inside = [one for one in figures.estimates if one.benchmark == scope]
        named = {one.variant: one for one in inside if one.metric == name}
        if not named:
            raise UnknownName("metric", name, {one.metric for one in inside})
        if variant is None and len(named) > 1:
            raise ConfigError(
                f"expected a variant for the metric {name!r}, which {', '.join(named)} have; give "
                "variant="
            )
        chosen = variant if variant is not None else next(iter(named))
        if chosen not in named:
            raise UnknownName("variant", chosen, named)
        return named[chosen]

    def failures(self) -> DataFrame:
        """Return the items that could not be processed and are in no figure, one row each.

        Raises:
            MissingExtra: pandas is not installed.
            RunError: the file is damaged.
        """
        from unswayed.results.tables import failures_frame

        return failures_frame(list(self._opened.failures))

    def records(self) -> Iterator[tuple[Variant, Generation, Verdict | None]]:
        """Yield what was shown, what was written and what the judge said, streaming the files.

        Raises:
            RunError: a file is damaged, or the files do not belong together.
        """
        return self._opened.joined()

    def report(self, samples: int = 12) -> Path:
        """Write `report.html`, if it is not of these records and figures, and return its path.

        Args:
            samples: number of samples to show, at least 0.

        Raises:
            MissingExtra: the extra `[report]` is not installed.
            RunError: the run was not measured.
        """
        from unswayed.report.current import current_report

        return current_report(self._opened, samples)

    @property
    def _opened(self) -> RunFolder:
        return RunFolder.open(self.folder)

    @property
    def _measured(self) -> Measured:
        return measured.load(self._opened)

    def __repr__(self) -> str:
        """Return the class and the folder."""
        return f"Run({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        """Return the main figures as a small table, for notebooks."""
        head = f"<p><code>{escape(str(self.folder))}</code></p>"
        if not measured.exists(self._opened):
            return f"{head}<p>not measured yet</p>"
        from unswayed.report.terminal import main_figures

        return head + "".join(_table(*block) for block in main_figures(self._measured).items())


def _table(title: str, lines: list[list[str]]) -> str:
    first, *others = lines
    head = "".join(f"<th>{escape(cell)}</th>" for cell in first)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in others
    )
    return (
        f"<table><caption>{escape(title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
