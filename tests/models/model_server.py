"""A small model behind the chat completions of vLLM, whose every probability is known.

It renders prompts by a template, writes them in tokens of its own, continues them by rules, and
keeps what it was sent. Flags make it the servers that go wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import threading
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

WORDS = (
    "<|im_start|>",
    "<|im_end|>",
    "<|image|>",
    "think",
    "answer",
    "</",
    ">A",
    ">B",
    " A",
    " B",
    "A.",
    "\n",
)
"""Tokens of more than one character; every other character is a token of its own. `>A` and `>B`
hold the bracket before the letter, as with real tokenizers, and there is no such token for C."""

SPLIT = {">A": 0.5, ">B": 0.2, ">": 0.2, " A": 0.04, "x": 0.06}
"""What comes after `<answer`."""
AFTER_BRACKET = {"C": 0.6, "A": 0.1, " A": 0.05, "A.": 0.05, "B": 0.1, "y": 0.1}
"""What comes after `<answer>`, where the bracket was a token of its own."""


@dataclass
class Flags:
    """How a server differs from one that does all that it should."""

    closes: bool = False  # the assistant's turn is closed and another one opened
    rewrites: bool = False  # the template takes thoughts out of the assistant's turn
    strips: bool = False  # … but only those of its own marks (Gemma 4)
    opens: bool = False  # the template opens a thought
    prepends: bool = False  # … and does so in front of a prefill too (SGLang)
    echo: bool = True  # tells the ids of the prompt
    tokenize: bool = True
    busy: int = 0  # so many requests for tokens are turned away first
    ids: bool = True  # knows logprob_token_ids
    images: bool = True
    key: str = ""
    reasoning: int | None = None  # tokens of hidden reasoning
    refuse: str = ""  # refuses prompts with this in the user's text
    long: str = ""  # says that prompts with this are too long
    plain: bool = False  # no token holds a bracket and a letter
    answer: bool = True  # gives an answer at all
    delay: float = 0.0  # seconds that a reply takes


@dataclass
class ModelServer:
    """The server, in a thread of its own."""

    flags: Flags = field(default_factory=Flags)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.runner: web.AppRunner | None = None
        port = self.loop.run_until_complete(self._start())
        self.url = f"http://127.0.0.1:{port}/v1"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.runner.cleanup(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(w for w in WORDS if not (self.flags.plain and w in (">A", ">B")))

    def tokens(self, text: str) -> list[int]:
        ids, at = [], 0
        while at < len(text):
            known = [word for word in self.words if text.startswith(word, at)]
            word = max(known, key=len, default=text[at])
            ids.append(WORDS.index(word) if word in WORDS else 1000 + ord(word))
            at += len(word)
        return ids

    @staticmethod
    def text(ids: list[int]) -> str:
        return "".join(chr(i - 1000) if i >= 1000 else WORDS[i] for i in ids)

    def rendered(self, body: dict[str, Any]) -> str:
        parts = []
        for message in body["messages"]:
            content = message["content"]
            if isinstance(content, list):
                content = "".join(p.get("text", "<|image|>") for p in content)
            if message["role"] == "assistant" and self.flags.rewrites:
                content = content.rpartition("</think>")[2].lstrip()
            if message["role"] == "assistant" and self.flags.strips:
                content = content.rpartition("<channel|>")[2].partition("<|channel>")[0]
            parts.append((message["role"], content))
        open_turn = body.get("continue_final_message") and not self.flags.closes
        last = parts.pop() if open_turn else None
        text = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in parts)
        thought = "<think>\n" if self.flags.opens else ""
        if last is None:
            return f"{text}<|im_start|>assistant\n{thought}"
        before = thought if self.flags.prepends else ""
        return f"{text}<|im_start|>assistant\n{before}{last[1]}"

    def continued(self, prompt: str, sample: int) -> str:
        """Return what is written behind a prompt."""
        said = prompt.rpartition("<|im_start|>assistant\n")[2]
        letter = "AB"[hashlib.sha256(prompt.encode()).digest()[0] % 2]
        if sample >= 0:
            letter = "AABC"[sample % 4]
        if not self.flags.answer:
            return "" if "<think>" in said else "<think>so</think>"
        answer = f"<answer>{letter}</answer>"
        if said.startswith("<think>") and "</think>" in said:
            return answer
        return (
            f"it is {letter}.</think>{answer}"
            if "<think>" in said
            else (f"<think>it is {letter}.</think>{answer}")
        )

    def chances(self, prompt: str) -> dict[str, float]:
        """Return what the next token is, by text."""
        if prompt.endswith("<answer>"):
            return AFTER_BRACKET
        if prompt.endswith("<answer"):
            return SPLIT
        return {"z": 0.9, "A": 0.1}

    async def _start(self) -> int:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_post("/detokenize", self._detokenize)
        self.runner = web.AppRunner(app, shutdown_timeout=0.0, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0, backlog=1024).start()
        return self.runner.addresses[0][1]

    async def _models(self, request: web.Request) -> web.Response:
        self._check_key(request)
        return web.json_response({"data": [{"id": "toy"}]})

    async def _tokenize(self, request: web.Request) -> web.Response:
        if not self.flags.tokenize:
            raise web.HTTPNotFound
        if self.flags.busy > 0:
            self.flags.busy -= 1
            raise web.HTTPServiceUnavailable
        return web.json_response({"tokens": self.tokens((await request.json())["prompt"])})

    async def _detokenize(self, request: web.Request) -> web.Response:
        if not self.flags.tokenize:
            raise web.HTTPNotFound
        return web.json_response({"prompt": self.text((await request.json())["tokens"])})

    def _check_key(self, request: web.Request) -> None:
        if self.flags.key and request.headers.get("Authorization") != f"Bearer {self.flags.key}":
            raise web.HTTPUnauthorized(text='{"error": {"message": "bad key"}}')

    async def _chat(self, request: web.Request) -> web.Response:
        self._check_key(request)
        body = await request.json()
        self.seen.append(body)
        await asyncio.sleep(self.flags.delay)
        prompt = self.rendered(body)
        problem = self._problem(body, prompt)
        if problem is not None:
            return problem
        limit = body.get("max_tokens") or body["max_completion_tokens"]
        if limit == 1:
            choices = [self._one_token(body, prompt)]
        else:
            warm = body.get("temperature", 1.0) > 0
            many = range(body.get("n", 1))
            choices = [self._output(body, prompt, k if warm else -1) for k in many]
        reply: dict[str, Any] = {"choices": choices, "usage": self._usage(prompt, choices)}
        if self.flags.echo and body.get("return_token_ids"):
            reply["prompt_token_ids"] = self.tokens(prompt)
        return web.json_response(reply)

    def _problem(self, body: dict[str, Any], prompt: str) -> web.Response | None:
        if body["model"] != "toy":
            message = f"The model `{body['model']}` does not exist."
            return _error(404, message, "NotFoundError")
        if not self.flags.images and "<|image|>" in prompt:
            return _error(400, "toy is not a multimodal model", "BadRequestError")
        if self.flags.refuse and self.flags.refuse in prompt:
            return _error(400, "filtered", "content_filter")
        if self.flags.long and self.flags.long in prompt:
            return _error(400, "This model's maximum context length is 10 tokens.", "bad")
        return None

    def _usage(self, prompt: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        written = sum(len(self.tokens(c["message"]["content"])) for c in choices)
        usage: dict[str, Any] = {"prompt_tokens": len(self.tokens(prompt))}
        if self.flags.reasoning is not None:
            usage["completion_tokens_details"] = {"reasoning_tokens": self.flags.reasoning}
            written += self.flags.reasoning
        return {**usage, "completion_tokens": written}

    def _output(self, body: dict[str, Any], prompt: str, sample: int) -> dict[str, Any]:
        text = self.continued(prompt, sample)
        made = {
            "index": max(sample, 0),
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": text},
        }
        if body.get("logprobs"):
            made["logprobs"] = {"content": self._written(body, prompt, text)}
        return made

    def _written(self, body: dict[str, Any], prompt: str, text: str) -> list[dict[str, Any]]:
        made, said = [], prompt
        for index in self.tokens(text):
            token = self.text([index])
            made.append(self._entry(body, said, token))
            said += token
        return made

    def _one_token(self, body: dict[str, Any], prompt: str) -> dict[str, Any]:
        chances = self.chances(prompt)
        token = max(chances, key=lambda text: chances[text])
        made: dict[str, Any] = {
            "index": 0,
            "finish_reason": "length",
            "message": {"role": "assistant", "content": token},
        }
        if body.get("logprobs"):
            made["logprobs"] = {"content": [self._entry(body, prompt, token)]}
        return made

    def _entry(self, body: dict[str, Any], prompt: str, token: str) -> dict[str, Any]:
        by_id = {self.tokens(text)[0]: p for text, p in self.chances(prompt).items()}
        as_ids = bool(body.get("return_tokens_as_token_ids"))
        asked = body.get("logprob_token_ids") if self.flags.ids else None
        if asked is None:
            ranked = sorted(by_id, key=lambda i: -by_id[i])
            asked = ranked[: body.get("top_logprobs") or 0]
        own = self.tokens(token)[0]
        return {
            **self._chance(own, by_id.get(own, 1e-4), as_ids),
            "top_logprobs": [self._chance(i, by_id.get(i, 0.0), as_ids) for i in asked],
        }

    def _chance(self, index: int, chance: float, as_id: bool) -> dict[str, Any]:
        token = f"token_id:{index}" if as_id else self.text([index])
        return {"token": token, "logprob": math.log(chance) if chance > 0 else -9999.0}


def _error(status: int, message: str, kind: str) -> web.Response:
    error = {"message": message, "type": kind, "code": kind}
    return web.json_response({"error": error}, status=status)
