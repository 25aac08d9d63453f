"""Where a served model's letter distributions come from: one small class a way, chosen once.

TokenIdLetters   exactly: the log-probabilities of token ids, in a request of one token
TopTokenLetters  from the most probable tokens, in a request of one token
InlineLetters    from the most probable tokens at the answer's own place
SampledLetters   the shares of the letters among several outputs
NoLetters        not at all
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple, Protocol

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import Capabilities
from unswayed.chat.records import ChatReply, ChatRequest, Continuation
from unswayed.models import Decoding, Request
from unswayed.models.served import letters as lettering
from unswayed.models.served.letters import Spelling
from unswayed.models.served.routes import Routes
from unswayed.models.served.turns import Turns
from unswayed.types import Letter, LetterDistribution


class Letters(NamedTuple):
    """The result of reading letters.

    Attributes:
        distribution: the distribution; None where there is none.
        replies: the replies that it took, which are paid for.
        problem: why it could not be had, though there should be one.
    """

    distribution: LetterDistribution | None = None
    replies: Sequence[ChatReply] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Output:
    """What a server wrote for a prompt.

    Attributes:
        request: the prompt.
        decoding: how it was continued.
        choice: the output as the server gave it.
        texts: the text of the output, and of further samples of it.
    """

    request: Request
    decoding: Decoding
    choice: Continuation
    texts: Sequence[str]

    @property
    def whole(self) -> str:
        """Prefill and text of the output."""
        return self.request.prefill + self.texts[0]


@dataclass
class Connection:
    """A server that was reached.

    Attributes:
        client: what requests are sent with.
        turns: how they are written.
        routes: its other routes.
    """

    client: ChatClient
    turns: Turns
    routes: Routes
    _spellings: dict[tuple[str, tuple[Letter, ...]], Spelling | None] = field(
        default_factory=dict[tuple[str, tuple[Letter, ...]], Spelling | None]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spelling(self, tail: str, letters: Iterable[Letter]) -> Spelling | None:
        """Return how letters are written behind a text; asked once for each such text.

        Raises:
            NoRoute: the server does not tell its tokens.
        """
        key = tail, tuple(letters)
        with self._lock:
            if key not in self._spellings:
                self._spellings[key] = lettering.spelling(tail, key[1], self.routes)
        return self._spellings[key]


class LetterSource(Protocol):
    """A way of reading letters."""

    name: ClassVar[str]
    """What provenance calls it."""

    def calls(self, capabilities: Capabilities) -> int:
        """Return the further requests, at most, for one generation."""
        ...

    def output(self, turns: Turns, request: Request, decoding: Decoding) -> list[ChatRequest]:
        """Return the requests for an output: one, or as many as there are samples of it."""
        ...

    async def read(self, connection: Connection, output: Output) -> Letters:
        """Return the letter distribution of an output, whose prompt has options."""
        ...


class OneOutput:
    """Base of those that need one output alone."""

    def calls(self, capabilities: Capabilities) -> int:
        """Return 0."""
        return 0

    def output(self, turns: Turns, request: Request, decoding: Decoding) -> list[ChatRequest]:
        """Return one request."""
        body = turns.body(request, decoding, request.prefill)
        return [ChatRequest(request.id, body, request.draw)]


class NoLetters(OneOutput):
    """Letters are not read."""

    name: ClassVar[str] = "none"

    async def read(self, connection: Connection, output: Output) -> Letters:
        """Return nothing."""
        return Letters()


class InlineLetters(OneOutput):
    """Letters are read from the alternatives of the answer's own token."""

    name: ClassVar[str] = "inline"

    def output(self, turns: Turns, request: Request, decoding: Decoding) -> list[ChatRequest]:
        """Return one request, which asks for the alternatives of every token."""
        most = turns.capabilities.top_logprobs
        body = turns.body(request, decoding, request.prefill, logprobs=True, top_logprobs=most)
        return [ChatRequest(request.id, body, request.draw)]

    async def read(self, connection: Connection, output: Output) -> Letters:
        """Return the distribution at the answer's letter; no further request is sent."""
        options, choice = output.request.options, output.choice
        answer_at = output.request.parse(output.whole).answer_at
        if answer_at is None or not choice.logprobs:
            return Letters()
        at = answer_at - (len(output.whole) - len(choice.text))
        place = lettering.at_letter(choice.logprobs, choice.text, at) if at >= 0 else None
        if place is None:
            return Letters()
        lead, top = place
        most = connection.turns.capabilities.top_logprobs
        return Letters(lettering.from_top(options, lead, top, most, forced=False))


@dataclass(frozen=True)
class SampledLetters:
    """Letters are the shares among several outputs, for servers without log-probabilities.

    Attributes:
        samples: number of outputs, at least 2.
    """

    name: ClassVar[str] = "samples"
    samples: int

    def calls(self, capabilities: Capabilities) -> int:
        """Return one request a sample, or one for all; none where the output is a sample."""
        return int(capabilities.temperature) if capabilities.samples else self.samples

    def output(self, turns: Turns, request: Request, decoding: Decoding) -> list[ChatRequest]:
        """Return the requests for the samples; for a greedy output one of its own."""
        count = 1 if turns.is_greedy(decoding) else self.samples
        bodies = turns.draws(request, decoding, count)
        first = request.draw * count
        return [ChatRequest(request.id, body, first + k) for k, body in enumerate(bodies)]

    async def read(self, connection: Connection, output: Output) -> Letters:
        """Return the shares among the samples; a greedy output is none of them."""
        turns, request, texts = connection.turns, output.request, output.texts
        replies: list[ChatReply] = []
        if turns.is_greedy(output.decoding):
            sampling = replace(output.decoding, temperature=1.0, top_p=1.0)
            bodies = turns.draws(request, sampling, self.samples)
            first = request.draw * self.samples
            requests = [
                ChatRequest(f"{request.id}#{k}", body, first + k) for k, body in enumerate(bodies)
            ]
            replies = await connection.client.asend(requests)
            choices = [each for reply in replies for each in reply.choices]
            texts = [turns.text(request, each) for each in choices if each.finish != "refused"]
        problem = next((reply.error for reply in replies if reply.status == "error"), None)
        shares = lettering.from_samples(
            request.options,
            [request.prefill + t for t in texts],
            request.style.name,
            len(request.prefill),
        )
        return Letters(shares, replies, f"letter distribution: {problem}" if problem else None)
