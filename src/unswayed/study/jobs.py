"""The jobs of a study, in the order in which they are done.

    start                     the checkpoint that all start from, evaluated once for all
    train RECIPE seed-N       a training, which goes on from its own checkpoints
    evaluate RECIPE seed-N    every checkpoint of it; needs both of the others

Where a study is stopped early, what is done should be complete: the seeds of a recipe stand
together, because three of them are the least that a verdict is about, while one seed of every
recipe would be a result of nothing. The order of the recipes is the plan's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from unswayed.errors import ConfigError
from unswayed.study.plan import StudyPlan

JobKind = Literal["start", "train", "evaluate"]
START = "start"


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        kind: what is done.
        recipe: name of the recipe; empty of the start.
        seed: training seed; 0 of the start.
    """

    kind: JobKind
    recipe: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """Its name, which is that of its files too."""
        return START if self.kind == START else f"{self.kind}.{self.recipe}.seed-{self.seed}"

    def __str__(self) -> str:
        """Return it for people."""
        return START if self.kind == START else f"{self.kind} {self.recipe} seed {self.seed}"

    @property
    def needs(self) -> tuple[Job, ...]:
        """The jobs that have to be done before."""
        if self.kind != "evaluate":
            return ()
        return Job(START), Job("train", self.recipe, self.seed)


@dataclass(frozen=True)
class JobShare:
    """A part of a study's trainings, for one of several workers: those with number i, i + n, ….

    Attributes:
        index: i, from 0.
        of: n.
    """

    index: int
    of: int


def jobs_of(
    plan: StudyPlan,
    recipes: Collection[str] = (),
    seeds: Collection[int] = (),
    share: JobShare | None = None,
) -> list[Job]:
    """Return the jobs of a plan, in order.

    Args:
        plan: the plan.
        recipes: names of the recipes; empty for all.
        seeds: training seeds; empty for all.
        share: the part of the trainings that is wanted; None for all.

    Raises:
        ConfigError: nothing is left.
    """
    pairs = list(_wanted(plan, recipes, seeds))
    if share is not None:
        pairs = pairs[share.index :: share.of]
    if not pairs:
        raise ConfigError(
            "expected recipes and seeds of the plan, found none that is asked for; see: unswayed "
            "study list DIR"
        )
    trainings = [Job(kind, *pair) for pair in pairs for kind in ("train", "evaluate")]
    return [trainings[0], Job(START), *trainings[1:]]


def _wanted(
    plan: StudyPlan, recipes: Collection[str], seeds: Collection[int]
) -> Iterator[tuple[str, int]]:
    for recipe, seed in plan.pairs():
        if (not recipes or recipe in recipes) and (not seeds or seed in seeds):
            yield recipe, seed


def share_of(text: str) -> JobShare:
    """Read `2/8` as the third of eight parts: an array's task number counts from 0.

    Raises:
        ConfigError: it is no such part.
    """
    index, slash, of = text.partition("/")
    if not slash or not index.isdecimal() or not of.isdecimal() or int(index) >= int(of):
        raise ConfigError(
            f"expected --index i/n with i from 0 to n − 1, such as 0/4, found {text!r}"
        )
    return JobShare(int(index), int(of))


def numbers(texts: Sequence[str]) -> list[int]:
    """Read seeds, comma-separated or repeated.

    Raises:
        ConfigError: one is no whole number.
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ConfigError(f"expected --seeds as whole numbers such as 1,2,3; found {texts[0]!r}")
    return list(dict.fromkeys(int(part) for part in parts))
