"""The report of a study: as JSON with every number, as a Markdown table, and as a page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unswayed.report.rendering import rendered
from unswayed.run.files import write_bytes
from unswayed.study import remedy
from unswayed.study.drawings import charts_of, curves
from unswayed.study.effects import Effect, effects_of
from unswayed.study.jobs import jobs_of
from unswayed.study.listing import duration, listing
from unswayed.study.pack import results_of, unpack
from unswayed.study.parts import ClaimPart
from unswayed.study.plan import StudyFolder
from unswayed.study.remedy import Remedy, answer_of, frontier_of, remedies_of
from unswayed.study.results import StudyResults
from unswayed.study.verdicts import ClaimVerdict, verdicts_of
from unswayed.training.track.findings import emptied_lines, fall_lines, template_lines
from unswayed.training.track.findings import verdicts as collapse_lines

NAME = "report.html"
_DASH = "–"


@dataclass(frozen=True)
class StudyReport:
    """A study with everything that is said of it.

    Attributes:
        results: what was found.
        jobs: how the jobs stand, as `study list --json` has it.
        verdicts: of the twelve claims.
        remedies: every recipe held against the rule.
        effects: in distribution and out of it.
    """

    results: StudyResults
    jobs: dict[str, Any]
    verdicts: list[ClaimVerdict]
    remedies: list[Remedy]
    effects: list[Effect]


def report_of(place: Path) -> StudyReport:
    """Return the report of a study's folder, or of a packed study.

    Raises:
        RunError: it is neither, or damaged.
    """
    if place.is_file():
        results, jobs = unpack(place)
    else:
        results = results_of(StudyFolder(place))
        jobs = listing(place, jobs_of(results.plan), results.plan.note).document()
    verdicts, remedies = verdicts_of(results), remedies_of(results)
    return StudyReport(results, jobs, verdicts, remedies, effects_of(results))


def document(report: StudyReport) -> dict[str, Any]:
    """Return every number of a report as JSON values."""
    results = report.results
    recipes = [name for name in results.plan.recipes if results.seeds(name)]
    return {
        "schema_version": 1,
        "note": results.plan.note,
        "jobs": report.jobs,
        "verdicts": [one.document() for one in report.verdicts],
        "remedy": {
            "answer": answer_of(report.remedies),
            "recipes": [remedy.document(one) for one in report.remedies],
        },
        "frontier": [
            {**asdict(one), "consistency": dict(one.consistency)} for one in frontier_of(results)
        ],
        "effects": [
            {
                "comparison": one.comparison,
                "measure": one.measure,
                "benchmark": one.benchmark,
                "value": one.part.value,
                "low": one.part.low,
                "high": one.part.high,
                "by_seed": {str(seed): value for seed, value in one.part.by_seed.items()},
            }
            for one in report.effects
        ],
        "curves": [
            {
                "recipe": recipe,
                "title": curve.title,
                **asdict(curve.figure),
                "by_seed": results.line(recipe, curve.figure),
            }
            for recipe in recipes
            for curve in curves(results)
        ],
        "thoughts": {recipe: thought_lines(results, recipe) for recipe in recipes},
        "missing": missing_jobs(report),
    }


def markdown(report: StudyReport) -> str:
    """Return verdicts, remedy and what is missing as Markdown, which a terminal shows as well."""
    lines = [f"**{report.results.plan.note}**", ""] if report.results.plan.note else []
    lines += ["| | claim | verdict | after Holm | estimates |", "|---|---|---|---|---|"]
    for one in report.verdicts:
        parts = "; ".join(part_text(part) for part in one.claim.parts if part.value is not None)
        said = one.missing if one.status == "not run" and not parts else parts
        said = f"{parts} ({one.missing})" if one.missing and parts else said
        lines.append(
            f"| {one.claim.key} | {one.claim.text} | {one.status} | {holm_text(one)} | {said} |"
        )
    lines += ["", f"Remedy: {answer_of(report.remedies)}"]
    if missing := missing_jobs(report):
        lines += ["", f"Not done yet: {len(missing)} jobs, the first: {', '.join(missing[:6])}."]
    return "\n".join(lines)


def page(report: StudyReport) -> str:
    """Return the report as a page of its own.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
    """
    results = report.results
    return rendered(
        "study.html.j2",
        {
            "note": results.plan.note,
            "verdicts": report.verdicts,
            "holm": holm_text,
            "part": part_text,
            "answer": answer_of(report.remedies),
            "remedies": report.remedies,
            "charts": charts_of(results),
            "effects": effect_table(report.effects),
            "benchmarks": list(dict.fromkeys(one.benchmark for one in report.effects)),
            "thoughts": {name: thought_lines(results, name) for name in results.tables},
            "missing": missing_jobs(report),
            "standing": report.jobs["standing"],
            "spent": duration(sum(one["minutes"] for one in report.jobs["jobs"])),
            "plan": json.dumps(results.plan.model_dump(mode="json"), indent=1, ensure_ascii=False),
        },
    )


def write(report: StudyReport, path: Path) -> Path:
    """Write the page and return its path.

    Raises:
        MissingExtra: the extra `[report]` is not installed.
        StageError: it cannot be written.
    """
    write_bytes(path, page(report).encode("utf-8", "backslashreplace"))
    return path


def missing_jobs(report: StudyReport) -> list[str]:
    """Return the names of the jobs that are not done, in order."""
    return [str(one["job"]) for one in report.jobs["jobs"] if one["state"] != "done"]


def thought_lines(results: StudyResults, recipe: str) -> list[str]:
    """Return what detectors found in a recipe's trainings, a line each."""
    table = results.of_recipe(recipe)
    named = {
        "collapsed": collapse_lines(table)[0],
        "empty": emptied_lines(table),
        "templates": template_lines(table),
        "falls": fall_lines(table),
    }
    return [f"{name}: {line}" for name, lines in named.items() for line in lines]


