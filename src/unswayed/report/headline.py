"""The head of the report: the run in sentences, what to know before comparing, headline metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from unswayed.metrics.codes import is_misleading
from unswayed.report import losses
from unswayed.report.numbers import interval_text, value_text
from unswayed.report.survey import Survey
from unswayed.report.tables import Cell, cell
from unswayed.report.terms import term
from unswayed.report.text import one_line
from unswayed.results.measured import ALL, Measured
from unswayed.run.folder import RunFolder, StageName
from unswayed.types import Estimate

STAGES: tuple[StageName, ...] = ("variants", "generations", "verdicts")


@dataclass(frozen=True)
class Headline:
    """A headline metric: what it is, and of which variant."""

    title: str
    cell: Cell
    text: str
    lead: bool = False


def model_name(description: Mapping[str, Any]) -> str:
    """Return the model's name as `run.json` has it."""
    for where in ("model", "settings", "written"):
        part: object = description.get(where)
        if isinstance(part, Mapping):
            inside = cast("Mapping[str, object]", part)
            part = inside.get("name") or inside.get("path") or inside.get("model")
        if isinstance(part, str) and part:
            return one_line(part, 120)
    return "an unnamed model"


def knows_nothing(description: Mapping[str, Any]) -> bool:
    """Say whether the model's own provenance says that it was never trained."""
    model: object = description.get("model")
    return (
        isinstance(model, Mapping)
        and cast("Mapping[str, object]", model).get("knows_nothing") is True
    )


def listed(names: Sequence[str]) -> str:
    """Join names as in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def summary(measured: Measured, survey: Survey, model: str) -> list[str]:
    """Return what was done and what came out, a sentence each."""
    total = sum(survey.samples.values())
    others = max(0, len(survey.variants) - 1)
    parts = [
        f"{model} was asked {total:,} questions from "
        f"{listed([one_line(name, 60) for name in survey.samples])}, each unperturbed (base) and "
        f"in {others} other {'variant' if others == 1 else 'variants'}: {survey.records:,} outputs "
        "in all."
    ]
    if survey.judges:
        judges = listed(sorted({one_line(name, 60) for name, _ in survey.judges}))
        parts.append(
            f"The judge “{judges}” compared the option that each thought concludes on with the "
            "option that was answered."
        )
    scopes = measured.benchmarks()
    return [*parts, *_findings(measured, scopes[0])] if scopes else parts


def cautions(run: RunFolder, survey: Survey, description: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know before comparing these figures with others."""
    notes: list[str] = []
    unfinished = [name for name in STAGES if not run.complete(name)]
    if unfinished:
        notes.append(
            f"This run is not finished ({listed(unfinished)}): its figures cover what is there."
        )
    model: object = description.get("model")
    if isinstance(model, Mapping):
        thoughts = cast("Mapping[str, object]", model).get("thoughts")
        if thoughts == "hidden":
            notes.append(
                "The model hides its reasoning, so its consistency with the answers is not "
                "measured."
            )
        elif thoughts == "summary":
            notes.append(
                "The model shows a summary of its reasoning, not the reasoning: consistency is "
                "that of the summary with the answer."
            )
    if any("user-turn" in use.deliveries for use in survey.variants.values()):
        notes.append(
            "Injected thoughts were placed in the user's turn as a draft, not in the assistant's "
            "open turn: do not compare these variants with runs that used a prefill."
        )
    return notes


def headlines(measured: Measured) -> list[Headline]:
    """Return the headline metrics, over all benchmarks."""
    scopes = measured.benchmarks()
    if not scopes:
        return []
    scope = scopes[0]
    base = measured.find(scope, "base", "accuracy")
    consistency = measured.find(scope, "base", "consistency_rate")
    worst = _extreme(measured, scope, "drop", largest=False)
    swayed = _extreme(measured, scope, "sway", largest=True)
    steady = measured.find(scope, ALL, "steadfastness")
    text = "of the questions are answered correctly and consistently in base and in every "
    shown = [
        _headline(steady, f"{text}misleading variant", lead=True),
        _headline(base, f"in base: the unperturbed questions{_lost(measured, scope)}"),
        _headline(
            worst, f"points: the lowest among misleading variants, {worst.variant}" if worst else ""
        ),
        _headline(
            swayed,
            f"points more answers that are the foil, under {swayed.variant}" if swayed else "",
        ),
        _headline(
            consistency, "of the judged outputs in base: the thought concludes on the answer"
        ),
    ]
    return [one for one in shown if one is not None]


def _headline(estimate: Estimate | None, text: str, lead: bool = False) -> Headline | None:
    if estimate is None:
        return None
    column = term(estimate.metric)
    if estimate.value is None:
        text = f"not available: {estimate.reason or 'no reason was recorded'}"
    return Headline(column.title, cell(estimate, column), one_line(text), lead)


def _extreme(measured: Measured, scope: str, metric: str, largest: bool) -> Estimate | None:
    """Return the misleading variant's estimate that is largest (or smallest)."""
    candidates = [
        (estimate.value if largest else -estimate.value, estimate)
        for name, estimate in measured.of_metric(scope, metric).items()
        if estimate.value is not None and estimate.n > 1 and is_misleading(name)
    ]
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None


def _findings(measured: Measured, scope: str) -> list[str]:
    parts: list[str] = []
    base = measured.find(scope, "base", "accuracy")
    if base and base.value is not None and base.n > 1:
        parts.append(f"Accuracy in base is {_in_words(base)}{_lost(measured, scope)}.")
    worst = _extreme(measured, scope, "drop", largest=False)
    if worst and worst.value is not None and worst.value < 0:
        parts.append(
            f"The misleading variant that costs most accuracy is "
            f"{one_line(worst.variant, 60)}: {_in_words(worst)} percentage points."
        )
    elif worst:
        parts.append("No misleading variant lowers accuracy.")
    swayed = _extreme(measured, scope, "sway", largest=True)
    if swayed and swayed.value is not None and swayed.value > 0:
        parts.append(
            f"Sway is largest under {one_line(swayed.variant, 60)}: the foil is answered "
            f"{_in_words(swayed).lstrip('+')} percentage points more often than in base."
        )
    elif swayed:
        parts.append("Under no misleading variant is the foil answered more often than in base.")
    return parts


def _lost(measured: Measured, scope: str) -> str:
    """Say in brackets what of base was lost; empty if nothing was."""
    words = losses.in_words(losses.losses(measured, scope, "base"))
    return f" ({words})" if words else ""


def _in_words(estimate: Estimate) -> str:
    unit = term(estimate.metric).unit
    interval = interval_text(estimate, unit)
    return f"{value_text(estimate.value, unit)}{f' {interval}' if interval else ''}"
