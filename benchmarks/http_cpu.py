"""What does a request cost the client's processor, with 20 alternatives for each of 100 tokens?

Run `python benchmarks/http_cpu.py [--requests N] [--rounds N]`. One server in a process of its own
gives the same reply to all; several clients ask by turns, so that a busy machine is as unfair to
each of them, and each is charged with the processor time (user + system, all threads) of this
process:

    aiohttp + json       a pooled session and json.loads: what any client must pay
    unswayed             ChatClient: strict reading, retries, pace, budget
    unswayed, cache      the same, and each reply is written into the cache
    openai SDK           AsyncOpenAI, if installed
    inspect-ai           Model.generate, if installed

and, without the alternatives for each token,

    unswayed, text only        the same text without log-probabilities
    unswayed, two-stage        text only, then one token with 20 alternatives: two requests a sample
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import web

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.records import ChatRequest

TOKENS, TOP, AT_ONCE = 100, 20, 16
MESSAGES = [{"role": "user", "content": "Which one is red? " * 20}]
WITH = {"messages": MESSAGES, "logprobs": True, "top_logprobs": TOP, "max_tokens": TOKENS}
WITHOUT = {"messages": MESSAGES, "max_tokens": TOKENS}
ONE = {**WITH, "max_tokens": 1}


@dataclass
class Way:
    """One client, and the milliseconds of processor time a sample took it, one figure a round."""

    name: str
    ask: Callable[[int], Any]
    share: float = 1.0
    requests: int = 1
    took: list[float] = field(default_factory=list[float])

    def run(self, samples: int) -> None:
        """Ask for some samples; the first round is not counted by the caller."""
        count = max(4, round(samples * self.share))
        start = time.process_time()
        self.ask(count)
        self.took.append((time.process_time() - start) / count * 1000)


def main() -> None:
    """Measure and print."""
    options = _options()
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(there,), daemon=True)
    server.start()
    url, size = here.recv()
    with TemporaryDirectory(prefix="unswayed-cpu-") as folder:
        ways = _ways(url, Path(folder))
        for way in ways:  # once unmeasured: the first call pays for imports and connections
            way.run(4)
            way.took.clear()
        for _ in range(options.rounds):
            for way in ways:
                way.run(options.requests)
    server.terminate()
    server.join()
    print(
        f"{TOKENS} tokens with {TOP} alternatives each: a reply of {size / 1000:.0f} kB;", end=" "
    )
    print(f"{AT_ONCE} requests at once, median of {options.rounds} rounds")
    print(f"aiohttp {aiohttp.__version__}, openai {_version('openai')}", end=", ")
    print(f"inspect-ai {_version('inspect-ai')}")
    _table(ways)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=300, help="a round; fewer for the slow")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _ways(url: str, folder: Path) -> list[Way]:
    found = [
        Way("aiohttp + json", lambda n: asyncio.run(_raw(url, n))),
        Way("unswayed", lambda n: _ours(url, n, [WITH])),
        Way("unswayed, cache", lambda n: _ours(url, n, [WITH], folder / str(time.monotonic_ns()))),
    ]
    if _version("openai") != "not installed":
        found.append(Way("openai SDK", lambda n: asyncio.run(_sdk(url, n)), 0.3))
    if _version("inspect-ai") != "not installed":
        os.environ["INSPECT_DISABLE_MODEL_API_CHECK"] = "1"
        found.append(Way("inspect-ai", lambda n: asyncio.run(_inspect(url, n)), 0.1))
    return [
        *found,
        Way("unswayed, text only", lambda n: _ours(url, n, [WITHOUT])),
        Way("unswayed, two-stage", lambda n: _ours(url, n, [WITHOUT, ONE]), requests=2),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _table(ways: Sequence[Way]) -> None:
    print(f"{'':22}{'ms of CPU a sample':>20}{'from':>9}{'to':>9}{'ratio':>8}{'requests':>10}")
    base = statistics.median(ways[0].took)
    for way in ways:
        middle = statistics.median(way.took)
        spread = f"{min(way.took):9.2f}{max(way.took):9.2f}"
        print(f"{way.name:22}{middle:20.2f}{spread}{middle / base:8.2f}{way.requests:10}")


async def _gathered(count: int, ask: Callable[[], Awaitable[Any]]) -> None:
    """Ask `count` times, `AT_ONCE` at a time."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _raw(url: str, count: int) -> None:
    async with aiohttp.ClientSession() as session:

        async def ask() -> None:
            async with session.post(
                f"{url}/chat/completions", json={**WITH, "model": "m"}
            ) as response:
                reply = json.loads(await response.read())
                assert len(reply["choices"][0]["logprobs"]["content"]) == TOKENS

        await _gathered(count, ask)


