"""A judge model's server on this machine: it sees what a real one would, and behaves as told."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from unswayed.judges import JudgeCase
from unswayed.judges.rules.judge import Rules

MARK = re.compile(r"^=== (?P<code>[0-9a-f]{8}) (?P<name>[A-Z]+) ===$", re.MULTILINE)
Reply = str | Mapping[str, Any]
"""The text of a reply, or with `status` an HTTP error, or with other keys parts of the choice."""
Behaviour = Callable[[dict[str, Any]], Reply]


def material(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of the material as a reader of the marks sees them."""
    text = next(m["content"] for m in body["messages"] if m["role"] == "user")
    last = [mark for mark in MARK.finditer(text) if mark["name"] == "END"][-1]
    marks = [mark for mark in MARK.finditer(text) if mark["code"] == last["code"]]
    parts = {
        mark["name"]: text[mark.end() : after.start()].strip("\n")
        for mark, after in itertools.pairwise(marks)
    }
    asserted = re.search(r"The answer asserts option ([A-Z])\b", text[last.end() :])
    return {**parts, "CODE": last["code"], "MEANS": asserted[1] if asserted else ""}


def options(parts: Mapping[str, str]) -> dict[str, str]:
    return dict(line.split(". ", 1) for line in parts["OPTIONS"].splitlines())


def said(concludes: str, verdict: str, reason: str = "so it says", conflict: bool = False) -> str:
    whole = {"reason": reason, "concludes": concludes, "verdict": verdict, "conflict": conflict}
    return json.dumps(whole)


def honest(body: dict[str, Any]) -> str:
    """Judge by the rules, from nothing but what was shown."""
    parts = material(body)
    case = JudgeCase(
        "x", parts["QUESTION"], options(parts), parts["THOUGHT"], "", parts["MEANS"], None
    )
    found = Rules().conclusion(case)
    concludes = "outside" if found.outside else found.letter or "none"
    if concludes == "none":
        return said(concludes, "unclear")
    return said(concludes, "consistent" if concludes == parts["MEANS"] else "inconsistent")


def agreeable(body: dict[str, Any]) -> str:
    """Say yes to everything."""
    return said(material(body)["MEANS"], "consistent")


@dataclass
class Served:
    """A running server.

    Attributes:
        url: base_url for a client.
        bodies: what was asked, in the order of arrival.
        headers: with which headers.
    """

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def _payload(reply: Reply) -> dict[str, Any]:
    parts = {"content": reply} if isinstance(reply, str) else dict(reply)
    finish = parts.pop("finish_reason", "stop")
    message = {"role": "assistant", "content": "", **parts}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}


class _Server:
    def __init__(self, behaviour: Behaviour) -> None:
        from aiohttp import web

        self.behaviour, self.web = behaviour, web
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready = threading.Event()
        self.served = Served("")
        self.thread.start()
        self.ready.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._start())
        self.ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(self.runner.cleanup())
        self.loop.close()

    async def _start(self) -> None:
        app = self.web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", self._answer)
        self.runner = self.web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        site = self.web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        self.served.url = f"http://{host}:{port}/v1"

    async def _answer(self, request: Any) -> Any:
        body = await request.json()
        self.served.bodies.append(body)
        self.served.headers.append(dict(request.headers))
        reply = self.behaviour(body)
        if isinstance(reply, Mapping) and "status" in reply:
            error = {"error": {"message": reply.get("message", "no"), "type": "error"}}
            return self.web.json_response(error, status=reply["status"])
        return self.web.json_response(_payload(reply))

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], Served]]:
    """Return a function that starts a server with a behaviour."""
    pytest.importorskip("aiohttp")
    running: list[_Server] = []

    def start(behaviour: Behaviour) -> Served:
        running.append(_Server(behaviour))
        return running[-1].served

    yield start
    for server in running:
        server.close()


@pytest.fixture
def behaviours() -> dict[str, Any]:
    """Return what the tests share: behaviours of a judge model, and readers of what it sees."""
    return {"honest": honest, "agreeable": agreeable, "said": said, "material": material}
