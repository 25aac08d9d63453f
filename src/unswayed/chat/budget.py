"""The count of what was sent, and the decision whether another request may be.

A request is begun only if what was spent, what requests in flight can still take and what it can
take itself stay within the limits. What a request can take is its own token limit and a prompt as
long as the longest so far; the prompts of the first requests are not known beforehand, so the
total may be exceeded by theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unswayed.chat.limits import Limits, Spent
from unswayed.types import Usage


class Budget:
    """Counts requests and tokens of one client."""

    def __init__(self, limits: Limits) -> None:
        """Begin at nothing spent."""
        self.limits = limits
        self.spent: Spent = Spent()
        self.in_flight = 0
        self._held = 0
        self._longest_prompt = 0
        self._longest_completion = 0

    def need(self, body: Mapping[str, Any]) -> int:
        """Return the tokens that a request can take, as far as that is known."""
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        each = limit if isinstance(limit, int) else self._longest_completion
        return self._longest_prompt + each * choices(body)

    def refusal(self, need: int) -> str | None:
        """Say why a request may not be begun now; None if it may."""
        bound, spent = self.limits, self.spent
        if bound.max_requests is not None and spent.requests >= bound.max_requests:
            return f"{spent.requests} of at most {bound.max_requests} requests were sent"
        if bound.max_tokens_total is None:
            return None
        if spent.total + self._held + need <= bound.max_tokens_total:
            return None
        return (
            f"{spent.total} of at most {bound.max_tokens_total} tokens are spent, and the next "
            f"request can take {need}"
        )

    def final(self) -> bool:
        """Say whether a refusal stays one, whatever the requests in flight come to."""
        bound = self.limits.max_requests
        return self.in_flight == 0 or (bound is not None and self.spent.requests >= bound)

    def begin(self, need: int) -> None:
        """Count a request that is sent now."""
        self.in_flight += 1
        self._held += need
        self.spent = replace(self.spent, requests=self.spent.requests + 1)

    def end(self, need: int, usage: Usage | None) -> None:
        """Count the cost of a request; `usage` is None if nothing is known of its tokens."""
        self.in_flight -= 1
        self._held -= need
        if usage is not None:
            self._longest_prompt = max(self._longest_prompt, usage.prompt or 0)
            self._longest_completion = max(self._longest_completion, usage.completion or 0)
        # the request itself was counted when it began
        self.spent = replace(self.spent + usage, requests=self.spent.requests)


def choices(body: Mapping[str, Any]) -> int:
    """Return the number of choices that a body asks for."""
    n = body.get("n")
    return n if isinstance(n, int) and n > 0 else 1
