"""What the generations of a run cost together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unswayed.types import Generation, Usage

_COUNTS = ("prompt", "cached_prompt", "completion", "reasoning")


@dataclass(frozen=True)
class Bill:
    """A run's requests and tokens.

    Attributes:
        usage: the sums of what the server counted; those found in a cache of replies as well.
        unknown: generations whose tokens the server did not count: the sums are lower bounds.
    """

    usage: Usage
    unknown: int

    def words(self, cost: str) -> str:
        """Return one line for people."""
        used = self.usage
        cached = f" ({used.cached_prompt:,} cached)" if used.cached_prompt else ""
        hidden = f" ({used.reasoning:,} of reasoning)" if used.reasoning else ""
        more = f"; {self.unknown:,} generations uncounted" if self.unknown else ""
        return (
            f"{used.requests:,} requests, {used.prompt:,} prompt tokens{cached}, "
            f"{used.completion:,} written{hidden}; cost {cost}{more}"
        )


def bill(generations: Iterable[Generation]) -> Bill:
    """Add up what generations cost."""
    sums = dict.fromkeys(_COUNTS, 0)
    requests = unknown = 0
    for one in generations:
        if one.usage is None:
            unknown += 1
            continue
        requests += one.usage.requests
        unknown += one.usage.prompt is None or one.usage.completion is None
        for name in _COUNTS:
            sums[name] += getattr(one.usage, name) or 0
    return Bill(Usage(requests=requests, **sums), unknown)