def effect_table(effects: list[Effect]) -> list[tuple[str, str, dict[str, str]]]:
    """Return rows of comparison, measure, and benchmark → text."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in effects:
        cells = rows.setdefault((one.comparison, one.measure), {})
        cells[one.benchmark] = number_text(one.part)
    return [(comparison, measure, cells) for (comparison, measure), cells in rows.items()]


def holm_text(one: ClaimVerdict) -> str:
    """Return whether a verdict stands after Holm's correction, in words."""
    if one.p_holm is None or one.status == "not run":
        return _DASH
    if one.status == "undecided":
        return f"p = {one.p_holm:.2g}"
    return f"{'stands' if one.stands else 'does not stand'}, p = {one.p_holm:.2g}"


def part_text(part: ClaimPart) -> str:
    """Return a part in a line: its name, its estimate, and what it could have shown."""
    text = f"{part.name}: {number_text(part)}"
    if part.status == "undecided" and part.detectable is not None:
        text += f", could have shown {part.scale * part.detectable:.2g}"
    return text + (f" ({part.reason})" if part.reason else "")


def number_text(part: ClaimPart) -> str:
    """Return a part's estimate with its interval, in its unit; one seed is said to be one."""
    if part.value is None:
        return "n/a"
    decimals = 1 if part.scale == 100 else 3
    signed = "" if part.bound == 1 else "+"
    value, *ends = (
        None if one is None else f"{part.scale * one:{signed}.{decimals}f}"
        for one in (part.value, part.low, part.high)
    )
    if part.over == "count":
        return f"{part.value:+.0f}"
    if None not in ends:
        return f"{value} [{', '.join(str(end) for end in ends)}]"
    if part.over == "questions":
        return f"{value} ({part.n} questions)"
    return f"{value} ({'one seed' if part.n == 1 else f'{part.n} seeds'}: no result)"
