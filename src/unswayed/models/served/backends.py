"""Models behind an OpenAI-compatible server: vLLM, SGLang, OpenAI, Gemini, or any other.

Open servers continue an open assistant's turn, which is proven at the start, and tell the letter
distribution exactly in a second request of one token. Closed ones take the injected thought in the
user's turn, and their letter distribution is the share of the letters among several samples.
"""

from __future__ import annotations

import asyncio
import operator
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property, reduce
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from unswayed import answers
from unswayed.chat import prices
from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Bounds, Limits, Spent
from unswayed.chat.records import ChatReply, ChatRequest, Continuation
from unswayed.chat.wire import secret_of
from unswayed.errors import ConfigError, ModelError
from unswayed.models import Decoding, Request, Serving
from unswayed.models.served import letters as lettering
from unswayed.models.served.bodies import CONTINUE, KEEP_SPECIAL, PLAIN, Body, body
from unswayed.models.served.letters import Spelling
from unswayed.models.served.probe import ANSWER, QUESTION, Proof, picture, prove
from unswayed.models.served.routes import NoRoute, Routes
from unswayed.types import Generation, LetterDistribution, Thoughts, Usage

_ENGINES = frozenset({"vllm", "sglang"})
_LOGPROBS = {"token": "token-logprobs", "top": "top-logprobs", "none": None}
_TOKEN_ID = "token_id:"

