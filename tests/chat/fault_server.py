"""A chat server on this machine that fails as servers do, and keeps a record of what it sent.

As a script it serves until it is killed: `python tests/chat/fault_server.py --rate 0.2` prints its
address. The item is the last word of the last message; which of its attempts meets which fault
follows from the seed. Every fault that carries a text carries `POISON`: seen anywhere in an answer,
it gives a client away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

POISON = "POISON"
FAULTS = (
    "429",
    "500",
    "503",
    "hang",
    "reset",
    "truncated",
    "schema",
    "empty",
    "nan",
    "duplicate",
    "large",
)
TURNED_AWAY = ("429", "503")
LARGE = 10 << 20

Handler = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def completion(text: str, tokens: int = 0, **more: Any) -> dict[str, Any]:
    """Return a chat completion, with `tokens` tokens that have 20 alternatives each."""
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
        **more,
    }
    if tokens:
        choice["logprobs"] = {"content": [_token(place) for place in range(tokens)]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def _token(place: int) -> dict[str, Any]:
    names = [f" w{place + k}" for k in range(19)] + [":"]
    top = [
        {"token": name, "logprob": -0.25 - k / 7, "bytes": [*name.encode()]}
        for k, name in enumerate(names)
    ]
    return {**top[0], "top_logprobs": top}


class Served:
    """A chat server in a thread of its own, on a port of its own.

    Attributes:
        url: base URL.
        seen: bodies of the chat requests, in the order they came.
        headers: their headers.
    """

    def __init__(self, handler: Handler, models: tuple[str, ...] = ("m",)) -> None:
        self.handler, self.models = handler, models
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.loop = asyncio.new_event_loop()
        self.runner: web.AppRunner | None = None
        port = self.loop.run_until_complete(self._start())
        self.url = f"http://127.0.0.1:{port}/v1"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _start(self, port: int = 0) -> int:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        self.runner = web.AppRunner(
            app, shutdown_timeout=0.0, access_log=None, handler_cancellation=True
        )
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", port, backlog=1024)
        await site.start()
        return self.runner.addresses[0][1]

    async def _stop(self) -> None:
        stopping = asyncio.current_task()
        for task in asyncio.all_tasks() - {stopping}:  # handlers that hang
            task.cancel()
        await self.runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.seen.append(body)
        self.headers.append(dict(request.headers))
        return await self.handler(request, body)

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": n} for n in self.models]})


class Faults:
    """Answers `answer ITEM`, or fails; `log` says what each attempt of an item met."""

    def __init__(
        self, rate: float, seed: int = 0, faults: tuple[str, ...] = FAULTS, hang_s: float = 3600
    ) -> None:
        self.rate, self.seed, self.faults, self.hang_s = rate, seed, faults, hang_s
        self.log: dict[str, list[str]] = defaultdict(list)

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        item = body["messages"][-1]["content"].split()[-1]
        chance = random.Random(f"{self.seed} {item} {len(self.log[item])}")
        met = chance.choice(self.faults) if chance.random() < self.rate else "ok"
        self.log[item].append(met)
        tokens = 3 if body.get("logprobs") else 0
        if met == "ok":
            return web.json_response(completion(f"answer {item}", tokens))
        return await self._fail(request, met, completion(f"{POISON} {item}", max(tokens, 1)))

    async def _fail(
        self, request: web.Request, met: str, reply: dict[str, Any]
    ) -> web.StreamResponse:
        whole = json.dumps(reply)
        if met == "hang":
            await asyncio.sleep(self.hang_s)
        if met == "large":
            return await _large(request)
        if met == "reset":
            return await _reset(request, whole.encode())
        if met in ("429", "500", "503"):
            headers = {"Retry-After": "0.01"} if met == "429" else {}
            return web.Response(status=int(met), text=whole, headers=headers)
        if met == "schema":
            whole = json.dumps({**reply, "choices": [{"text": POISON, "index": 0}]})
        if met == "empty":
            whole = json.dumps({**reply, "choices": []})
        if met == "nan":
            whole = whole.replace("-0.25", "NaN", 1)
        if met == "duplicate":
            whole = whole.replace('"content": "', f'"content": "{POISON} A", "content": "', 1)
        if met == "truncated":
            whole = whole[: len(whole) // 2]
        return web.Response(text=whole, content_type="application/json")


async def _reset(request: web.Request, whole: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(whole))})
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def _large(request: web.Request) -> web.StreamResponse:
    """Send a well-formed reply of 10 MB, in pieces whose number is not announced."""
    start, end = json.dumps(completion("@")).encode().split(b"@")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(start)
    piece = (POISON + " ").encode() * 9000
    try:
        for _ in range(LARGE // len(piece) + 1):
            await response.write(piece)
        await response.write(end)
    except ConnectionError:
        pass
    return response


def main() -> None:
    """Serve until killed; the address goes to stdout, the log to `GET /log`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults = Faults(options.rate, options.seed)
    served = Served(faults)
    print(served.url, flush=True)
    served.thread.join()


if __name__ == "__main__":
    main()
