"""The organism's card: what it is, how it was made, and what it was measured to do.

`measure` asks the shipped (or any other) checkpoint fresh questions, greedily, with the texts of
the text variants; `doubt` takes what an evaluation in fog says of its probabilities; `card_page`
keeps the figures beside the weights as card.json and CARD.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from unswayed import answers, prompts
from unswayed.benchmarks.scenes import Scenes
from unswayed.benchmarks.scenes.scene import Scene
from unswayed.errors import ModelError
from unswayed.judges import JudgeCase, case_of
from unswayed.judges.rules.judge import Rules
from unswayed.metrics.intervals import Mean, mean_figure
from unswayed.organism.doubt import Doubt
from unswayed.organism.lessons import Lesson
from unswayed.perturbations import Context
from unswayed.perturbations.composition import TEXT_VARIANTS, compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Variant

SEED = 2026
"""Of the measured scenes; training scenes come from another domain whatever the seed."""
NUMBERS = "card.json"
MADE = "made.json"
"""Written by the training: how a checkpoint was made."""


@dataclass(frozen=True)
class Condition:
    """What is asked under which circumstances.

    Attributes:
        name: stands in the card.
        variant: name of the text variant.
        scenes: options of the scenes that differ from the usual ones.
        picture: the question's own, a `blank` one, or one `swapped` with another scene's.
    """

    name: str
    variant: str = "base"
    scenes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    picture: Literal["own", "blank", "swapped"] = "own"


CONDITIONS: tuple[Condition, ...] = (
    *(Condition(name, name) for name in TEXT_VARIANTS),
    Condition("abstain", "abstain"),
    Condition("shuffle", "shuffle"),
    Condition("held-out pairs", scenes={"pairs": "held-out"}),
    Condition("hard", scenes={"level": "hard"}),
    Condition("shaded", scenes={"style": "shaded"}),
    Condition(
        "shaded, hard, held-out", scenes={"style": "shaded", "level": "hard", "pairs": "held-out"}
    ),
    Condition("unseen kinds", scenes={"kinds": "unseen"}),
    Condition("blank picture", picture="blank"),
    Condition("swapped picture", picture="swapped"),
)


@dataclass(frozen=True)
class Score:
    """Shares of one condition and one kind of question (`all`: every kind).

    Attributes:
        condition: name of the condition.
        kind: kind of question, or `all`.
        n: questions asked.
        accuracy: share right; unreadable answers are wrong.
        low: lower end of the 95 % interval, scenes resampled whole.
        high: upper end.
        foil: share that answer the foil, the wrong option that wrong texts assert.
        unread: share without a readable answer.
        well_formed: share of the form `<think>…</think><answer>X</answer>` and nothing else.
        consistent: share whose thought concludes on the answer, by the rules judge, among those
            with a readable answer; None where no thought was written.
    """

    condition: str
    kind: str
    n: int
    accuracy: float
    low: float
    high: float
    foil: float
    unread: float
    well_formed: float
    consistent: float | None


@dataclass(frozen=True)
class OrganismCard:
    """All that is told of a checkpoint.

    Attributes:
        made: how it was made: command, seed, minutes, versions, whatever else is known.
        scores: from `measure`.
        doubt: from an evaluation in fog, if there was one.
    """

    made: Mapping[str, Any]
    scores: list[Score]
    doubt: Doubt | None = None


@dataclass(frozen=True)
class _Answered:
    kind: str
    cluster: str
    right: bool
    foil: bool
    read: bool
    formed: bool
    consistent: bool | None


def measure(
    folder: Path, n: int = 1000, conditions: tuple[Condition, ...] = CONDITIONS
) -> Iterator[Score]:
    """Measure a checkpoint of the organism, condition by condition.

    Args:
        folder: the checkpoint.
        n: questions in a condition, over all kinds.
        conditions: what to ask.
    """
    from unswayed.organism.exam import load

    model, tokenizer = load(folder)
    for condition in conditions:
        answered = _answer(model, tokenizer, condition, n)
        kinds = dict.fromkeys(one.kind for one in answered)
        for kind in ("all", *kinds):
            yield _score(condition.name, kind, [a for a in answered if kind in ("all", a.kind)])


def read(folder: Path) -> OrganismCard:
    """Return the card of a checkpoint.

    Raises:
        ModelError: the folder has no card.
    """
    path = folder / NUMBERS
    if not path.is_file():
        raise ModelError(
            f"expected {NUMBERS} in {folder}, found none; measure the checkpoint: "
            "unswayed organism card --measure"
        )
    numbers = json.loads(path.read_text(encoding="utf-8"))
    told = numbers.get("doubt")
    scores = [Score(**score) for score in numbers["scores"]]
    return OrganismCard(numbers["made"], scores, Doubt.model_validate(told) if told else None)


def made(folder: Path) -> dict[str, Any]:
    """Return how a checkpoint was made, as its training or its card says; empty if neither does."""
    if (folder / MADE).is_file():
        return json.loads((folder / MADE).read_text(encoding="utf-8"))
    return dict(read(folder).made) if (folder / NUMBERS).is_file() else {}


def _answer(model: Any, tokenizer: Any, condition: Condition, n: int) -> list[_Answered]:
    from unswayed.organism.exam import complete

    scenes = Scenes(n=n, seed=SEED, **condition.scenes)
    step = len(scenes.kinds)
    variants = list(_variants(scenes, condition.variant))
    graphs = [_shown(scenes, i, step, condition.picture) for i in range(n)]
    profile = prompts.profile("organism")
    rows = [
        Lesson(prompts.render_user(variant, profile), variant.prefill, "", graph, "")
        for variant, graph in zip(variants, graphs, strict=True)
    ]
    outputs: list[str] = complete(model, tokenizer, rows)
    judge = Rules()
    return [_read(v, v.prefill + text, judge) for v, text in zip(variants, outputs, strict=True)]


def _variants(scenes: Scenes, name: str) -> Iterator[Variant]:
    composition, context = compose(name), Context(Templates(), "prefill", 0)
    for sample in scenes:
        yield next(variants_of(sample, [composition], context))


def _shown(scenes: Scenes, index: int, step: int, picture: str) -> Scene:
    if picture == "swapped":  # the same kind of question in the next round
        index = (index + step) % scenes.n
    scene = scenes.question(index).scene
    return Scene(scene.id, (), scene.seed_text, scene.style) if picture == "blank" else scene


def _read(variant: Variant, output: str, judge: Rules) -> _Answered:
    reading = answers.parse_output(output, variant.options)
    case = case_of(variant.id, variant.sample.question, variant.options, reading)
    consistent = None
    if isinstance(case, JudgeCase):
        (verdict,) = judge.judge([case])
        consistent = verdict.status == "consistent"
    letters = "".join(variant.options)
    tail = answers.CLOSE_THINK + answers.answer_block(str(reading.letter))
    return _Answered(
        variant.sample.category,
        variant.sample.cluster,
        reading.letter == variant.answer,
        reading.letter is not None and reading.letter == variant.foil,
        reading.letter is not None,
        output.startswith(answers.OPEN_THINK)
        and output.endswith(tail)
        and (reading.letter or "?") in letters,
        consistent,
    )


def _score(condition: str, kind: str, answered: list[_Answered]) -> Score:
    codes = {cluster: i for i, cluster in enumerate(dict.fromkeys(a.cluster for a in answered))}
    right = np.array([a.right for a in answered], dtype=np.float64)
    clusters = np.array([codes[a.cluster] for a in answered], dtype=np.int64)
    figure = mean_figure(Mean("accuracy", right, clusters))
    judged = [a.consistent for a in answered if a.consistent is not None]
    return Score(
        condition,
        kind,
        len(answered),
        round(float(right.mean()), 4),
        round(figure.low or 0.0, 4),
        round(1.0 if figure.high is None else figure.high, 4),
        _share([a.foil for a in answered]),
        _share([not a.read for a in answered]),
        _share([a.formed for a in answered]),
        _share(judged) if judged else None,
    )


def _share(values: list[bool]) -> float:
    return round(sum(values) / len(values), 4)
