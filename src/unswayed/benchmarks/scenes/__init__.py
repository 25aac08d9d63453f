"""Scenes: procedural pictures of coloured shapes with questions whose answers are known.

Nothing is downloaded and nothing is stored: a seed and an index give the scene, its picture, its
question and its gold answer, on every machine the same. The organism
(`unswayed.organism`) is trained on the `train` split of these scenes; seeds never cross splits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TypeVar, get_args

from unswayed.benchmarks.scenes.picture import png
from unswayed.benchmarks.scenes.question import (
    KINDS,
    UNSEEN_KINDS,
    QuestionKind,
    SceneQuestion,
    ask,
    family_of,
)
from unswayed.benchmarks.scenes.scene import (
    Fog,
    Level,
    ObjectPairs,
    Scene,
    Split,
    Style,
    compose,
)
from unswayed.benchmarks.scenes.wording import claim
from unswayed.errors import ConfigError
from unswayed.types import LETTERS, ImageRef, Sample

T = TypeVar("T")

__all__ = ["KINDS", "UNSEEN_KINDS", "Scene", "SceneQuestion", "Scenes"]


class Scenes:
    """Multiple-choice questions about procedural scenes.

    Questions come in rounds: one of each kind. In a round, kinds that are asked about the same
    family of scenes share one scene, and so one cluster.
    """

    LICENCE = "Apache-2.0"  # drawn by this package

    def __init__(
        self,
        n: int = 200,
        seed: int = 0,
        *,
        kinds: str | None = None,
        level: str = "easy",
        style: str = "plain",
        pairs: str = "train",
        split: str = "test",
        fog: str | float = 0.0,
        name: str = "scenes",
    ) -> None:
        """Choose the scenes.

        Args:
            n: number of questions, at least 1.
            seed: other seeds give other scenes.
            kinds: kinds of question joined by `+`, or `seen`, `unseen`, `all`; seen by default:
                relation, count, existence, size, occlusion. Unseen: color, place.
            level: `easy` (objects and options differ in colour) or `hard` (they share colours
                or shapes).
            style: `plain`, or `shaded`: textured ground, turned shapes, no outlines, other sizes.
            pairs: colour-shape pairs: `train`, `held-out` (the questions are about pairs that
                training never shows) or `all`.
            split: `test`, or `train` for scenes of the training domain.
            fog: how far everything has faded into grey, in [0, 1); or `mixed`: one of four
                scenes is clear, the others lie in fog from 0.2 to 0.95. It is the sample's
                `difficulty`.
            name: of the benchmark; another one for each of several in an evaluation. It is shown
                and stored, and changes no scene.

        Raises:
            ConfigError: an option has no such value.
        """
        if n < 1:
            raise ConfigError(f"expected n of at least 1, found {n}")
        self.n, self.seed, self.name = n, seed, name
        self.kinds = _kinds(kinds)
        self.level: Level = _one_of("level", level, get_args(Level))
        self.style: Style = _one_of("style", style, get_args(Style))
        self.pairs: ObjectPairs = _one_of("pairs", pairs, get_args(ObjectPairs))
        self.split: Split = _one_of("split", split, get_args(Split))
        self.fog: Fog = _fog(fog)

    def __len__(self) -> int:
        """Return the number of questions."""
        return self.n

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples in order."""
        return (self[index] for index in range(self.n))

    def __getitem__(self, index: int) -> Sample:
        """Return one sample without making the others.

        Raises:
            IndexError: the index is not in 0 … n-1.
        """
        question = self.question(index)
        return Sample(
            id=f"{self.name}/{self._domain}-{index}",
            benchmark=self.name,
            images=(ImageRef(data=png(question.scene)),),
            question=question.text,
            options=dict(zip(LETTERS, question.options, strict=False)),
            answer=question.letter,
            cluster=f"scenes/{question.scene.id}",  # pictures are the same under any name
            category=question.kind,
            difficulty=question.scene.fog,
            statements={
                letter: claim(question, option).rstrip(".")
                for option, letter in enumerate(LETTERS[: len(question.options)])
            },
        )

    def question(self, index: int) -> SceneQuestion:
        """Return one question with its scene graph.

        Raises:
            IndexError: the index is not in 0 … n-1.
        """
        if not 0 <= index < self.n:
            raise IndexError(f"expected an index in 0 … {self.n - 1}, found {index}")
        kind = self.kinds[index % len(self.kinds)]
        family = family_of(kind)
        name = f"{self._domain}-{family}-{index // len(self.kinds)}"
        scene = compose(name, family, self.level, self.style, self.pairs, self.fog)
        return ask(random.Random(f"{name}/{kind}"), scene, kind, self.level, self.pairs)

    @property
    def _domain(self) -> str:
        """What all scenes with these settings share; it begins with the split and the seed."""
        settings = (self.level, self.style, self.pairs)
        usual = ("easy", "plain", "train")
        other = [a for a, b in zip(settings, usual, strict=True) if a != b]
        other += [f"fog-{self.fog}"] if self.fog else []
        return "-".join([*([] if self.split == "test" else [self.split]), str(self.seed), *other])


def _kinds(text: str | None) -> tuple[QuestionKind, ...]:
    named: dict[str, tuple[QuestionKind, ...]] = {
        "seen": KINDS,
        "unseen": UNSEEN_KINDS,
        "all": KINDS + UNSEEN_KINDS,
    }
    if text is None or text in named:
        return named[text or "seen"]
    known: dict[str, QuestionKind] = {str(kind): kind for kind in KINDS + UNSEEN_KINDS}
    wanted = text.split("+")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(
            f"expected kinds of {', '.join(known)} joined by '+', or seen, unseen, all; "
            f"found {unknown[0]!r}"
        )
    return tuple(known[name] for name in dict.fromkeys(wanted))


def _fog(value: str | float) -> Fog:
    if value == "mixed":
        return "mixed"
    if isinstance(value, str) or not 0 <= value < 1:
        raise ConfigError(f"expected fog to be mixed, or a number in [0, 1); found {value!r}")
    return float(value)


def _one_of(option: str, value: str, known: tuple[T, ...]) -> T:
    for one in known:
        if one == value:
            return one
    raise ConfigError(
        f"expected {option} to be one of {', '.join(map(str, known))}; found {value!r}"
    )