Reading = Literal["token-logprobs", "top-logprobs", "inline", "samples", "none"]
"""How letters are read: exactly, or from the most probable tokens, in a request of their own; from
the most probable tokens of the answer itself; from samples; or not at all."""


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
        given = {
            "prefill": prefill,
            "images": images,
            "top_logprobs": top_logprobs,
            "system_role": system_role,
            "temperature": temperature,
            "max_tokens_field": max_tokens_field,
            "seed": seed,
            "thoughts": thoughts,
        }
        overrides: dict[str, Any] = {k: value for k, value in given.items() if value is not None}
        if logprobs is not None:
            overrides["letter_logprobs"] = _LOGPROBS[logprobs]
        self.endpoint = endpoint(self.preset, str(model), base_url, key, **overrides)
        self.name = str(model)
        self._samples, self._effort = samples, effort
        self._proof = Proof(proven=False)
        self._client: ChatClient | None = None
        self._prices: prices.Prices = {}
        self._reading: Reading = self._wanted()
        self.notes: list[str] = []
        self._lock = threading.Lock()
        self._spellings: dict[tuple[str, tuple[str, ...]], Spelling | None] = {}

    @property
    def letter_calls(self) -> int:
        """Further requests, at most, for the letter distribution of one generation."""
        if self._reading in ("token-logprobs", "top-logprobs"):
            return 2
        if self._reading != "samples":
            return 0
        capabilities = self.endpoint.capabilities
        if not capabilities.samples:
            return self._samples
        return int(capabilities.temperature)

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
            "letters": self._reading,
            "samples": self._samples,
            "effort": self._effort,
            "prefill": self._prefill_words(),
            "template_opens_thought": self._proof.opens,
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
        self._client = ChatClient(self.endpoint, Limits(**bounds), serving.cache)
        self._client.check()
        if not self.supports_prefill():
            return
        reply = self._client.send_all([ChatRequest("probe", self._probe(ANSWER))])[0]
        if reply.status != "ok":
            raise ModelError(f"{self._where} does not answer a request of one token: {reply.error}")
        self._proof = prove(self._routes, self._probe, self._where)
        self._reading = self._offered()
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
        if self._client is None:
            self.start(Serving())
        window = 2 * self._chat.limits.concurrency
        waiting, flow = iter(requests), deque[asyncio.Task[Generation]]()
        with asyncio.Runner() as runner:
            while made := runner.run(self._ready(waiting, flow, decoding, window)):
                yield made

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
        written = prompts * new_tokens
        if self._samples:
            return Spent(requests, prompt=shown, completion=written * (1 + self._samples))
        return Spent(requests, prompt=shown + written * calls, completion=written + prompts * calls)

    def cost(self, spent: Spent) -> str:
        """Return what tokens cost by the price file, for people; `n/a` without a price."""
        return str(prices.cost(spent, self._prices.get(self.name)))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _chat(self) -> ChatClient:
        assert self._client is not None
        return self._client

    @property
    def _where(self) -> str:
        return f"{self.name} at {self.endpoint.base_url}"

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self.endpoint, secret_of(self.endpoint.key_variable, os.environ))

    def _prefill_words(self) -> str:
        if not self.supports_prefill():
            return "not offered"
        return "proven" if self._proof.proven else "not proven: the server shows no rendered prompt"

    def _remarks(self) -> Iterator[str]:
        if not self._proof.proven:
            yield (
                f"{self._where} shows no rendered prompt: that prefills are continued as they are "
                "is not proven"
            )
        if self._reading != self._wanted():
            yield f"{self._where} gives no {self._wanted()}: letters are read as {self._reading}"

    def _wanted(self) -> Reading:
        """Return how letters are to be read, as far as the capabilities say."""
        capabilities = self.endpoint.capabilities
        if self._samples:
            return "samples"
        if capabilities.letter_logprobs is None:
            return "none"
        return capabilities.letter_logprobs if capabilities.prefill else "inline"

    def _offered(self) -> Reading:
        """Return how letters can be read, as the server shows it."""
        wanted = self._wanted()
        if wanted not in ("token-logprobs", "top-logprobs"):
            return wanted
        can_top = self.endpoint.capabilities.top_logprobs > 0
        try:
            spelt = self._spelling(answers.OPEN_ANSWER, ("A", "B"))
        except NoRoute:
            return "inline" if can_top else "none"
        if wanted == "token-logprobs" and spelt and self._gives_ids(spelt):
            return wanted
        return "top-logprobs" if can_top else "none"

    def _gives_ids(self, spelt: Spelling) -> bool:
        """Say whether the server tells the log-probabilities of ids; older ones pass them over."""
        asked = spelt.asked()
        one = {**self._probe(ANSWER[: len(ANSWER) - spelt.cut]), **_ids_field(asked)}
        reply = self._chat.send_all([ChatRequest("probe-ids", one)])[0]
        return reply.status == "ok" and set(asked) <= set(_by_id(reply.choices[0]))

    def _probe(self, prefill: str) -> Body:
        """Return the body of a request of one token, with a picture where there may be one."""
        capabilities = self.endpoint.capabilities
        shown = {"type": "image_url", "image_url": {"url": picture()}}
        text = {"type": "text", "text": QUESTION}
        messages: list[Body] = [
            {"role": "user", "content": [shown, text] if capabilities.images else QUESTION}
        ]
        made: Body = {"messages": messages, capabilities.max_tokens_field: 1, **self._extra}
        if capabilities.temperature:
            made["temperature"] = 0.0
        if prefill:
            messages.append({"role": "assistant", "content": prefill})
            made |= CONTINUE
        return made

    @cached_property
    def _extra(self) -> Body:
        made: Body = {**KEEP_SPECIAL, **PLAIN} if self.preset in _ENGINES else {}
        return made | ({"reasoning_effort": self._effort} if self._effort else {})

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
        made: list[Generation] = []
        while flow and (flow[0].done() or not made):
            try:
                made.append(await flow[0])
            except Exception:  # an interrupt is none, and waits for nothing
                if made:
                    return made
                await asyncio.gather(*flow, return_exceptions=True)
                raise
            flow.popleft()
        return made

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
        try:
            asked = self._asked(request, decoding)
        except OSError as error:
            message = f"cannot read a picture: {error}"
            return Generation(id=request.id, status="error", text="", error=message)
        replies = await self._chat.asend(asked)
        first = replies[0]
        usage = _usage(replies)
        choices = [
            choice for reply in replies for choice in reply.choices if choice.finish != "refused"
        ]
        thoughts = self._thoughts(first)
        if first.status != "ok" or not choices:
            return Generation(
                id=request.id,
                status="error" if first.status == "error" else "refused",
                text="",
                error=first.error or "every choice was refused",
                thoughts=thoughts,
                usage=usage,
            )
        texts = [self._text(request, choice) for choice in choices]
        letters, more, problem = await self._letters(request, decoding, choices[0], texts)
        return Generation(
            id=request.id,
            status="length" if choices[0].finish == "length" else "stop",
            text=texts[0],
            tokens=_tokens(first),
            letters=letters,
            error=problem,
            thoughts=thoughts,
            usage=_usage([*replies, *more]),
        )

    def _asked(self, request: Request, decoding: Decoding) -> list[ChatRequest]:
        """Return the requests for an output: one, or as many as there are samples of it."""
        capabilities = self.endpoint.capabilities
        extra = dict(self._extra)
        if self._reading == "inline":
            extra |= {"logprobs": True, "top_logprobs": capabilities.top_logprobs}
        sampled = self._reading == "samples" and not self._is_greedy(decoding)
        if sampled and capabilities.samples:
            extra["n"] = self._samples
        asked = self._body(request, decoding, request.prefill, extra)
        draws = self._samples if sampled and not capabilities.samples else 1
        return [ChatRequest(request.id, _drawn(asked, k), k) for k in range(draws)]

    def _is_greedy(self, decoding: Decoding) -> bool:
        """Say whether outputs are greedy, so that samples of the letters need their own."""
        return self.endpoint.capabilities.temperature and decoding.temperature == 0

    def _body(self, request: Request, decoding: Decoding, prefill: str, extra: Body) -> Body:
        if self._proof.doubles:
            prefill = prefill.removeprefix(answers.OPEN_THINK)
        return body(request, self.endpoint.capabilities, decoding, prefill=prefill, extra=extra)

    def _text(self, request: Request, choice: Continuation) -> str:
        """Return the continuation; thinking that the server keeps apart goes between its tags."""
        thinking = request.prefill.rpartition(answers.CLOSE_THINK)[2].startswith(answers.OPEN_THINK)
        if choice.reasoning:
            head = "" if thinking else answers.OPEN_THINK
            ended = "" if choice.finish == "length" and not choice.text else answers.CLOSE_THINK
            return f"{head}{choice.reasoning}{ended}{choice.text}"
        head = answers.OPEN_THINK if self._proof.opens and not request.prefill else ""
        return head + choice.text

    def _thoughts(self, reply: ChatReply) -> Thoughts:
        """Say what is known of the reasoning behind a reply."""
        declared = self.endpoint.capabilities.thoughts
        if declared != "hidden":
            return declared
        if reply.usage.reasoning == 0:
            return "text"  # the server counts it, and there was none
        return "summary" if any(choice.reasoning for choice in reply.choices) else "hidden"

    async def _letters(
        self, request: Request, decoding: Decoding, choice: Continuation, texts: Sequence[str]
    ) -> tuple[LetterDistribution | None, list[ChatReply], str | None]:
        """Return the distribution, the replies it took, and why it could not be had."""
        if not request.options or self._reading == "none":
            return None, [], None
        if self._reading == "samples":
            return await self._sampled(request, decoding, texts)
        output = request.prefill + texts[0]
        reading = answers.parse_output(output, request.options)
        if self._reading == "inline":
            found = _inline(
                request, choice, output, reading, self.endpoint.capabilities.top_logprobs
            )
            return found, [], None
        if reading.answer_at is not None:
            if reading.answer_at < len(request.prefill):
                return None, [], None
            return await self._read(request, output[: reading.answer_at], forced=False)
        if not decoding.force_answer:
            return None, [], None
        opening = answers.forced_opening(reading.think, reading.problem)
        return await self._read(request, output + opening, forced=True)

    async def _sampled(
        self, request: Request, decoding: Decoding, texts: Sequence[str]
    ) -> tuple[LetterDistribution | None, list[ChatReply], str | None]:
        """Return the shares among samples; a greedy output is none of them."""
        outputs, replies = [request.prefill + text for text in texts], list[ChatReply]()
        if self._is_greedy(decoding):
            capabilities = self.endpoint.capabilities
            sampling = replace(decoding, temperature=1.0, top_p=1.0)
            n = {"n": self._samples} if capabilities.samples else {}
            asked = self._body(request, sampling, request.prefill, {**self._extra, **n})
            draws = 1 if capabilities.samples else self._samples
            replies = await self._chat.asend(
                [ChatRequest(f"{request.id}#{k}", _drawn(asked, k), k) for k in range(draws)]
            )
            choices = [choice for reply in replies for choice in reply.choices]
            outputs = [
                request.prefill + self._text(request, choice)
                for choice in choices
                if choice.finish != "refused"
            ]
        problem = next((reply.error for reply in replies if reply.status == "error"), None)
        found = lettering.from_samples(request.options, outputs)
        return found, replies, f"letter distribution: {problem}" if problem else None

    async def _read(
        self, request: Request, before: str, *, forced: bool
    ) -> tuple[LetterDistribution | None, list[ChatReply], str | None]:
        """Ask for the letters behind `before`, in one request, or in two where they are split."""
        key = lettering.tail_of(before), tuple(request.options)
        try:
            known = key in self._spellings
            spelt = self._spellings[key] if known else await asyncio.to_thread(self._spelling, *key)
        except NoRoute as error:
            return None, [], f"letter distribution: {error}"
        if spelt is None:
            return None, [], "letter distribution: the tokenizer writes the letters in no known way"
        start = before[: len(before) - spelt.cut]
        if self._reading == "top-logprobs":
            most = self.endpoint.capabilities.top_logprobs
            reply = await self._one_token(request, start, {"top_logprobs": most})
            if reply.status != "ok":
                return None, [reply], _lost(reply)
            top = _first_top(reply.choices[0])
            found = lettering.from_top(request.options, spelt.lead, top, most, forced=forced)
            return found, [reply], None
        replies: list[ChatReply] = []
        places: list[Mapping[int, float]] = []
        for prefill, asked in ((start, spelt.asked()), (before, spelt.asked_second())):
            if not asked:
                continue
            reply = await self._one_token(request, prefill, _ids_field(asked))
            replies.append(reply)
            if reply.status != "ok":
                return None, replies, _lost(reply)
            places.append(_by_id(reply.choices[0]))
            if not set(asked) <= set(places[-1]):
                return None, replies, "letter distribution: not all ids that were asked for came"
        second = places[1] if len(places) > 1 else None
        return lettering.exact(spelt, places[0], second, forced=forced), replies, None

    async def _one_token(self, request: Request, prefill: str, fields: Body) -> ChatReply:
        greedy = Decoding(max_new_tokens=1)
        extra = {**self._extra, "logprobs": True, **fields}
        asked = self._body(request, greedy, prefill, extra)
        return (await self._chat.asend([ChatRequest(f"{request.id}#letters", asked)]))[0]

    def _spelling(self, tail: str, letters: tuple[str, ...]) -> Spelling | None:
        """Return how letters are written behind a text; asked once for each such text."""
        key = tail, letters
        with self._lock:
            if key not in self._spellings:
                self._spellings[key] = lettering.spelling(tail, letters, self._routes)
        return self._spellings[key]


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


