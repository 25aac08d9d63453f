"""Options for questions with free answers, built from the answers to the other questions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from unswayed import answers
from unswayed.benchmarks.parse.shuffling import draw_items, shuffled

_YES_NO = ("yes", "no")
_DISTRACTORS = 3
_ALIKE = (
    {"below", "beneath", "under", "underneath", "bottom", "down", "downward", "downwards", "lower"},
    {"above", "over", "top", "up", "upward", "upwards", "upper"},
    {"behind", "back", "backward", "backwards", "background"},
    {"front", "forward", "forwards", "foreground", "ahead"},
    {"middle", "center", "centre", "between"},
    {"inside", "in", "into"},
    {"beside", "next", "near", "side"},
    {"on", "top"},
    {"grey", "gray"},
    {"purple", "violet"},
)
"""Words of which one may be as right as the other."""


@dataclass(frozen=True)
class AnswerPool:
    """The answers of a data set, each once.

    Attributes:
        by_opening: first word of a question → answers to such questions; "" → all answers. Yes and
            no are in none: they are no answer to a question that asks for anything else.
    """

    by_opening: dict[str, list[str]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> AnswerPool:
        """Collect it from (question, answer)."""
        by_opening: dict[str, dict[str, str]] = {"": {}}
        for question, answer in pairs:
            folded = answers.normalise(answer)
            if folded and folded not in _YES_NO:
                for key in ("", _opening(question)):
                    by_opening.setdefault(key, {}).setdefault(folded, answer.strip())
        return cls({key: list(texts.values()) for key, texts in by_opening.items()})

    def options(
        self, question: str, answer: str, key: str, seed: int
    ) -> tuple[dict[str, str], str]:
        """Return options by letter, and the letter of the right one.

        Yes and no for such an answer; otherwise the answer with up to three others, from questions
        that begin with the same word if those give three. An answer that shares a word with the
        right one ("left" and "top left"), or says the same in another one ("below" and "bottom"),
        might be right as well and is never drawn.

        Args:
            question: the question.
            answer: the right answer.
            key: the sample's id.
            seed: seed of the draw and of the order.

        Raises:
            DataError: there is no other answer, or the answer is empty.
        """
        folded = answers.normalise(answer)
        if folded in _YES_NO:
            return shuffled(sorted(_YES_NO, key=lambda word: word != folded), 0, key, seed)
        alike, every = (
            [other for other in self.by_opening.get(start, []) if not _share(other, answer)]
            for start in (_opening(question), "")
        )
        pool = alike if len(alike) >= _DISTRACTORS else every
        return shuffled([answer, *draw_items(pool, _DISTRACTORS, key, seed)], 0, key, seed)


def _opening(question: str) -> str:
    return answers.normalise(question).partition(" ")[0]


def _share(one: str, other: str) -> bool:
    mine, theirs = _words(one), _words(other)
    return bool(mine & theirs) or any(mine & alike and theirs & alike for alike in _ALIKE)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
