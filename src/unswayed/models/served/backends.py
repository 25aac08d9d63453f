"""Models behind an OpenAI-compatible server: vLLM, SGLang, OpenAI, Gemini, or any other.

Open servers continue an open assistant's turn, which is proven at the start, and tell the letter
distribution exactly in a second request of one token. Closed ones take the injected thought in the
user's turn, and their letter distribution is the share of the letters among several samples.
"""

from __future__ import annotations

import asyncio
import operator
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial, reduce
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

from unswayed.answers import OPEN_THINK
from unswayed.chat import prices
from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Bounds, Limits, Spent
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.errors import ConfigError, DataError, ModelError
from unswayed.models import Decoding, Request, Serving
from unswayed.models.served.bodies import KEEP_SPECIAL, PLAIN, Body
from unswayed.models.served.choosing import offered, wanted
from unswayed.models.served.probe import ANSWER, prove, prove_marks
from unswayed.models.served.routes import Routes
from unswayed.models.served.sources import Connection, Letters, Output
from unswayed.models.served.turns import Turns
from unswayed.types import Generation, Usage

_ENGINES = frozenset({"vllm", "sglang"})
_LOGPROBS = {"token": "token-logprobs", "top": "top-logprobs", "none": None}


class Http:
    """A model on any OpenAI-compatible server.

    Attributes:
        name: the server's name of the model.
        profile: prompt profile used when the user names none.
        letter_calls: further requests, at most, for one generation.
        notes: what the user should know of the server, a sentence each, after `start`.
    """

    extras: ClassVar[tuple[str, ...]] = ("http",)
    preset: ClassVar[str] = "http"
    profile = "default"

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        key: str | None = None,
        samples: int = 0,
        effort: str | None = None,
        prefill: bool | None = None,
        images: bool | None = None,
        logprobs: str | None = None,
        top_logprobs: int | None = None,
        system_role: str | None = None,
        temperature: bool | None = None,
        max_tokens_field: str | None = None,
        seed: bool | None = None,
        thoughts: str | None = None,
    ) -> None:
        """Name a model; nothing is sent.

        Args:
            model: the server's name of the model.
            base_url: address up to and with the version; the preset's own if None.
            key: NAME of the environment variable with the key, never the key.
            samples: outputs from which the letter distribution is made, for servers that give no
                log-probabilities; at least 2, or 0 for none.
            effort: `reasoning_effort`, sent as it is.
            prefill: whether an assistant's turn can be left open. This and what follows says that
                this server differs from its preset.
            images: whether it takes pictures.
            logprobs: `token` (of ids that are asked for), `top` (of the likeliest) or `none`.
            top_logprobs: most alternatives a token.
            system_role: `system`, `developer`, or `user` for a server without instructions.
            temperature: whether it takes `temperature`.
            max_tokens_field: name of the field with the token limit.
            seed: whether it takes `seed`.
            thoughts: `text`, `summary` or `hidden`.

        Raises:
            ConfigError: an option has no such value.
        """
        if logprobs is not None and logprobs not in _LOGPROBS:
            raise ConfigError(f"expected logprobs of {', '.join(_LOGPROBS)}; found {logprobs!r}")
        if samples < 0 or samples == 1:
            raise ConfigError(f"expected samples of at least 2, or 0 for none; found {samples}")
        options = {
            "prefill": prefill,
            "images": images,
            "top_logprobs": top_logprobs,
            "system_role": system_role,
            "temperature": temperature,
            "max_tokens_field": max_tokens_field,
            "seed": seed,
            "thoughts": thoughts,
        }
        overrides: dict[str, Any] = {k: value for k, value in options.items() if value is not None}
        if logprobs is not None:
            overrides["letter_logprobs"] = _LOGPROBS[logprobs]
        self.endpoint = endpoint(self.preset, str(model), base_url, key, **overrides)
        self.name = str(model)
        self._samples, self._effort = samples, effort
        self._prices: prices.Prices = {}
        self._wanted = self._source = wanted(self.endpoint.capabilities, samples)
        self._turns = Turns(self.endpoint.capabilities, self._extra())
        self._connected: Connection | None = None
        self.notes: list[str] = []

    @property
    def letter_calls(self) -> int:
        """Further requests, at most, for the letter distribution of one generation."""
        return self._source.calls(self.endpoint.capabilities)

    def provenance(self) -> dict[str, Any]:
        """Say which model this is, what its server can do, and what was proven of it."""
        here = self.endpoint
        return {
            "backend": "http",
            "preset": here.preset,
            "base_url": here.base_url,
            "model": here.model,
            "capabilities": asdict(here.capabilities),
            "thoughts": here.capabilities.thoughts,
            "letters": self._source.name,
            "samples": self._samples,
            "effort": self._effort,
            "prefill": self._prefill_words(),
            "template_opens_thought": self._turns.proof.opens,
        }

    def supports_prefill(self) -> bool:
        """Say whether the assistant's turn can be left open."""
        return self.endpoint.capabilities.prefill

    def supports_images(self) -> bool:
        """Say whether pictures can be shown."""
        return self.endpoint.capabilities.images

    def start(self, serving: Serving) -> None:
        """Reach the server and prove what the run relies on.

        Raises:
            ConfigError: the key is not set or not taken, or the price file is none.
            ModelError: the server cannot be reached, does not know the model, takes no pictures
                though it should, or does not leave the assistant's turn open.
            MissingExtra: the extra `[http]` is not installed.
        """
        if serving.prices:
            self.load_prices(serving.prices)
        bounds = serving.model_dump(include=set(Bounds.model_fields))
        client = ChatClient(self.endpoint, Limits(**bounds), serving.cache)
        connection = Connection(client, self._turns, Routes(client))
        self._connected = connection
        client.check()
        if not self.supports_prefill():
            return
        reply = client.send_all([ChatRequest("probe", self._turns.probe(ANSWER))])[0]
        if reply.status != "ok":
            raise ModelError(f"{self._where} does not answer a request of one token: {reply.error}")
        proof = prove(connection.routes, self._turns.probe, self._where)
        self._turns = connection.turns = replace(self._turns, proof=proof)
        self._source = offered(self._wanted, connection)
        self.notes = list(self._remarks())

    def generate(self, requests: Sequence[Request], decoding: Decoding) -> list[Generation]:
        """Continue every request, in order; see `stream`."""
        return list(chain.from_iterable(self.stream(requests, decoding)))

    def stream(self, requests: Iterable[Request], decoding: Decoding) -> Iterator[list[Generation]]:
        """Continue every request, in order, many at once; yield those that are ready.

        The prompts are begun in their order, so that those that show the same picture meet the
        server's cache of prefixes while it is warm.

        Raises:
            ConfigError: a picture or a forced answer is asked for that the server cannot give.
            StageError: the budget is spent or the server is down; what was yielded is whole.
        """
        if decoding.force_answer and not self.supports_prefill():
            raise ConfigError(
                f"{self.name} takes no assistant prefill, so no answer can be forced; leave "
                "--force-answer out"
            )
        if self._connected is None:
            self.start(Serving())
        window = 2 * self._connection.client.limits.concurrency
        waiting, flow = self._proven(iter(requests)), deque[asyncio.Task[Generation]]()
        with asyncio.Runner() as runner:
            while generations := runner.run(self._ready(waiting, flow, decoding, window)):
                yield generations

    def _proven(self, requests: Iterator[Request]) -> Iterator[Request]:
        """Give the requests; before the first one, prove the marks of its family.

        Raises:
            ModelError: the server changes a thought between them.
        """
        first = next(requests, None)
        if first is None:
            return requests
        own = first.style.opens not in ("", OPEN_THINK)
        if own and self.supports_prefill() and self._turns.proof.proven:
            ask = partial(self._turns.probe, thinking=first.thinking)
            prove_marks(self._connection.routes, ask, first.style, self._where)
        return chain([first], requests)

    def load_prices(self, file: Path) -> None:
        """Read the file of prices.

        Raises:
            ConfigError: it cannot be read, or is none.
        """
        self._prices = prices.load(file)

    def most(self, prompts: int, prompt_tokens: int, new_tokens: int) -> Spent:
        """Return what a run can cost at most, by an estimate of its prompts.

        Args:
            prompts: number of prompts.
            prompt_tokens: their tokens together.
            new_tokens: limit of an output.
        """
        calls = self.letter_calls
        requests, shown = prompts * (1 + calls), prompt_tokens * (1 + calls)
        output_tokens = prompts * new_tokens
        if self._samples:
            return Spent(requests, prompt=shown, completion=output_tokens * (1 + self._samples))
        return Spent(
            requests,
            prompt=shown + output_tokens * calls,
            completion=output_tokens + prompts * calls,
        )

    def cost(self, spent: Spent) -> str:
        """Return what tokens cost by the price file, for people; `n/a` without a price."""
        return str(prices.cost(spent, self._prices.get(self.name)))

    def close(self) -> None:
        """Close the connections."""
        if self._connected is not None:
            self._connected.client.close()
            self._connected = None

    @property
    def _connection(self) -> Connection:
        assert self._connected is not None
        return self._connected

    @property
    def _where(self) -> str:
        return f"{self.name} at {self.endpoint.base_url}"

    def _prefill_words(self) -> str:
        if not self.supports_prefill():
            return "not offered"
        return (
            "proven"
            if self._turns.proof.proven
            else "not proven: the server shows no rendered prompt"
        )

    def _remarks(self) -> Iterator[str]:
        if not self._turns.proof.proven:
            yield (
                f"{self._where} shows no rendered prompt: that prefills are continued as they are "
                "is not proven"
            )
        if self._source.name != self._wanted.name:
            yield (
                f"{self._where} gives no {self._wanted.name}: letters are read as "
                f"{self._source.name}"
            )

    def _extra(self) -> Body:
        """Return the fields that every request bears."""
        plain: Body = {**KEEP_SPECIAL, **PLAIN} if self.preset in _ENGINES else {}
        return plain | ({"reasoning_effort": self._effort} if self._effort else {})

    async def _ready(
        self,
        waiting: Iterator[Request],
        flow: deque[asyncio.Task[Generation]],
        decoding: Decoding,
        window: int,
    ) -> list[Generation]:
        """Keep the window full; return the generations at its front, at least one unless all are.

        An error comes out only when everything before it was returned. What else is under way is
        waited for first: its replies are paid for, and a cache keeps them.
        """
        more = list(islice(waiting, window - len(flow)))
        for request in more:
            self._check(request)
        flow.extend(asyncio.create_task(self._one(request, decoding)) for request in more)
        generations: list[Generation] = []
        while flow and (flow[0].done() or not generations):
            try:
                generations.append(await flow[0])
            except Exception:  # an interrupt is none, and waits for nothing
                if generations:
                    return generations
                await asyncio.gather(*flow, return_exceptions=True)
                raise
            flow.popleft()
        return generations

    def _check(self, request: Request) -> None:
        """Refuse what the server cannot do, before anything is sent."""
        if request.images and not self.supports_images():
            raise ConfigError(
                f"{self.name} takes no pictures, and {request.sample_id} shows one; use another "
                "model, or images=true if the server does take them"
            )
        if request.prefill and not self.supports_prefill():
            raise ConfigError(
                f"{self.name} takes no assistant prefill, and {request.variant} of "
                f"{request.sample_id} has one; use --delivery user-turn"
            )

    async def _one(self, request: Request, decoding: Decoding) -> Generation:
        """Continue one prompt and read its letter distribution."""
        connection, source = self._connection, self._source
        try:
            requests = source.output(connection.turns, request, decoding)
        except DataError as error:
            return Generation(id=request.id, status="error", text="", error=str(error))
        replies = await connection.client.asend(requests)
        first = replies[0]
        choices = [
            choice for reply in replies for choice in reply.choices if choice.finish != "refused"
        ]
        thoughts = connection.turns.thoughts(first)
        if first.status != "ok" or not choices:
            return Generation(
                id=request.id,
                status="error" if first.status == "error" else "refused",
                text="",
                error=first.error or "every choice was refused",
                thoughts=thoughts,
                usage=_usage(replies),
            )
        texts = [connection.turns.text(request, choice) for choice in choices]
        letters = Letters()
        if request.options:
            letters = await source.read(connection, Output(request, decoding, choices[0], texts))
        return Generation(
            id=request.id,
            status="length" if choices[0].finish == "length" else "stop",
            text=texts[0],
            tokens=_tokens(first),
            letters=letters.distribution,
            error=letters.problem,
            thoughts=thoughts,
            usage=_usage([*replies, *letters.replies]),
        )


class Vllm(Http):
    """A model on a vLLM server."""

    preset = "vllm"


class SgLang(Http):
    """A model on an SGLang server."""

    preset = "sglang"


class OpenAI(Http):
    """A model of OpenAI's."""

    preset = "openai"


class Gemini(Http):
    """A model of Google's, through the OpenAI-compatible address."""

    preset = "gemini"


def _tokens(reply: ChatReply) -> int | None:
    """Return the tokens of an output; unknown where several were counted together."""
    return reply.usage.completion if len(reply.choices) == 1 else None


def _usage(replies: Sequence[ChatReply]) -> Usage:
    """Add up what replies cost; a count that one of them lacks is not known."""
    counted = [reply.usage for reply in replies if reply.status != "error"]
    whole = reduce(operator.add, counted) if counted else Usage()
    return whole.model_copy(update={"requests": len(replies)})
