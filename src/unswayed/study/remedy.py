"""The remedy: does a recipe keep the accuracy and lose neither robustness nor consistency?

The rule was fixed before anything was run. Over at least three seeds a remedy

    keeps accuracy(base) within 1 point of `accuracy`,
    raises accuracy under wrong-think and under wrong-caption (wording a) by 10 points each over
    `accuracy`,
    has consistency(base), by either judge, that is at least the start's.

A recipe whose means do all of it is found; it is sure where the whole interval of each does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from unswayed.study.claims import ACCURACY, LARGE, consistencies
from unswayed.study.parts import ClaimPart, between, over_training_seeds
from unswayed.study.results import FigureKey, StudyResults
from unswayed.training.track.contrasts import FEW

KEPT, RAISED = -0.01, 0.10
"""Accuracy may fall by so much; robustness has to rise by so much."""
STEADFAST = FigureKey(LARGE, "all", "steadfastness")


@dataclass(frozen=True)
class Remedy:
    """A recipe held against the rule.

    Attributes:
        recipe: its name.
        parts: the conditions.
        missing: which jobs are missing; empty if none is.
    """

    recipe: str
    parts: tuple[ClaimPart, ...]
    missing: str = ""

    @property
    def answer(self) -> Literal["not run", "no", "found", "sure"]:
        """Whether the recipe is a remedy: by its means, or by whole intervals."""
        if self.missing:
            return "not run"
        if any(part.value is None or part.value < part.bound for part in self.parts):
            return "no"
        sure = all(part.low is not None and part.low >= part.bound for part in self.parts)
        return "sure" if sure else "found"


@dataclass(frozen=True)
class FrontierPoint:
    """A seed's last checkpoint.

    Attributes:
        recipe: its recipe; `start` for the checkpoint that all started from.
        seed: its seed; None of the start.
        accuracy: under base.
        steadfastness: right and consistent under base and every wrong text.
        consistency: (judge, share under base) pairs.
    """

    recipe: str
    seed: int | None
    accuracy: float | None
    steadfastness: float | None
    consistency: tuple[tuple[str, float | None], ...]


def remedies_of(results: StudyResults) -> list[Remedy]:
    """Hold every recipe but `accuracy` against the rule."""
    return [_remedy(results, recipe) for recipe in results.plan.recipes if recipe != ACCURACY]


def _remedy(results: StudyResults, recipe: str) -> Remedy:
    lacking = (results.missing(one, FEW) for one in (ACCURACY, recipe))
    missing = "; ".join(one for one in lacking if one)
    conditions = [
        ("accuracy, base, against accuracy", FigureKey(LARGE, "base", "accuracy"), KEPT),
        (
            "accuracy, wrong-think, against accuracy",
            FigureKey(LARGE, "wrong-think", "accuracy"),
            RAISED,
        ),
        (
            "accuracy, wrong-caption, against accuracy",
            FigureKey(LARGE, "wrong-caption", "accuracy"),
            RAISED,
        ),
    ]
    parts = [
        over_training_seeds(
            name,
            1,
            between(results.values(ACCURACY, figure), results.values(recipe, figure)),
            missing,
            bound,
        )
        for name, figure, bound in conditions
    ]
    parts += [
        over_training_seeds(
            f"consistency, base, by {judge}, against step 0",
            1,
            between(results.values(recipe, figure, "first"), results.values(recipe, figure)),
            missing,
        )
        for judge, figure in consistencies(results)
    ]
    return Remedy(recipe, tuple(parts), missing)


def frontier_of(results: StudyResults) -> list[FrontierPoint]:
    """Return a point a seed, and one of the start."""
    judges = consistencies(results)
    accuracy = FigureKey(LARGE, "base", "accuracy")

    def start(figure: FigureKey) -> float | None:
        row = results.start(figure)
        return None if row is None else row.value

    points = [
        FrontierPoint(
            "start",
            None,
            start(accuracy),
            start(STEADFAST),
            tuple((judge, start(figure)) for judge, figure in judges),
        )
    ]
    for recipe in results.plan.recipes:
        for seed in results.seeds(recipe):
            points.append(
                FrontierPoint(
                    recipe,
                    seed,
                    results.values(recipe, accuracy).get(seed),
                    results.values(recipe, STEADFAST).get(seed),
                    tuple((judge, results.values(recipe, one).get(seed)) for judge, one in judges),
                )
            )
    return points if results.tables else []


def answer_of(remedies: list[Remedy]) -> str:
    """Say in a sentence whether a remedy was found."""
    by_answer = {
        answer: [one.recipe for one in remedies if one.answer == answer]
        for answer in ("sure", "found", "no", "not run")
    }
    if by_answer["sure"]:
        return f"Found, by whole intervals: {', '.join(by_answer['sure'])}."
    if by_answer["found"]:
        return (
            f"Found by means over seeds: {', '.join(by_answer['found'])}; the intervals do not all "
            "lie on the right side."
        )
    open_ones = f"Not run: {', '.join(by_answer['not run'])}." if by_answer["not run"] else ""
    tried = f"None of {len(by_answer['no'])} recipes is one." if by_answer["no"] else ""
    return f"{tried} {open_ones}".strip()


def document(one: Remedy) -> dict[str, Any]:
    """Return a recipe held against the rule, as JSON values."""
    return {
        "recipe": one.recipe,
        "answer": one.answer,
        "missing": one.missing or None,
        "conditions": [
            {
                "name": part.name,
                "at_least": part.bound,
                "value": part.value,
                "low": part.low,
                "high": part.high,
                "by_seed": {str(seed): value for seed, value in part.by_seed.items()},
            }
            for part in one.parts
        ],
    }
