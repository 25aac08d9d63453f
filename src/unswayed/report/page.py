"""The report as one self-contained page: `report.html` of a run folder.

Nothing is fetched and no script runs: figures are inline SVG, pictures are data URIs, the page
forbids scripts by its own policy, and every text passes the template engine's escaping. What a
model or a data set wrote stands in no attribute but titles and alternative texts, where it is
escaped and on one line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from unswayed import extras
from unswayed.report import charts, headline, losses, survey, tables
from unswayed.report.cards import Card
from unswayed.report.outputs import ANSWER_CLASSES
from unswayed.report.pictures import Thumbnail, thumbnail
from unswayed.report.samples import SAMPLE_KINDS
from unswayed.report.terms import CONTRASTS, DRAWS, MAIN, QUADRANT_STACK, SELECTION, TAXONOMY_STACK
from unswayed.report.text import one_line, visible
from unswayed.results import measured as figures_file
from unswayed.results.measured import Measured
from unswayed.run.files import write_bytes
from unswayed.run.folder import RunFolder

NAME = "report.html"
_TEMPLATES = "templates"
_PREDICTION = (
    "auroc_p_correct",
    "auroc_neg_entropy",
    "auroc_gain",
    "auroc_p_correct_marginal",
    "auroc_neg_entropy_marginal",
    "auroc_gain_marginal",
    "aurc_confidence",
    "aurc_p_correct",
)
_CONSISTENCY = (
    *QUADRANT_STACK,
    "quadrant_conflict",
    "faithful_accuracy",
    "conflict_acknowledged",
    "unclear_rate",
    "judge_failed_rate",
    "skipped_rate",
    "strict_agreement",
    "fleiss_kappa",
    "all_voted_rate",
)
LONGEST_SETTING = 4000
"""Characters of one entry of `run.json` that are shown."""


def require() -> None:
    """Check that a report can be written; call it before a long run.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
    """
    extras.require("the report", "report")


def write_report(run: RunFolder, samples: int = 12) -> Path:
    """Write `report.html` from the files of a run and return its path.

    The same run gives the same bytes, wherever it lies.

    Args:
        run: a run that was measured.
        samples: number of samples to show, at least 0.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
        RunError: the run was not measured, or its files are damaged.
        StageError: the file cannot be written.
    """
    require()
    path = run.folder / NAME
    write_bytes(path, render(run, samples).encode("utf-8", "backslashreplace"))
    return path


def render(run: RunFolder, samples: int = 12) -> str:
    """Return the page as text; see `write_report`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_template),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = one_line  # pyright: ignore[reportUnknownMemberType]
    return environment.get_template("report.html.j2").render(_context(run, samples))


def _template(name: str) -> str:
    return resources.files(__package__ or "").joinpath(_TEMPLATES, name).read_text("utf-8")


def _context(run: RunFolder, samples: int) -> dict[str, Any]:
    from markupsafe import Markup

    description = run.description()
    measured = figures_file.load(run)
    overview = survey.survey(run, measured, max(0, samples), _seed(description))
    model = headline.model_name(description)
    return {
        "css": Markup(_template("report.css")),
        "svg": Markup,
        "model": model,
        "knows_nothing": headline.knows_nothing(description),
        "cautions": [
            *headline.cautions(run, overview, description),
            *losses.warnings(measured),
        ],
        "created": one_line(str(description.get("created", ""))[:10], 40),
        "benchmarks": {one_line(name, 60): count for name, count in overview.samples.items()},
        "records": overview.records,
        "summary": headline.summary(measured, overview, model),
        "headlines": headline.headlines(measured),
        "charts": charts.charts(measured, overview),
        "tables": _tables(measured),
        "everything": tables.everything(measured),
        "terms": tables.used_terms(measured),
        "variants": overview.ordered_variants(),
        "failures": survey.failures(run),
        "kinds": SAMPLE_KINDS,
        "kind_counts": overview.cards.counts(),
        "chosen": overview.cards.chosen(max(0, samples)),
        "pictures": partial(_pictures, run.folder),
        "outcomes": {name: label.words for name, label in ANSWER_CLASSES.items()},
        "facts": _facts(description, measured, overview),
    }


def _seed(description: Mapping[str, Any]) -> int:
    seed = description.get("seed", 0)
    return seed if isinstance(seed, int) else 0


def _tables(measured: Measured) -> list[dict[str, Any]]:
    """Return for each benchmark its title and its tables; None where there are no figures."""
    return [
        {
            "title": charts.scope_title(one_line(scope, 60)),
            "main": tables.table(measured, scope, MAIN),
            "draws": tables.table(measured, scope, (*DRAWS, "ece_debiased_marginal")),
            "consistency": tables.table(measured, scope, _CONSISTENCY),
            "prediction": tables.table(measured, scope, _PREDICTION, skip_base=True),
            "contrasts": tables.table(measured, scope, CONTRASTS),
            "taxonomy": tables.table(measured, scope, (*TAXONOMY_STACK, "taxonomy_judged")),
            "selection": tables.table(measured, scope, ("selective_threshold", *SELECTION)),
        }
        for scope in measured.benchmarks()
    ]


def _pictures(folder: Path, card: Card) -> list[Thumbnail]:
    return [thumbnail(image, folder) for image in card.images]


def _facts(
    description: Mapping[str, Any], measured: Measured, overview: survey.Survey
) -> list[tuple[str, str]]:
    """Return what made the run, as (name, text) pairs: everything in `run.json` and more."""
    facts = [(one_line(key, 60), _fact(value)) for key, value in description.items()]
    judges = sorted(f"{name} {prompt_hash}".strip() for name, prompt_hash in overview.judges)
    return [
        *facts,
        ("figures", _fact(dict(measured.settings))),
        ("judges", _fact(judges)),
    ]


def _fact(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return visible(text[:LONGEST_SETTING]) + ("…" if len(text) > LONGEST_SETTING else "")
