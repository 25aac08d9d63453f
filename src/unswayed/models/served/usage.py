"""What the generations of a run cost together."""

from __future__ import annotations

from collections.abc import Iterable

from unswayed.chat.limits import Spent
from unswayed.types import Generation


def bill(generations: Iterable[Generation]) -> Spent:
    """Add up what generations cost; those found in a cache of replies count as well.

    Returns:
        The sums of what the server counted; `unknown` is the number of generations that it did
        not count, for which the sums are lower bounds.
    """
    spent = Spent()
    for generation in generations:
        spent += generation.usage
    return spent


def words(spent: Spent, cost: str) -> str:
    """Return a bill in one line for people."""
    cached = f" ({spent.cached_prompt:,} cached)" if spent.cached_prompt else ""
    hidden = f" ({spent.reasoning:,} of reasoning)" if spent.reasoning else ""
    more = f"; {spent.unknown:,} generations uncounted" if spent.unknown else ""
    return (
        f"{spent.requests:,} requests, {spent.prompt:,} prompt tokens{cached}, "
        f"{spent.completion:,} written{hidden}; cost {cost}{more}"
    )