def _inline(
    request: Request, choice: Continuation, output: str, reading: answers.ParsedAnswer, most: int
) -> LetterDistribution | None:
    """Read the letters from the alternatives of the answer's own token."""
    if reading.answer_at is None or not choice.logprobs:
        return None
    at = reading.answer_at - (len(output) - len(choice.text))
    place = lettering.at_letter(choice.logprobs, choice.text, at) if at >= 0 else None
    if place is None:
        return None
    lead, top = place
    return lettering.from_top(request.options, lead, top, most, forced=False)


def _drawn(asked: Body, draw: int) -> Body:
    """Give each draw of a seeded body a seed of its own."""
    return {**asked, "seed": asked["seed"] + draw} if draw and "seed" in asked else asked


def _ids_field(ids: Sequence[int]) -> Body:
    return {"logprobs": True, "logprob_token_ids": [*ids], "return_tokens_as_token_ids": True}


def _by_id(choice: Continuation) -> dict[int, float]:
    """Return id → log-probability at the first place of a reply."""
    return {
        int(text.removeprefix(_TOKEN_ID)): value
        for text, value in _first_top(choice).items()
        if text.startswith(_TOKEN_ID) and text.removeprefix(_TOKEN_ID).isdecimal()
    }


def _first_top(choice: Continuation) -> Mapping[str, float]:
    if not choice.logprobs:
        return {}
    first = choice.logprobs[0]
    return {**first.top, first.token: first.logprob}


def _lost(reply: ChatReply) -> str:
    return f"letter distribution: {reply.error}"


def _tokens(reply: ChatReply) -> int | None:
    """Return the tokens of an output; unknown where several were counted together."""
    return reply.usage.completion if len(reply.choices) == 1 else None


def _usage(replies: Sequence[ChatReply]) -> Usage:
    """Add up what replies cost; a count that one of them lacks is not known."""
    counted = [reply.usage for reply in replies if reply.status != "error"]
    whole = reduce(operator.add, counted) if counted else Usage()
    return whole.model_copy(update={"requests": len(replies)})
