"""One call of a client: every request gets one reply, or the call stops for a reason."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from unswayed.chat.budget import choices
from unswayed.chat.cache import key_of
from unswayed.chat.faults import BUSY, RETRIED, HttpFault, fault
from unswayed.chat.pace import wait_s
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.chat.replies import BrokenReply, ChatCompletion, parse_completion
from unswayed.chat.server import Server, asks_to_wait, fatal
from unswayed.chat.wire import Lost
from unswayed.errors import BudgetSpent, ServerDown
from unswayed.types import Usage

OnReply = Callable[[ChatReply], None]

_BROKEN_TRIES = 2
"""Attempts after which a broken reply is the item's error: each one is paid for."""


class Stopped(Exception):  # noqa: N818 - used inside of this module only
    """The call is stopping; the reason is kept by `Sending`."""


class Sending:
    """Sends the requests of one call."""

    def __init__(self, server: Server, on_reply: OnReply | None) -> None:
        """Begin with nothing sent."""
        self.server, self.on_reply = server, on_reply
        self.stop: BaseException | None = None
        self._stopping = asyncio.Event()

    async def run(self, requests: Sequence[ChatRequest]) -> list[ChatReply]:
        """Send all and return a reply for each, in order.

        Raises:
            UnswayedError: see `ChatClient.send_all`. What was in flight has been waited for.
        """
        replies: dict[int, ChatReply] = {}
        same: dict[str, list[int]] = {}
        tasks: set[asyncio.Task[None]] = set()
        try:
            for place, request in enumerate(requests):
                key = self._key(request)
                if key is not None and len(same.setdefault(key, [])) > 0:
                    same[key].append(place)
                    continue
                if key is not None:
                    same[key].append(place)
                known = self._known(request, key)
                if known is not None:
                    self._deliver(replies, place, known)
                    await asyncio.sleep(0)
                    continue
                await self.server.pace.enter()
                if self.stop is not None:
                    self.server.pace.leave()
                    break
                task = asyncio.create_task(self._one(replies, place, request, key))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _: self.server.pace.leave())
            await asyncio.gather(*tasks)
        finally:
            await _cancelled(tasks)
        if self.stop is not None:
            raise self.stop
        for places in same.values():
            for place in places[1:]:
                copy = replace(replies[places[0]], id=requests[place].id, attempts=0, cached=True)
                self._deliver(replies, place, copy)
        if self.stop is not None:
            raise self.stop
        return [replies[place] for place in range(len(requests))]

    def _key(self, request: ChatRequest) -> str | None:
        if self.server.cache is None:
            return None
        endpoint = self.server.endpoint
        return key_of(endpoint.base_url, endpoint.model, request.body, request.draw)

    def _known(self, request: ChatRequest, key: str | None) -> ChatReply | None:
        """Return the reply that the cache holds, parsed as strictly as if it had just come."""
        data = self.server.cache.get(key) if self.server.cache and key else None
        if data is None:
            return None
        try:
            reading = _reading(request, data)
        except BrokenReply:
            return None
        return replace(_reply(request, reading, 0), cached=True)

    async def _one(
        self, replies: dict[int, ChatReply], place: int, request: ChatRequest, key: str | None
    ) -> None:
        """Get the reply of one request, holding a slot all the while."""
        try:
            reply = await self._attempts(request, key)
            self._deliver(replies, place, reply)
        except Stopped:
            pass
        except Exception as error:  # a full disk, a callback that fails: the call's, not the item's
            self._halt(error)

    def _deliver(self, replies: dict[int, ChatReply], place: int, reply: ChatReply) -> None:
        replies[place] = reply
        if self.on_reply is not None:
            try:
                self.on_reply(reply)
            except Exception as error:
                self._halt(error)

    async def _attempts(self, request: ChatRequest, key: str | None) -> ChatReply:
        """Send a request until there is a reply or the attempts are used up."""
        limits, server = self.server.limits, self.server
        try:
            model = server.endpoint.model
            body = json.dumps({**request.body, "model": model}, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            return _error(request, f"the request cannot be written as JSON: {error}", 0)
        broken = 0
        for attempt in range(1, limits.attempts + 1):
            result = await self._attempt(request, body, key)
            if isinstance(result, ChatReply):
                return replace(result, attempts=attempt)
            broken += result.kind == "item"
            if broken >= _BROKEN_TRIES or attempt == limits.attempts:
                return self._given_up(request, result, attempt)
            wait = wait_s(
                attempt, limits.first_wait_s, limits.longest_wait_s, result.wait_s, server.chance
            )
            await self._sleep(wait)
        raise AssertionError("attempts is at least 1")

    async def _attempt(
        self, request: ChatRequest, body: bytes, key: str | None
    ) -> ChatReply | HttpFault:
        """Send a request once: a final reply, or a fault after which it may be sent again."""
        server = self.server
        need = await self._permission(request)
        cuts, usage = server.pace.cuts, None
        server.budget.begin(need)
        try:
            answer = await server.wire.post(body)
            if isinstance(answer, Lost):
                return self._lost(request, answer, cuts)
            server.failed = server.failed if answer.status in RETRIED else 0
            if answer.status != 200:
                if answer.status < 500 or answer.status in BUSY:
                    usage = Usage(prompt=0, completion=0)  # turned away: nothing is charged
                http_fault = fault(answer.status, answer.data, answer.retry_after, time.time())
                return await self._judged(request, http_fault, cuts)
            reading = _reading(request, answer.data)
            usage = reading.usage
        except BrokenReply as error:
            return HttpFault("item", f"broken reply: {server.wire.without_key(str(error))}")
        finally:
            server.budget.end(need, usage)
            server.changed.set()
        server.pace.well()
        if server.cache is not None and key is not None and reading.refusal is None:
            server.cache.put(key, answer.data)
        return _reply(request, reading, 1)

    async def _permission(self, request: ChatRequest) -> int:
        """Wait until the budget allows a request, and return the tokens to hold for it."""
        budget = self.server.budget
        while True:
            if self.stop is not None:
                raise Stopped
            need = budget.need(request.body)
            refusal = budget.refusal(need)
            if refusal is None:
                return need
            if budget.final():
                self._halt(
                    BudgetSpent(
                        f"{refusal}; run the same command with a higher limit, it goes on where "
                        "it stopped"
                    )
                )
                raise Stopped
            self.server.changed.clear()
            await self.server.changed.wait()

    def _lost(self, request: ChatRequest, lost: Lost, cuts: int) -> ChatReply | HttpFault:
        if lost.large:
            self.server.failed = 0
            return _error(request, lost.message, 1)
        if lost.slow:
            self.server.pace.busy(cuts)
        return HttpFault("again", lost.message)

    async def _judged(
        self, request: ChatRequest, http_fault: HttpFault, cuts: int
    ) -> ChatReply | HttpFault:
        """Return the reply that an HTTP error means; stop where every request would fail so."""
        server = self.server
        http_fault = replace(http_fault, message=server.wire.without_key(http_fault.message))
        if http_fault.kind == "item":
            return _error(request, http_fault.message, 1)
        if http_fault.kind == "refused":
            return ChatReply(request.id, "refused", error=http_fault.message, attempts=1)
        if http_fault.kind == "busy":
            server.pace.busy(cuts)
        if http_fault.kind in ("again", "busy"):
            if (http_fault.wait_s or 0) <= server.limits.longest_wait_s:
                return http_fault
            self._halt(asks_to_wait(server, http_fault))
        elif self.stop is None:
            self._halt(await fatal(server, http_fault))
        raise Stopped

    def _given_up(self, request: ChatRequest, http_fault: HttpFault, attempts: int) -> ChatReply:
        """Return the error of an item; too many in a row and the server counts as down."""
        server = self.server
        if http_fault.kind != "item":
            server.failed += 1
            if server.failed >= server.limits.outage:
                self._halt(
                    ServerDown(
                        f"{server.endpoint.base_url}: {server.failed} items in a row failed with "
                        f"all their attempts, the last so: {http_fault.message}; see to the server "
                        "and run the same command again, it goes on where it stopped"
                    )
                )
                raise Stopped
        tries = f" ({attempts} attempts)" if attempts > 1 else ""
        return _error(request, http_fault.message + tries, attempts)

    async def _sleep(self, delay: float) -> None:
        """Wait, but not if the call is stopping."""
        try:
            await asyncio.wait_for(self._stopping.wait(), delay)
        except TimeoutError:
            return
        raise Stopped

    def _halt(self, reason: BaseException) -> None:
        """Begin no further request; the first reason counts."""
        if self.stop is None:
            self.stop = reason
        self._stopping.set()
        self.server.changed.set()


def _reading(request: ChatRequest, data: bytes) -> ChatCompletion:
    return parse_completion(data, choices(request.body), bool(request.body.get("logprobs")))


def _reply(request: ChatRequest, reading: ChatCompletion, attempts: int) -> ChatReply:
    status = "ok" if reading.refusal is None else "refused"
    return ChatReply(request.id, status, reading.choices, reading.usage, reading.refusal, attempts)


def _error(request: ChatRequest, message: str, attempts: int) -> ChatReply:
    return ChatReply(request.id, "error", (), Usage(), message, attempts)


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel what is left, which happens only if the caller was interrupted."""
    left = [*tasks]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
