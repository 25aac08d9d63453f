"""Thoughts that the organism wrote itself, as rows of which the answer alone is learnt.

A thought that training gives is always right, and the letter behind it certain. A thought that the
organism writes about a picture in fog is not: only behind its own thoughts can it learn how far to
trust them, so that the letter's probability is the share of the cases in which it is right.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from unswayed.answers import CLOSE_THINK, OPEN_ANSWER
from unswayed.organism.exam import complete
from unswayed.organism.lessons import Lesson, asked_row
from unswayed.organism.mixtures import Mixture

_ANSWER = CLOSE_THINK + OPEN_ANSWER
_SAMPLED = 0.5
"""Share of the thoughts that are sampled, as in reinforcement learning; the others are greedy."""
_LIMIT = 110
"""Most tokens of a thought and its answer."""


def rollouts(
    model: Any, tokenizer: Any, rng: random.Random, mixture: Mixture, count: int
) -> list[Lesson]:
    """Let the organism think about fresh questions, and return its thoughts with the right letter.

    Args:
        model: a `Qwen2_5_VLForConditionalGeneration`; it is left in evaluation mode.
        tokenizer: its tokenizer.
        rng: chooses the questions, and which thoughts are sampled.
        mixture: the texts around the questions.
        count: questions. Where its thought comes to no answer, the row is the one that is taught,
            so that a model that answers nothing yet learns to.
    """
    rows = [asked_row(rng, mixture) for _ in range(count)]
    sampled = round(count * _SAMPLED)
    texts = [
        *complete(model, tokenizer, rows[:sampled], _LIMIT, seed=rng.getrandbits(63)),
        *complete(model, tokenizer, rows[sampled:], _LIMIT),
    ]
    written = [
        _with_thought(row, text) if _ANSWER in text else row
        for row, text in zip(rows, texts, strict=True)
    ]
    rng.shuffle(written)
    return written


def _with_thought(row: Lesson, text: str) -> Lesson:
    """Return the row with a thought of the organism's own before its right letter."""
    thought, answer, _ = text.partition(_ANSWER)
    letter = row.target.rpartition(answer)[2]
    return replace(row, given=f"{row.given}{thought}{answer}", target=letter)
