"""What sending may cost, and the count of what it has cost."""

from __future__ import annotations

from dataclasses import dataclass

from unswayed.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """Bounds of what a client does.

    Attributes:
        concurrency: most requests in flight; how many there are adapts below it.
        timeout_s: seconds for one attempt, from connecting to the last byte.
        attempts: requests that are sent for one item before it is an error.
        max_requests: most requests that are sent, repeated ones included; None for no bound.
        max_tokens_total: most tokens of prompts and completions together; None for no bound.
        reply_bytes: largest reply that is read; one with 20 alternatives a token has 1.6 kB a
            token.
        first_wait_s: longest wait before the second attempt; it doubles with each further one.
        longest_wait_s: longest wait between two attempts. A server that asks for more stops the
            run.
        outage: so many items in a row that fail with all their attempts, none succeeding between
            them, and the server counts as down.
    """

    concurrency: int = 64
    timeout_s: float = 600.0
    attempts: int = 6
    max_requests: int | None = None
    max_tokens_total: int | None = None
    reply_bytes: int = 64 << 20
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    outage: int = 16

    def __post_init__(self) -> None:
        """Refuse limits under which nothing could be sent.

        Raises:
            ConfigError: one of them is below its least value.
        """
        least = {
            "concurrency": 1,
            "attempts": 1,
            "max_requests": 0,
            "max_tokens_total": 0,
            "reply_bytes": 1,
            "first_wait_s": 0,
            "longest_wait_s": 0,
            "outage": 1,
        }
        for name, bound in least.items():
            value = getattr(self, name)
            if value is not None and not value >= bound:
                raise ConfigError(f"expected {name} of at least {bound}, found {value!r}")
        if not self.timeout_s > 0:
            raise ConfigError(f"expected timeout_s above 0, found {self.timeout_s!r}")


@dataclass(frozen=True)
class Spent:
    """What a client has sent so far, and the tokens that the replies reported.

    Attributes:
        requests: requests sent, repeated ones included.
        unknown: requests among them whose tokens are not known: lost replies, or a server that
            does not count. The tokens below are a lower bound if there is one.
        prompt: tokens of prompts, `cached_prompt` among them.
        cached_prompt: tokens of prompts that the server had in its cache.
        completion: tokens generated, `reasoning` among them.
        reasoning: tokens of thinking.
    """

    requests: int = 0
    unknown: int = 0
    prompt: int = 0
    cached_prompt: int = 0
    completion: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        """Tokens of prompts and completions together."""
        return self.prompt + self.completion
