"""`report.html`: one self-contained page, made from the files of a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from unswayed.report import headline, losses, survey, tables
from unswayed.report.cards import Card
from unswayed.report.charts import charts
from unswayed.report.charts.chart import scope_title
from unswayed.report.named import named_run
from unswayed.report.outputs import ANSWER_CLASSES
from unswayed.report.pictures import Thumbnail, thumbnail
from unswayed.report.rendering import explorer_address, fact, rendered, require, shown_charts
from unswayed.report.samples import SAMPLE_KINDS
from unswayed.report.terms import CONTRASTS, DRAWS, MAIN, QUADRANT_STACK, SELECTION, TAXONOMY_STACK
from unswayed.report.text import one_line
from unswayed.results import measured as figures_file
from unswayed.results.measured import Measured
from unswayed.run.files import write_bytes
from unswayed.run.folder import RunFolder

NAME = "report.html"
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
    path = run.folder / NAME
    write_bytes(path, render(run, samples).encode("utf-8", "backslashreplace"))
    return path


def render(run: RunFolder, samples: int = 12) -> str:
    """Return the page as text; see `write_report`."""
    require()
    return rendered("report.html.j2", _context(run, samples))


def _context(run: RunFolder, samples: int) -> dict[str, Any]:
    description = run.description()
    measured = figures_file.load(run)
    overview = survey.survey(run, measured, max(0, samples), _seed(description))
    model = headline.model_name(description)
    terms, groups = tables.used_terms(measured), table_groups(measured)
    return {
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
        "charts": shown_charts(charts([named_run(model, measured, overview)])),
        "tables": groups,
        "everything": tables.everything(measured),
        "terms": terms,
        "loss_kinds": shown_losses(groups),
        "explained": {one.metric for one in terms},
        "variants": overview.ordered_variants(),
        "failures": survey.failures(run),
        "kinds": SAMPLE_KINDS,
        "kind_counts": overview.cards.counts(),
        "chosen": overview.cards.chosen(max(0, samples)),
        "pictures": partial(_pictures, run.folder),
        "explorer": partial(explorer_address, 0),
        "outcomes": {name: label.words for name, label in ANSWER_CLASSES.items()},
        "facts": _facts(description, measured, overview),
    }


def _seed(description: Mapping[str, Any]) -> int:
    seed = description.get("seed", 0)
    return seed if isinstance(seed, int) else 0


def shown_losses(groups: Sequence[Mapping[str, Any]]) -> list[losses.LossKind]:
    """Return the kinds of loss that some table has a column for."""
    shown = [one for group in groups for one in group.values() if isinstance(one, tables.Table)]
    there = {kind.name for table in shown for kind in table.losses}
    return [kind for kind in losses.KINDS if kind.name in there]


def table_groups(measured: Measured) -> list[dict[str, Any]]:
    """Return for each benchmark its title and its tables; None where there are no figures."""
    return [
        {
            "title": scope_title(one_line(scope, 60)),
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
    facts = [(one_line(key, 60), fact(value)) for key, value in description.items()]
    judges = sorted(f"{name} {prompt_hash}".strip() for name, prompt_hash in overview.judges)
    return [
        *facts,
        ("figures", fact(dict(measured.settings))),
        ("judges", fact(judges)),
    ]
