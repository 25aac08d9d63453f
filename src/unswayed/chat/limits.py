"""What sending may cost, and the count of what it has cost: the only home of their defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unswayed.config.validation import explain
from unswayed.errors import ConfigError
from unswayed.types import Usage


class Bounds(BaseModel):
    """What a user may bound of the requests to a server.

    Attributes:
        concurrency: most requests in flight; how many there are adapts below it.
        timeout_s: seconds for one attempt, from connecting to the last byte.
        attempts: requests that are sent for one item before it is an error.
        max_requests: most requests that one process sends, repeated ones included; None for no
            bound.
        max_tokens_total: most tokens of prompts and completions together, likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    concurrency: int = Field(default=64, ge=1)
    timeout_s: float = Field(default=600.0, gt=0)
    attempts: int = Field(default=6, ge=1)
    max_requests: int | None = Field(default=None, ge=0)
    max_tokens_total: int | None = Field(default=None, ge=0)

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Return the limits that a user asked for; None stands for the default.

        Raises:
            ConfigError: there is no such limit, or one is out of its range.
        """
        chosen = {name: value for name, value in values.items() if value is not None}
        try:
            return cls.model_validate(chosen)
        except ValidationError as error:
            raise ConfigError(explain(error, cls, "setting")) from error


class Limits(Bounds):
    """Everything that bounds a client.

    Attributes:
        reply_bytes: largest reply that is read; one with 20 alternatives a token has 1.6 kB a
            token.
        first_wait_s: longest wait before the second attempt; it doubles with each further one.
        longest_wait_s: longest wait between two attempts. A server that asks for more stops the
            run.
        outage: so many items in a row that fail with all their attempts, none succeeding between
            them, and the server counts as down.
    """

    reply_bytes: int = Field(default=64 << 20, ge=1)
    first_wait_s: float = Field(default=1.0, ge=0)
    longest_wait_s: float = Field(default=120.0, ge=0)
    outage: int = Field(default=16, ge=1)


@dataclass(frozen=True)
class Spent:
    """What was sent so far, and the tokens that the replies reported; usage can be added to it.

    Attributes:
        requests: requests sent, repeated ones included.
        unknown: additions whose tokens are not known: lost replies, or a server that does not
            count. The tokens below are a lower bound if there is one.
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

    def __add__(self, usage: Usage | None) -> Spent:
        """Return the sum with a usage, of which what is known counts; None if nothing is."""
        if usage is None:
            return replace(self, unknown=self.unknown + 1)
        return Spent(
            self.requests + usage.requests,
            self.unknown + (usage.total is None),
            self.prompt + (usage.prompt or 0),
            self.cached_prompt + (usage.cached_prompt or 0),
            self.completion + (usage.completion or 0),
            self.reasoning + (usage.reasoning or 0),
        )
