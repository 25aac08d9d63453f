"""Sends many chat requests at once and gives one reply for each, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from unswayed.chat.endpoints import Endpoint
from unswayed.chat.limits import Limits, Spent
from unswayed.chat.records import ChatReply, ChatRequest

OnReply = Callable[[ChatReply], None]


class ChatClient:
    """A client of one endpoint. Safe to call from any thread, and where an event loop runs."""

    def __init__(
        self, endpoint: Endpoint, limits: Limits | None = None, cache: Path | None = None
    ) -> None:
        """Read the key from its environment variable; nothing is sent.

        Args:
            endpoint: the model and its server.
            limits: what sending may cost.
            cache: folder that keeps replies by what was asked; any number of clients and
                processes may share it.

        Raises:
            ConfigError: the variable of the key is not set.
            MissingExtra: aiohttp is not installed.
        """
        self.endpoint, self.limits = endpoint, limits or Limits()

    def send_all(
        self, requests: Sequence[ChatRequest], on_reply: OnReply | None = None
    ) -> list[ChatReply]:
        """Send requests and wait for the replies.

        Args:
            requests: what to send.
            on_reply: called with each reply as it comes, in any order and in another thread, for
                instance to show progress.

        Returns:
            One reply for each request, in their order. An item that fails is a reply with status
            `error`.

        Raises:
            ConfigError: the server does not take the key (401, 403).
            ModelError: the server does not know the model (404), or it takes no pictures.
            BudgetSpent: a limit on requests or tokens is reached; what was in flight was waited
                for, and is in the cache if there is one.
            ServerDown: nothing comes from the server any more.
        """
        raise NotImplementedError

    async def asend(
        self, requests: Sequence[ChatRequest], on_reply: OnReply | None = None
    ) -> list[ChatReply]:
        """Do as `send_all`, awaited in the caller's event loop."""
        raise NotImplementedError

    def check(self) -> None:
        """Ask the server for its models, to see that it is there and takes the key.

        Raises:
            ConfigError: it does not take the key.
            ModelError: it cannot be reached.
        """
        raise NotImplementedError

    def models(self) -> list[str]:
        """Return the names of the models that the server lists; empty if it lists none."""
        raise NotImplementedError

    @property
    def spent(self) -> Spent:
        """What was sent so far."""
        raise NotImplementedError

    def close(self) -> None:
        """Close connections and files; a second call does nothing."""

    def __enter__(self) -> ChatClient:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