def _ours(
    url: str, count: int, bodies: Sequence[dict[str, Any]], cache: Path | None = None
) -> None:
    with ChatClient(endpoint("vllm", "m", url), Limits(concurrency=AT_ONCE), cache) as client:
        for body in bodies:
            requests = [ChatRequest(str(k), body, draw=k) for k in range(count)]
            replies = client.send_all(requests)
            assert all(reply.status == "ok" for reply in replies)
            assert (replies[0].choices[0].logprobs is not None) == ("logprobs" in body)


async def _sdk(url: str, count: int) -> None:
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

        async def ask() -> None:
            reply = await client.chat.completions.create(model="m", **WITH)
            assert len(reply.choices[0].logprobs.content) == TOKENS

        await _gathered(count, ask)


async def _inspect(url: str, count: int) -> None:
    from inspect_ai.model import GenerateConfig, get_model

    logging.disable(logging.WARNING)
    config = GenerateConfig(
        logprobs=True, top_logprobs=TOP, max_tokens=TOKENS, max_connections=AT_ONCE, max_retries=0
    )
    model = get_model(
        "openai/gpt-4o", base_url=url, api_key="none", config=config, responses_api=False
    )
    async with model:

        async def ask() -> None:
            output = await model.generate(MESSAGES[0]["content"])
            assert len(output.choices[0].logprobs.content) == TOKENS

        await _gathered(count, ask)


def _serve(pipe: Connection) -> None:
    """Serve until killed: the reply that the request asks for, ready made."""
    ready = {
        (tokens, logprobs): json.dumps(_reply(tokens, logprobs)).encode()
        for tokens in (1, TOKENS)
        for logprobs in (False, True)
    }

    async def chat(request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        tokens = min(asked.get("max_tokens") or TOKENS, TOKENS)
        body = ready[tokens, bool(asked.get("logprobs"))]
        return web.Response(body=body, content_type="application/json")

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", chat)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        pipe.send((f"http://127.0.0.1:{port}/v1", len(ready[TOKENS, True])))
        await asyncio.Event().wait()

    asyncio.run(run())


def _reply(tokens: int, logprobs: bool) -> dict[str, Any]:
    """Return a reply as servers give it, `:` and other awkward tokens among the alternatives."""
    awkward = [":", '"', "\\", "\n", " é", "<", "�"]

    def entry(place: int, rank: int) -> dict[str, Any]:
        token = awkward[place % 7] if rank == 7 else f" word{(place * 31 + rank * 17) % 997}"
        logprob = -0.013717 - rank * 0.731529 - place * 1e-4
        return {"token": token, "logprob": logprob, "bytes": [*token.encode()]}

    content = [
        {**entry(place, 0), "top_logprobs": [entry(place, rank) for rank in range(TOP)]}
        for place in range(tokens)
    ]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "".join(each["token"] for each in content)},
        "logprobs": {"content": content} if logprobs else None,
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 50, "completion_tokens": tokens, "total_tokens": 50 + tokens}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


if __name__ == "__main__":
    main()
