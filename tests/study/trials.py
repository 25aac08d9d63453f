"""Studies that were never run: what every training found, as figures that follow by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unswayed.metrics.panel import BY_JUDGE
from unswayed.study.claims import DRAWS, HARD, JUDGED, LARGE, PAPER
from unswayed.study.plan import plan_of
from unswayed.study.results import FigureKey, StudyResults
from unswayed.training.track.collapse import Collapse, Shape
from unswayed.training.track.dynamics import ALL, TRAINING, Dynamics, TrackedValue
from unswayed.training.track.empty import EmptyThoughts

LAST = 160
SEEDS = (1, 2, 3)
NOISE = {1: -0.004, 2: 0.001, 3: 0.003, 4: -0.001, 5: 0.002}
"""What a seed adds to everything at its last step: it sums to 0 over the first three."""
TEXTS = (
    "base", "stop-think", "wrong-think", "wrong-think-but", "wrong-caption",
    "wrong-caption-disclaimer", "correct-think", "correct-caption", "neutral-think",
    "neutral-caption",
)  # fmt: skip
REREAD = f"{BY_JUDGE}[reread:organism]"
RULES = f"{BY_JUDGE}[rules]"

ACCURACY = FigureKey(LARGE, "base", "accuracy")
CAPTION = FigureKey(LARGE, "wrong-caption", "accuracy")
THINK = FigureKey(LARGE, "wrong-think", "accuracy")
BY_RULES, BY_REREAD = FigureKey(JUDGED, "base", RULES), FigureKey(JUDGED, "base", REREAD)
THOUGHT_CAPTION = FigureKey(LARGE, "wrong-think - wrong-caption", "contrast_accuracy")
BUT = FigureKey(LARGE, "wrong-think-but - (wrong-think + base)/2", "contrast_accuracy")
DISCLAIMER = FigureKey(
    LARGE, "wrong-caption-disclaimer - (wrong-caption + base)/2", "contrast_accuracy"
)
ENTROPY = {name: FigureKey(LARGE, name, "entropy") for name in TEXTS}
GAINS = [
    FigureKey(benchmark, f"wrong-{text}", metric)
    for benchmark, metric in ((LARGE, "auroc_gain"), (DRAWS, "auroc_gain_marginal"))
    for text in ("think", "caption")
]
ABSTAIN = [
    FigureKey(LARGE, f"abstain+wrong-{text} - wrong-{text}", "contrast_accuracy")
    for text in ("think", "caption")
]
ORDER = [
    FigureKey(HARD, f"{more}-{text} - {less}-{text}", "contrast_accuracy")
    for text in ("think", "caption")
    for more, less in (("correct", "neutral"), ("neutral", "wrong"))
]

START: dict[FigureKey, float] = {
    ACCURACY: 0.65, CAPTION: 0.5, THINK: 0.4, BY_RULES: 0.98, BY_REREAD: 0.97,
    THOUGHT_CAPTION: -0.1, BUT: -0.05, DISCLAIMER: -0.05,
    **dict.fromkeys(ENTROPY.values(), 0.4), **dict.fromkeys(GAINS, 0.05),
    **dict.fromkeys(ABSTAIN, -0.05), **dict.fromkeys(ORDER, 0.1),
}  # fmt: skip
"""Figures of the start, every claim about it reproduced."""

Figures = Mapping[FigureKey, float]


def as_claimed() -> dict[str, dict[FigureKey, float]]:
    """Return what each recipe would have at its last step if every claim were true."""
    accuracy = {
        **START, ACCURACY: 0.75, CAPTION: 0.52, THINK: 0.35, BY_RULES: 0.9, BY_REREAD: 0.88,
        **dict.fromkeys(ENTROPY.values(), 0.2),
    }  # fmt: skip
    return {
        **{recipe: dict(accuracy) for recipe in PAPER},
        "augmented": {**accuracy, CAPTION: 0.72},
        "faithful": {**accuracy, BY_RULES: 0.97, BY_REREAD: 0.96},
    }


def trial(
    last: Mapping[str, Figures] | None = None,
    *,
    start: Figures = START,
    seeds: Sequence[int] = SEEDS,
    noise: Mapping[str, Mapping[int, float]] | None = None,
    unrest: Mapping[str, float] | None = None,
    collapsed: Mapping[str, Sequence[int]] | None = None,
    silent: Mapping[str, Sequence[int]] | None = None,
) -> StudyResults:
    """Return the results of a study.

    Args:
        last: recipe → its figures at the last step; `as_claimed` by default.
        start: figures of the checkpoint that all started from.
        seeds: of every recipe.
        noise: recipe → seed → what is added at the last step, instead of `NOISE`.
        unrest: recipe → how far its reward and consistency swing, instead of 0.01.
        collapsed: recipe → seeds whose thoughts collapsed.
        silent: recipe → seeds whose thoughts became empty.
    """
    tables = {
        recipe: {
            seed: table(
                seed,
                start,
                {key: value + _noise(noise, recipe, key)[seed] for key, value in figures.items()},
                (unrest or {}).get(recipe, 0.01) * (1 + 0.02 * seed * (recipe != "faithful")),
                seed in (collapsed or {}).get(recipe, ()),
                seed in (silent or {}).get(recipe, ()),
            )
            for seed in seeds
        }
        for recipe, figures in (as_claimed() if last is None else last).items()
    }
    return StudyResults(plan_of("full"), tables)


def table(
    seed: int, start: Figures, last: Figures, swing: float, collapsed: bool, silent: bool
) -> Dynamics:
    """Return the table of one training."""
    rows = [
        TrackedValue(
            seed, step, key.benchmark, key.variant, key.metric, v, v - 0.02, v + 0.02, 2000
        )
        for step, figures in ((0, start), (LAST, last))
        for key, v in figures.items()
    ]
    rows += [
        TrackedValue(
            seed, step, TRAINING, ALL, metric,
            0.5 + swing * (-1) ** step, None, None, 128,
        )
        for step in range(1, LAST + 1)
        for metric in ("reward", "reward/consistent")
    ]  # fmt: skip
    shape = Shape(600, 20.0, 0.1, 0.5)
    collapse = Collapse(collapsed, collapsed, collapsed, shape, shape)
    empty = EmptyThoughts(silent, 600, 0.1, 0.9 if silent else 0.1)
    return Dynamics(
        tuple(rows),
        {(seed, "scenes"): {LAST: collapse}},
        {(seed, "scenes", "wrong-think"): {LAST: empty}},
        {(seed, "scenes"): 0},
    )


def _noise(
    noise: Mapping[str, Mapping[int, float]] | None, recipe: str, key: FigureKey
) -> Mapping[int, float]:
    """Return a seed's noise; it differs between recipes, so that differences vary over seeds."""
    if noise is not None and recipe in noise:
        return noise[recipe]
    turn = sorted(PAPER).index(recipe) if recipe in PAPER else len(recipe)
    scale = 1 + 0.3 * turn + (0.2 if key.metric == REREAD else 0.0)
    return {seed: scale * value for seed, value in NOISE.items()}
