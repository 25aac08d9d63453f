"""Guards against a collapse onto short, templated thoughts.

Ours. Zhao et al. saw that the faithfulness reward together with augmentation can end in thoughts
that are short, alike and say nothing, which a judge calls consistent. Two penalties make that cost
something: on a thought with few different informative words, and on one that the other completions
of its prompt share. Only what the model wrote itself counts, not the prefill.

Both can be gamed (by filler, by idle variation), so they are small, off by default, and no measure
of quality; and a question that has one natural short thought loses by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pydantic import Field

from unswayed.config.section import Section
from unswayed.training.reward.completion import Completion, ngrams, words

_TRIGRAM = 3
_COMMON = """
a an the this that these those it its is are was were be been has have had do does did will would
can could should may might must and or but so if then than as of in on at to for from by with about
into there here i we you he she they let s see me my our us not no yes okay ok now first next
finally think answer option final correct question image picture shown
"""
"""Words that say nothing about a question by themselves."""


class Guards(Section):
    """Penalties against a collapse onto short, templated thoughts.

    Attributes:
        thin: what a thought with no informative word loses.
        least: different informative words from which nothing is lost; linear below.
        duplicate: what a thought loses that all other completions of its prompt share.
        overlap: Jaccard overlap of word trigrams from which two thoughts are the same.
    """

    thin: float = Field(default=0.2, ge=0)
    least: int = Field(default=5, ge=1)
    duplicate: float = Field(default=0.2, ge=0)
    overlap: float = Field(default=0.9, gt=0, le=1)


def informative(thought: str) -> set[str]:
    """Return the different words of a thought that say something: all but the common ones."""
    return {word for word in words(thought) if word not in _common()}


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.split())


def thin_penalty(completion: Completion, guards: Guards) -> float:
    """Return minus `thin` times the share that is missing to `least` informative words."""
    missing = max(0, guards.least - len(informative(completion.thought)))
    return -guards.thin * missing / guards.least


def duplicate_penalties(group: Sequence[Completion], guards: Guards) -> list[float]:
    """Return the penalty of each completion of one group.

    It is minus `duplicate` times the share of the other completions whose thought is the same: the
    Jaccard overlap of their sets of word trigrams is at least `overlap`, or, for thoughts of fewer
    than three words, they have the same words.
    """
    if len(group) < 2:
        return [0.0] * len(group)
    shingles = [_shingles(completion.thought) for completion in group]
    return [
        -guards.duplicate
        * sum(_overlap(mine, other) >= guards.overlap for j, other in enumerate(shingles) if j != i)
        / (len(group) - 1)
        for i, mine in enumerate(shingles)
    ]


def _shingles(thought: str) -> frozenset[tuple[str, ...]]:
    tokens = words(thought)
    return frozenset(ngrams(tokens, _TRIGRAM) or [tuple(tokens)])


def _overlap(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)
