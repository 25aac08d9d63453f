"""Letter distributions from a request of one token that stands where the answer letter stands.

TokenIdLetters   exactly: the log-probabilities of token ids that are asked for
TopTokenLetters  from the most probable tokens; letters outside them are bounded
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from unswayed.chat.endpoints import Capabilities
from unswayed.chat.records import ChatReply, ChatRequest, Continuation
from unswayed.models import Decoding, Request
from unswayed.models.served import letters as lettering
from unswayed.models.served.bodies import Body
from unswayed.models.served.letters import Spelling
from unswayed.models.served.probe import ANSWER
from unswayed.models.served.routes import NoRoute
from unswayed.models.served.sources import Connection, Letters, OneOutput, Output

_TOKEN_ID = "token_id:"


class AskedLetters(OneOutput, ABC):
    """Base of those that ask for the letter's place in a request of one token."""

    def calls(self, capabilities: Capabilities) -> int:
        """Return 2: a letter may be spelled in two tokens."""
        return 2

    async def read(self, connection: Connection, output: Output) -> Letters:
        """Ask for the letters where the answer stands, or where it is forced open."""
        request, whole = output.request, output.whole
        parsed = request.parse(whole)
        if parsed.answer_at is not None:
            if parsed.answer_at < len(request.prefill):
                return Letters()
            return await self._behind(connection, request, whole[: parsed.answer_at], False)
        if not output.decoding.force_answer:
            return Letters()
        opening = request.style.forced_opening(parsed.think, parsed.problem)
        return await self._behind(connection, request, whole + opening, True)

    async def _behind(
        self, connection: Connection, request: Request, before: str, forced: bool
    ) -> Letters:
        key = lettering.tail_of(before), tuple(request.options)
        try:
            spelling = await asyncio.to_thread(connection.spelling, *key)
        except NoRoute as error:
            return Letters(problem=f"letter distribution: {error}")
        if spelling is None:
            problem = "letter distribution: the tokenizer writes the letters in no known way"
            return Letters(problem=problem)
        return await self._letters_behind(connection, request, before, spelling, forced)

    @abstractmethod
    async def _letters_behind(
        self,
        connection: Connection,
        request: Request,
        before: str,
        spelling: Spelling,
        forced: bool,
    ) -> Letters:
        """Ask for the letters behind `before`."""


class TopTokenLetters(AskedLetters):
    """Letters are read from the most probable tokens; those outside them are bounded."""

    name: ClassVar[str] = "top-logprobs"

    async def _letters_behind(
        self,
        connection: Connection,
        request: Request,
        before: str,
        spelling: Spelling,
        forced: bool,
    ) -> Letters:
        most = connection.turns.capabilities.top_logprobs
        start = before[: len(before) - spelling.cut]
        reply = await _one_token(connection, request, start, {"top_logprobs": most})
        if reply.status != "ok":
            return Letters(None, [reply], _lost(reply))
        top = _first_top(reply.choices[0])
        distribution = lettering.from_top(request.options, spelling.lead, top, most, forced=forced)
        return Letters(distribution, [reply])


class TokenIdLetters(AskedLetters):
    """Letters are read exactly, by the ids of their tokens; in two requests where they split."""

    name: ClassVar[str] = "token-logprobs"

    async def _letters_behind(
        self,
        connection: Connection,
        request: Request,
        before: str,
        spelling: Spelling,
        forced: bool,
    ) -> Letters:
        start = before[: len(before) - spelling.cut]
        replies: list[ChatReply] = []
        places: list[Mapping[int, float]] = []
        for prefill, ids in ((start, spelling.asked()), (before, spelling.asked_second())):
            if not ids:
                continue
            reply = await _one_token(connection, request, prefill, _ids_field(ids))
            replies.append(reply)
            if reply.status != "ok":
                return Letters(None, replies, _lost(reply))
            places.append(_by_id(reply.choices[0]))
            if not set(ids) <= set(places[-1]):
                problem = "letter distribution: not all ids that were asked for came"
                return Letters(None, replies, problem)
        second = places[1] if len(places) > 1 else None
        return Letters(lettering.exact(spelling, places[0], second, forced=forced), replies)

    def given(self, connection: Connection, spelling: Spelling) -> bool:
        """Say whether the server tells the log-probabilities of ids; older ones pass them over."""
        ids = spelling.asked()
        prefill = ANSWER[: len(ANSWER) - spelling.cut]
        body = {**connection.turns.probe(prefill), **_ids_field(ids)}
        reply = connection.client.send_all([ChatRequest("probe-ids", body)])[0]
        return reply.status == "ok" and set(ids) <= set(_by_id(reply.choices[0]))


async def _one_token(
    connection: Connection, request: Request, prefill: str, fields: Body
) -> ChatReply:
    greedy = Decoding(max_new_tokens=1)
    body = connection.turns.body(request, greedy, prefill, **{"logprobs": True, **fields})
    return (await connection.client.asend([ChatRequest(f"{request.id}#letters", body)]))[0]


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
