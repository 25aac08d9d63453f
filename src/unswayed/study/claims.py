"""The twelve claims, each as parts that decide it. The rules were fixed before anything was run.

Consistency is by two judges wherever a claim speaks of it: the one that rewards (`rules`) and one
that never does (`reread`). Claims about texts are judged at the checkpoint that all trainings start
from, over questions, and at the last step of `accuracy`, over seeds; both have to hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from unswayed.metrics.contrasts import PREFIX
from unswayed.metrics.panel import BY_JUDGE
from unswayed.study.parts import (
    ClaimPart,
    between,
    more_seeds,
    over_questions,
    over_training_seeds,
    seeds_against_recipes,
)
from unswayed.study.results import FigureKey, StudyResults
from unswayed.training.track.contrasts import FEW
from unswayed.training.track.dynamics import TRAINING
from unswayed.training.track.instability import RULED, TIMES, steadiness

ACCURACY, AUGMENTED, FAITHFUL = "accuracy", "augmented", "faithful"
BOTH, EXTRA = "augmented-faithful", "accuracy-extra"
PAPER = (ACCURACY, EXTRA, AUGMENTED, FAITHFUL, BOTH)
"""The recipes of the paper."""
LARGE, HARD, DRAWS = "scenes-large", "scenes-hard", "scenes-draws"
JUDGED = "scenes-judged-large"
"""Questions of the plan that the claims are judged on."""
REWARDING, OTHER = "rules", "reread"
"""The judge that rewards, and how the name of the one that never does begins."""
WITHIN = 0.01
"""So little a rise in consistency restores nothing (claim g)."""
_TEXTS = ("think", "caption")


@dataclass(frozen=True)
class StudyClaim:
    """A claim.

    Attributes:
        key: its letter.
        text: what is claimed.
        measure: what decides it.
        groups: the claim holds if every part of one group does; mostly there is one group.
        corrected: the parts are many of one kind, and corrected by Holm among themselves.
    """

    key: str
    text: str
    measure: str
    groups: tuple[tuple[ClaimPart, ...], ...]
    corrected: bool = False

    @property
    def parts(self) -> tuple[ClaimPart, ...]:
        """All parts."""
        return tuple(part for group in self.groups for part in group)


def claims_of(results: StudyResults) -> list[StudyClaim]:
    """Return the twelve claims with what the study has for each."""
    return [
        StudyClaim(key, text, measure, tuple(map(tuple, groups(results))), key == "e")
        for key, text, measure, groups in _CLAIMS
    ]


Groups = Sequence[Sequence[ClaimPart]]


def _a(results: StudyResults) -> Groups:
    contrast = FigureKey(LARGE, "wrong-think - wrong-caption", f"{PREFIX}accuracy")
    return [list(_at_both(results, contrast, -1, "wrong-think − wrong-caption, accuracy"))]


def _b(results: StudyResults) -> Groups:
    repairs = (("wrong-think-but", "wrong-think"), ("wrong-caption-disclaimer", "wrong-caption"))
    return [
        [
            part
            for suffix, plain in repairs
            for part in _at_both(
                results,
                FigureKey(LARGE, f"{suffix} - ({plain} + base)/2", f"{PREFIX}accuracy"),
                -1,
                f"{suffix}: accuracy beyond half of the loss",
            )
        ]
    ]


def _c(results: StudyResults) -> Groups:
    return [[_change(results, FigureKey(LARGE, "base", "accuracy"), 1, "Δ accuracy, base")]]


def _d(results: StudyResults) -> Groups:
    return [
        [
            _change(results, figure, -1, f"Δ consistency, base, by {judge}")
            for judge, figure in consistencies(results)
        ]
    ]


def _e(results: StudyResults) -> Groups:
    variants = results.variants(LARGE, "entropy") or ["base"]
    plain = [name for name in variants if "+" not in name]
    return [
        [
            _change(
                results, FigureKey(LARGE, name, "entropy"), -1, f"Δ entropy, {name} (nats)", 1.0
            )
            for name in plain
        ]
    ]


def _f(results: StudyResults) -> Groups:
    return [
        [
            part
            for benchmark, metric, which in (
                (LARGE, "auroc_gain", "greedy"),
                (DRAWS, "auroc_gain_marginal", "marginal"),
            )
            for text in _TEXTS
            for part in _at_both(
                results,
                FigureKey(benchmark, f"wrong-{text}", metric),
                1,
                f"AUROC of P − AUROC of −H, wrong-{text}, {which} distribution",
            )
        ]
    ]


def _g(results: StudyResults) -> Groups:
    accuracy = FigureKey(LARGE, "wrong-caption", "accuracy")
    restored = _against(results, ACCURACY, AUGMENTED, accuracy, 1, "accuracy, wrong-caption")
    return [
        [
            restored,
            *(
                _against(
                    results,
                    ACCURACY,
                    AUGMENTED,
                    figure,
                    -1,
                    f"consistency, base, by {judge}",
                    WITHIN,
                )
                for judge, figure in consistencies(results)
            ),
        ]
    ]


def _h(results: StudyResults) -> Groups:
    return [
        [
            _against(results, ACCURACY, FAITHFUL, figure, 1, f"consistency, base, by {judge}")
            for judge, figure in consistencies(results)
        ]
    ]


def _i(results: StudyResults) -> Groups:
    """Return two groups: both variances are twice as large, or a detector fires in more seeds."""
    missing = _missing(results, FAITHFUL, BOTH)
    compared = steadiness(results.of_recipe(FAITHFUL), results.of_recipe(BOTH))
    ratios = {
        one.metric: {seed: math.log2(ratio) for seed, ratio in one.by_seed.items() if ratio > 0}
        for one in compared.ratios
        if one.benchmark == TRAINING
    }
    names = {"reward": "reward", "reward/consistent": "consistency"}
    common = set(results.seeds(FAITHFUL)) & set(results.seeds(BOTH))
    first, second = (set(fired) & common for fired in compared.fired)
    return [
        [
            over_training_seeds(
                f"log₂ of the variance along training of {names[metric]}, {BOTH} / {FAITHFUL}",
                1,
                ratios.get(metric, {}),
                missing,
                math.log2(TIMES),
                1.0,
            )
            for metric in RULED
        ],
        [more_seeds("seeds with collapsed or empty thoughts", first, second, len(common), missing)],
    ]


def _j(results: StudyResults) -> Groups:
    missing = _missing(results, *PAPER)
    figures = [("accuracy", FigureKey(LARGE, "base", "accuracy"))]
    figures += [(f"consistency by {judge}", one) for judge, one in consistencies(results)]
    return [
        [
            seeds_against_recipes(
                f"deviation over seeds / deviation of the recipes' means, {name}, base",
                {recipe: results.values(recipe, figure) for recipe in PAPER},
                missing or _unasked(results, figure),
            )
            for name, figure in figures
        ]
    ]


def _k(results: StudyResults) -> Groups:
    return [
        [
            part
            for text in _TEXTS
            for part in _at_both(
                results,
                FigureKey(LARGE, f"abstain+wrong-{text} - wrong-{text}", f"{PREFIX}accuracy"),
                -1,
                f"abstain+wrong-{text} − wrong-{text}, accuracy",
            )
        ]
    ]


def _l(results: StudyResults) -> Groups:
    pairs = [
        (f"{more}-{text}", f"{less}-{text}")
        for text in _TEXTS
        for more, less in (("correct", "neutral"), ("neutral", "wrong"))
    ]
    return [
        [
            part
            for more, less in pairs
            for part in _at_both(
                results,
                FigureKey(HARD, f"{more} - {less}", f"{PREFIX}accuracy"),
                1,
                f"{more} − {less}, accuracy, hard scenes",
            )
        ]
    ]


def consistencies(results: StudyResults, benchmark: str = JUDGED) -> list[tuple[str, FigureKey]]:
    """Return consistency under base by the two judges that decide, as (judge, figure)."""
    judges = results.judges(benchmark)
    other = next((name for name in judges if name.startswith(OTHER)), OTHER)
    return [
        (name.partition(":")[0], FigureKey(benchmark, "base", f"{BY_JUDGE}[{name}]"))
        for name in (REWARDING, other)
    ]


def _at_both(
    results: StudyResults, figure: FigureKey, side: Literal[1, -1], name: str
) -> Iterator[ClaimPart]:
    """Yield the part at the start, over questions, and at the last step of `accuracy`."""
    missing = results.missing(ACCURACY, FEW)
    at_start = _unasked(results, figure) if results.tables else "no training is evaluated yet"
    yield over_questions(f"{name}, step 0", side, results.start(figure), at_start)
    values = results.values(ACCURACY, figure)
    lacking = missing or _unasked(results, figure)
    yield over_training_seeds(f"{name}, last step", side, values, lacking)


def _change(
    results: StudyResults, figure: FigureKey, side: Literal[1, -1], name: str, scale: float = 100.0
) -> ClaimPart:
    """Return what `accuracy` changed from the start to its last step."""
    first = results.values(ACCURACY, figure, "first")
    last = results.values(ACCURACY, figure)
    missing = results.missing(ACCURACY, FEW) or _unasked(results, figure)
    return over_training_seeds(name, side, between(first, last), missing, scale=scale)


def _against(
    results: StudyResults,
    a: str,
    b: str,
    figure: FigureKey,
    side: Literal[1, -1],
    name: str,
    bound: float = 0.0,
) -> ClaimPart:
    """Return how two recipes differ at their last steps, seed by seed."""
    values = between(results.values(a, figure), results.values(b, figure))
    missing = _missing(results, a, b) or _unasked(results, figure)
    return over_training_seeds(f"{b} − {a}, {name}", side, values, missing, bound)


def _missing(results: StudyResults, *recipes: str) -> str:
    return "; ".join(filter(None, (results.missing(recipe, FEW) for recipe in recipes)))


def _unasked(results: StudyResults, figure: FigureKey) -> str:
    """Say that the plan asks nothing from which a figure could be had; empty if it does."""
    return "" if results.asked(figure) else f"the plan asks no {figure.benchmark} for it"


_CLAIMS: tuple[tuple[str, str, str, Callable[[StudyResults], Groups]], ...] = (
    (
        "a",
        "a wrong thought hurts more than a wrong caption",
        "contrast of accuracy wrong-think − wrong-caption < 0, at step 0 and at the last step of "
        "accuracy",
        _a,
    ),
    (
        "b",
        "repair suffixes help little",
        "wrong-think-but − wrong-think and disclaimer − caption each < half of the loss that the "
        "plain one causes",
        _b,
    ),
    ("c", "RL raises base accuracy", "accuracy: Δ accuracy(base) > 0", _c),
    (
        "d",
        "RL lowers think/answer consistency",
        "accuracy: Δ consistency(base) < 0, by both judges",
        _d,
    ),
    (
        "e",
        "entropy falls everywhere, also where never trained",
        "accuracy: Δ H < 0 in every variant at once, stop-think included (all intervals, Holm "
        "within)",
        _e,
    ),
    (
        "f",
        "P under base predicts robustness better than −H under base",
        "contrast of AUROCs > 0 under wrong-think and wrong-caption, at step 0 and last; for the "
        "greedy and the marginal distribution",
        _f,
    ),
    (
        "g",
        "augmentation restores wrong-caption accuracy, not consistency",
        "augmented − accuracy on wrong-caption accuracy > 0 with wording a; on consistency(base) "
        "its interval lies within ±1 point of 0, or below",
        _g,
    ),
    (
        "h",
        "the faithfulness reward restores consistency",
        "faithful − accuracy on consistency(base) > 0",
        _h,
    ),
    (
        "i",
        "with augmentation it becomes unstable or collapses",
        "augmented-faithful: variance of reward and of consistency along training ≥ 2 × that of "
        "faithful, or the collapse or silence detector fires in more seeds",
        _i,
    ),
    (
        "j",
        "variance across seeds exceeds differences between recipes",
        "standard deviation over seeds / spread of recipe means > 1, for base accuracy and for "
        "consistency",
        _j,
    ),
    ("k", "abstaining does not help", "abstain+wrong-X − wrong-X accuracy ≤ 0", _k),
    (
        "l",
        "effects depend on the text, not on being perturbed",
        "correct-X − base > neutral-X − base > wrong-X − base, on hard scenes",
        _l,
    ),
)
