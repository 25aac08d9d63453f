"""Where a completion ends, whoever sampled it: nothing behind `</answer>` is trained on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from unswayed.answers import CLOSE_ANSWER

STOP_STRING = CLOSE_ANSWER
"""Where a completion ends: nothing behind it is trained on or rewarded."""


def end_of(tokens: Sequence[int], decode: Callable[[list[int]], str]) -> int:
    """Return how many tokens there are up to and with the stop string; all without one."""
    if STOP_STRING not in decode(list(tokens)):
        return len(tokens)
    return bisect_left(
        range(len(tokens)), True, key=lambda n: STOP_STRING in decode(list(tokens[:n]))
    )
