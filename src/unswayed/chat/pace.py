"""How long to wait before another attempt, and how many requests to have in flight."""

from __future__ import annotations

import asyncio
import random
from collections import deque

_START = 32
_CUT = 0.7


def wait_s(
    attempt: int, first: float, longest: float, asked: float | None, chance: random.Random
) -> float:
    """Return the seconds to wait after a failed attempt.

    Exponential with full jitter (Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog,
    2015), so that clients that failed together do not come back together. What the server asks
    for is a lower bound, and the jitter goes on top.

    Args:
        attempt: number of the attempt that failed, from 1.
        first: most seconds after the first attempt.
        longest: most seconds ever, unless the server asks for more.
        asked: seconds that the server asks for.
        chance: source of the jitter.
    """
    jitter = chance.uniform(0.0, min(longest, first * 2.0 ** min(attempt - 1, 60)))
    return jitter if asked is None else asked + min(jitter, first)


class Pace:
    """Slots for requests in flight: additive increase, multiplicative decrease.

    The number of slots grows by one a success until the server first says that it is busy, by one
    a round from then on, and is cut to 0.7 of itself each time it says so again (Chiu and Jain,
    *Analysis of the increase and decrease algorithms for congestion avoidance*, 1989). Requests
    that were in flight at a cut do not cut once more.
    """

    def __init__(self, bound: int) -> None:
        """Begin with `bound` slots, at most 32."""
        self.bound = bound
        self.slots = float(min(bound, _START))
        self.taken = 0
        self.cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a slot; waits for one."""
        while self.taken >= int(self.slots):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()  # a turn that was already given goes to the next
                raise
        self.taken += 1

    def leave(self) -> None:
        """Give a slot back."""
        self.taken -= 1
        self._wake()

    def well(self) -> None:
        """Take note of a success."""
        self.slots = min(self.bound, self.slots + (1 / self.slots if self.cuts else 1))
        self._wake()

    def busy(self, cuts: int) -> None:
        """Take note that the server is busy.

        Args:
            cuts: `self.cuts` when the request was begun.
        """
        if cuts == self.cuts:
            self.slots = max(1.0, self.slots * _CUT)
            self.cuts += 1

    def _wake(self) -> None:
        free = int(self.slots) - self.taken
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
