"""One question to a server's other routes, asked again after what may pass."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unswayed.chat.faults import HttpFault, fault
from unswayed.chat.pace import wait_s
from unswayed.chat.server import Server, asks_to_wait, fatal
from unswayed.chat.wire import Answer, Lost
from unswayed.errors import ServerDown


async def ask(server: Server, url: str, body: Mapping[str, Any]) -> Answer:
    """Post a question and return the last answer; see `ChatClient.ask`."""
    data = json.dumps(body).encode()
    limits = server.limits
    for attempt in range(1, limits.attempts + 1):
        answer = await _attempt(server, url, data)
        if isinstance(answer, Answer):
            return answer
        if (answer.wait_s or 0) > limits.longest_wait_s:
            raise asks_to_wait(server, answer)
        if attempt == limits.attempts:
            raise ServerDown(
                f"{url}: no answer in {attempt} attempts, the last failed so: {answer.message}; "
                "see to the server and run the same command again"
            )
        first, longest = limits.first_wait_s, limits.longest_wait_s
        await asyncio.sleep(wait_s(attempt, first, longest, answer.wait_s, server.chance))
    raise AssertionError("attempts is at least 1")


async def _attempt(server: Server, url: str, data: bytes) -> Answer | HttpFault:
    """Ask once: an answer, or a fault after which it may be asked again."""
    await server.pace.enter()
    cuts = server.pace.cuts
    try:
        answer = await server.wire.post(data, url)
    finally:
        server.pace.leave()
    if isinstance(answer, Lost):
        if answer.slow:
            server.pace.busy(cuts)
        return HttpFault("again", answer.message)
    if answer.status == 200:
        server.pace.well()
        return answer
    met = fault(answer.status, answer.data, answer.retry_after, time.time())
    met = replace(met, message=server.wire.without_key(met.message))
    if met.kind == "busy":
        server.pace.busy(cuts)
    if met.kind in ("again", "busy"):
        return met
    if met.kind in ("key", "quota"):
        raise await fatal(server, met)
    return answer
