"""A reward term: a bonus for a short thought."""

from __future__ import annotations

from unswayed.training.reward import Completion


def brief(completion: Completion, *, most: int = 60) -> float:
    """Pays for a thought of few words: 1 for none, 0 from `most` words on."""
    return max(0.0, 1 - len(completion.thought.split()) / most)
