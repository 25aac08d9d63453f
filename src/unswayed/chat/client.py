"""Sends many chat requests at once and gives one reply for each, in order.

The client has an event loop of its own in a thread of its own, so that it can be called from
anywhere: a script, several threads, a notebook or a server whose loop is running already.
Connections, pace, budget and cache are shared by all its calls.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from unswayed.chat.asking import ask
from unswayed.chat.budget import Budget
from unswayed.chat.cache import Cache
from unswayed.chat.endpoints import Endpoint
from unswayed.chat.faults import fault
from unswayed.chat.limits import Limits, Spent
from unswayed.chat.pace import Pace
from unswayed.chat.prices import Cost, Prices, cost
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.chat.sending import OnReply, Sending
from unswayed.chat.server import Server, fatal, listed
from unswayed.chat.wire import Answer, Lost, Wire, secret_of
from unswayed.errors import ModelError, StageError

T = TypeVar("T")


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="unswayed-chat", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Do some last work and end the thread."""
        asyncio.run_coroutine_threadsafe(self._end(last), self._loop)
        if threading.current_thread() is not self._thread:  # the collector runs in any thread
            self._thread.join()

    async def _end(self, last: Coroutine[Any, Any, None]) -> None:
        try:
            await last
            await self._loop.shutdown_default_executor()
        finally:
            self._loop.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


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
            RunError: the cache cannot be used.
        """
        self.endpoint, self.limits = endpoint, limits or Limits()
        wire = Wire(
            endpoint,
            secret_of(endpoint.key_variable, os.environ),
            self.limits.timeout_s,
            self.limits.reply_bytes,
        )
        self._server = Server(
            endpoint,
            self.limits,
            wire,
            Pace(self.limits.concurrency),
            Budget(self.limits),
            Cache(cache) if cache is not None else None,
        )
        self._loop = Loop()
        self._pid = os.getpid()
        self._closing = weakref.finalize(self, _close, self._loop, self._server, self._pid)

    def send_all(
        self, requests: Sequence[ChatRequest], on_reply: OnReply | None = None
    ) -> list[ChatReply]:
        """Send requests and wait for the replies.

        Args:
            requests: what to send.
            on_reply: called with each reply as it comes, in any order and in another thread, for
                instance to show progress. What it raises stops the call.

        Returns:
            One reply for each request, in their order. An item that fails is a reply with status
            `error`.

        Raises:
            ConfigError: the server does not take the key (401, 403), or the address is none of
                chat completions.
            ModelError: the server does not know the model (404), or it takes no pictures.
            BudgetSpent: a limit on requests or tokens is reached; what was in flight was waited
                for, and is in the cache if there is one.
            ServerDown: nothing comes from the server any more, or it asks to wait for long.
            StageError: the cache cannot be written.
        """
        return self._wait(Sending(self._server, on_reply).run(requests))

    async def asend(
        self, requests: Sequence[ChatRequest], on_reply: OnReply | None = None
    ) -> list[ChatReply]:
        """Do as `send_all`, awaited in the caller's event loop."""
        return await asyncio.wrap_future(self._begin(Sending(self._server, on_reply).run(requests)))

    def ask(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Ask another route of the server, such as its `/tokenize`, and wait for the answer.

        It is asked again after what may pass, as long as a chat request would be. It counts
        towards no limit.

        Returns:
            The last answer, of any HTTP status after which asking again would not help.

        Raises:
            ConfigError: the server does not take the key.
            ServerDown: it gives nothing, or asks to wait for long.
        """
        return self._wait(ask(self._server, url, body))

    def check(self) -> None:
        """Ask the server for its models, to see that it is there and takes the key.

        Raises:
            ConfigError: it does not take the key.
            ModelError: it cannot be reached.
        """
        self._wait(_checked(self._server))

    def models(self) -> list[str]:
        """Return the names of the models that the server lists; empty if it lists none."""
        return self._wait(listed(self._server.wire))

    @property
    def spent(self) -> Spent:
        """What was sent so far."""
        return self._server.budget.spent

    def cost(self, prices: Prices) -> Cost:
        """Return what was spent so far in money, as far as the price of the model is known."""
        return cost(self.spent, prices.get(self.endpoint.model))

    def close(self) -> None:
        """Close connections and files; a second call does nothing."""
        self._closing()

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

    def _begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if not self._closing.alive or os.getpid() != self._pid:
            work.close()
            raise StageError(
                "this chat client is closed, or was made in the parent of this process; make one "
                "where it is used"
            )
        return self._loop.begin(work)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future = self._begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # an interrupt: what is in flight is let go
            raise


async def _checked(server: Server) -> None:
    answer = await server.wire.models()
    if isinstance(answer, Lost):
        raise ModelError(
            f"cannot reach {server.endpoint.base_url} ({answer.message}); start the server, or "
            "correct base_url"
        )
    if answer.status != 200:
        http_fault = fault(answer.status, answer.data, answer.retry_after, 0.0)
        if http_fault.kind == "key":
            raise await fatal(server, http_fault)


def _close(loop: Loop, server: Server, pid: int) -> None:
    """Close what a client holds; runs at the latest when the interpreter ends."""
    if os.getpid() == pid:  # a forked child has neither the thread nor the right to the file
        loop.close(_drained(server))


async def _drained(server: Server) -> None:
    """Let go of everything that is under way, and close connections and files."""
    ending = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not ending]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    try:
        await server.wire.close()
    finally:
        if server.cache is not None:
            server.cache.close()
