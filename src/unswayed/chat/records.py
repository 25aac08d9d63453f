"""What is sent to a chat server and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from unswayed.types import Usage

Status = Literal["ok", "refused", "error"]
FinishReason = Literal["stop", "length", "refused"]

UNCOUNTED = Usage()
"""What a reply cost whose tokens nobody counted."""


@dataclass(frozen=True)
class ChatRequest:
    """One request.

    Attributes:
        id: name of the item; the reply carries it back.
        body: the JSON body of a chat completion without `model`, which the client adds.
        draw: which of several samples of one and the same body this is. It is not sent, it only
            keeps a cache from giving the same reply to each of them.
    """

    id: str
    body: Mapping[str, Any]
    draw: int = 0


@dataclass(frozen=True)
class TokenLogprob:
    """A generated token with the alternatives at its place.

    Attributes:
        token: the token as text.
        logprob: its natural log-probability, finite.
        top: token text → log-probability of the most probable tokens there (or of the ids that
            were asked for); tokens that read alike are added up. Empty if none were asked for.
        bytes: the token's UTF-8 bytes, where the server gives them.
    """

    token: str
    logprob: float
    top: Mapping[str, float]
    bytes: bytes | None = None


@dataclass(frozen=True)
class Continuation:
    """One continuation.

    Attributes:
        text: what the model wrote; empty where the token limit fell into the thinking.
        reasoning: the thinking that the server keeps apart from the text, or its summary; None if
            it gives none.
        finish: `stop`, `length` (the token limit) or `refused` (a content filter cut it, or the
            model refused in the field meant for that).
        logprobs: one entry a token of the text, if they were asked for.
    """

    text: str
    reasoning: str | None
    finish: FinishReason
    logprobs: tuple[TokenLogprob, ...] | None = None


@dataclass(frozen=True)
class ChatReply:
    """The result of one request.

    Attributes:
        id: the request's.
        status: `ok`; `refused` by a content filter or the model, which is final; `error`, where no
            whole and well-formed reply could be had.
        choices: the continuations, as many as `n` asked for; empty unless `ok` (a refused reply
            may carry what was written before the filter cut it).
        usage: tokens of the reply.
        error: why there is no answer; None if `ok`.
        attempts: requests that were sent for it; 0 if it was in the cache.
        cached: it came from the cache, or from the same request elsewhere in the list.
    """

    id: str
    status: Status
    choices: tuple[Continuation, ...] = ()
    usage: Usage = UNCOUNTED
    error: str | None = None
    attempts: int = 0
    cached: bool = False
