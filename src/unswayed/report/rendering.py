"""What all pages share: the template engine, charts drawn for wide and narrow pages, facts.

Nothing is fetched and no script runs: figures are inline SVG, pictures are data URIs, a page
forbids scripts by its own policy, and every text passes the template engine's escaping. What a
model or a data set wrote stands in no attribute but titles and alternative texts, where it is
escaped and on one line, and in the addresses of the explorer, where it is quoted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

from unswayed import extras
from unswayed.report.charts.chart import Chart
from unswayed.report.drawing import page_drawing
from unswayed.report.media import NARROW, WIDE
from unswayed.report.text import one_line, visible

_TEMPLATES = "templates"
EXPLORER = "http://127.0.0.1:8765"
"""Where `unswayed view` serves its pages by default."""
LONGEST_SETTING = 4000
"""Characters of one entry of `run.json` that are shown."""


@dataclass(frozen=True)
class ShownPanel:
    """A panel of a chart on a page.

    Attributes:
        label: what it shows, for people who cannot see it.
        wide: drawing for a laptop, as SVG.
        narrow: drawing for a phone and for half of a printed page.
    """

    label: str
    wide: str
    narrow: str


@dataclass(frozen=True)
class ShownChart:
    """A chart and its panels as drawn."""

    chart: Chart
    panels: tuple[ShownPanel, ...]


def require() -> None:
    """Check that a page can be written; call it before a long run.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
    """
    extras.require("the report", "report")


def rendered(template: str, context: Mapping[str, Any]) -> str:
    """Return a page made of a template and what stands in it.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
    """
    require()
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_template),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = one_line  # pyright: ignore[reportUnknownMemberType]
    shared = {"css": Markup(_template("report.css")), "svg": Markup}
    return environment.get_template(template).render({**shared, **context})


def shown_charts(charts: Sequence[Chart]) -> list[ShownChart]:
    """Return charts with their panels drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    return [ShownChart(chart, _panels(chart)) for chart in charts]


def explorer_address(run_index: int, sample_id: str) -> str:
    """Return where `unswayed view` shows a sample of the run at a place, counted from 0."""
    return f"{EXPLORER}/sample/{run_index}/{quote(sample_id, safe='/', errors='replace')}"


def fact(value: object) -> str:
    """Return an entry of `run.json` as text of bounded length."""
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return visible(text[:LONGEST_SETTING]) + ("…" if len(text) > LONGEST_SETTING else "")


def _panels(chart: Chart) -> tuple[ShownPanel, ...]:
    return tuple(
        ShownPanel(
            plot.label(),
            page_drawing(plot, f"{chart.name}-{place}-wide", WIDE).svg,
            page_drawing(plot, f"{chart.name}-{place}-narrow", NARROW).svg,
        )
        for place, plot in enumerate(chart.panels.values())
    )


def _template(name: str) -> str:
    return resources.files(__package__ or "").joinpath(_TEMPLATES, name).read_text("utf-8")
