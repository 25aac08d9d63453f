"""In distribution and out of it: what a training or a recipe changes, on each kind of question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unswayed.study.claims import ACCURACY, AUGMENTED, BOTH, FAITHFUL
from unswayed.study.parts import ClaimPart, between, over_training_seeds
from unswayed.study.results import FigureKey, StudyResults

_MEASURES = (
    ("accuracy, base", "base", "accuracy", 100.0),
    ("accuracy, wrong-think", "wrong-think", "accuracy", 100.0),
    ("accuracy, wrong-caption", "wrong-caption", "accuracy", 100.0),
    ("consistency, base, by rules", "base", "consistency_rate", 100.0),
    ("entropy, base (nats)", "base", "entropy", 1.0),
)
_COMPARED = (AUGMENTED, FAITHFUL, BOTH)


@dataclass(frozen=True)
class Effect:
    """A change on one kind of question.

    Attributes:
        comparison: what is compared.
        measure: of what.
        benchmark: the questions.
        part: the mean over seeds with its interval.
    """

    comparison: str
    measure: str
    benchmark: str
    part: ClaimPart


def effects_of(results: StudyResults) -> list[Effect]:
    """Return the changes by `accuracy`, and the differences of others from it, by questions."""
    return list(_effects(results))


def _effects(results: StudyResults) -> Iterator[Effect]:
    for name, variant, metric, scale in _MEASURES:
        for benchmark in results.benchmarks():
            figure = FigureKey(benchmark, variant, metric)
            last = results.values(ACCURACY, figure)
            sides = {
                f"{ACCURACY}: last step − step 0": (
                    results.values(ACCURACY, figure, "first"),
                    last,
                )
            }
            sides |= {
                f"{recipe} − {ACCURACY}, last step": (last, results.values(recipe, figure))
                for recipe in _COMPARED
            }
            for comparison, (a, b) in sides.items():
                if values := between(a, b):
                    part = over_training_seeds(comparison, 1, values, scale=scale)
                    yield Effect(comparison, name, benchmark, part)
