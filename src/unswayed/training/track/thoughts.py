"""The thoughts of an evaluation: what the model wrote itself, as words and as a template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unswayed.answers import TAG
from unswayed.run.folder import RunFolder
from unswayed.training.reward.completion import read_completion, words
from unswayed.types import Generation, Variant

SLOT = "_"
"""Stands in a template for what differs between questions that are answered alike."""
_NUMBER = re.compile(r"\d+")
_ENDED = ("stop", "length")


@dataclass(frozen=True)
class Thought:
    """One thought, without what a prefill had put there.

    Attributes:
        benchmark: the benchmark.
        variant: name of the variant.
        sample: id of the sample.
        words: number of words.
        template: the words, with a slot for each option's text, its letter, and each number.
        tokens: tokens of the whole completion; None where they were not counted.
    """

    benchmark: str
    variant: str
    sample: str
    words: int
    template: tuple[str, ...]
    tokens: int | None


def thoughts_of(run: RunFolder) -> list[Thought]:
    """Return the thoughts of a run, in its order; prompts that failed or were refused have none.

    An output without a thought has one of no words: a model that stopped thinking shows.
    """
    return [
        thought_of(variant, generation)
        for variant, generation, _ in run.joined()
        if generation.status in _ENDED and generation.thoughts == "text"
    ]


def thought_of(variant: Variant, generation: Generation) -> Thought:
    """Return the thought of one output; one that was cut off counts as far as it goes."""
    completion = read_completion(variant, generation.text)
    own = completion.thought
    if generation.status == "length" and not TAG.search(completion.output):
        own = completion.output  # the chat template opened a thought, and the limit cut it off
    return Thought(
        benchmark=variant.sample.benchmark,
        variant=variant.name,
        sample=variant.sample.id,
        words=len(words(own)),
        template=tuple(words(masked(own, variant))),
        tokens=generation.tokens,
    )


def masked(thought: str, variant: Variant) -> str:
    """Return a thought with a slot for each option's text, capital option letter and number.

    "The answer is the chair (B)." and "The answer is the lamp (C)." are one template.
    """
    texts = sorted((text for text in variant.options.values() if text), key=len, reverse=True)
    if texts:
        thought = re.sub(_any(texts), SLOT, thought, flags=re.IGNORECASE)
        thought = re.sub(_any(list(variant.options)), SLOT, thought)
    return _NUMBER.sub(SLOT, thought)


def _any(texts: Sequence[str]) -> str:
    return rf"(?<!\w)(?:{'|'.join(re.escape(text) for text in texts)})(?!\w)"
