"""What a vLLM or SGLang server says about its tokens: routes beside the chat completions.

They are asked a few times at the start and for every new way of writing an answer, never for each
prompt, through the chat client: with its retries, waits and words for what goes wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from unswayed.chat.client import ChatClient
from unswayed.chat.faults import said
from unswayed.chat.replies import BrokenReply, decode
from unswayed.errors import ModelError

_ECHO = {"return_token_ids": True, "return_prompt_token_ids": True, "return_prompt_text": True}
"""vLLM returns a prompt's ids for the first field, SGLang for the second; newer vLLM its text."""
_TAIL = 512
"""Tokens at the end of a prompt that are turned into text; no probe has more after its picture."""
_SHOWN = 200
"""Characters of a server's words in a message."""


class NoRoute(Exception):  # noqa: N818 - the server lacks something, which is no error yet
    """The server has no such route, or its reply is none of that route."""


class Routes:
    """Tokens and rendered prompts of one model."""

    def __init__(self, client: ChatClient) -> None:
        """Name the server; nothing is sent."""
        self._client, self._model = client, client.endpoint.model
        base = client.endpoint.base_url
        self._chat = f"{base}/chat/completions"
        self._root = re.sub(r"/v\d+\w*$", "", base)
        self.tokens = lru_cache(maxsize=8192)(self._tokens)

    def _tokens(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a text, without those that begin or end a prompt.

        Raises:
            NoRoute: the server does not tell.
            ServerDown: it gives nothing, or asks to wait for long.
        """
        body = {"model": self._model, "prompt": text, "add_special_tokens": False}
        return tuple(_ids(self._post(f"{self._root}/tokenize", body).get("tokens")))

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, special tokens included.

        Raises:
            NoRoute: the server does not tell.
            ServerDown: it gives nothing, or asks to wait for long.
        """
        body = {"model": self._model, "tokens": list(ids), "skip_special_tokens": False}
        reply = self._post(f"{self._root}/detokenize", body)
        text = reply.get("prompt", reply.get("text"))
        if not isinstance(text, str):
            raise NoRoute("no text in the reply of /detokenize")
        return text

    def rendered(self, body: Mapping[str, Any]) -> str:
        """Return the end of the prompt that a chat completion is rendered to, by asking for one.

        Raises:
            NoRoute: the server does not tell what it rendered.
            ModelError: the server refuses the request.
        """
        reply = self._post(self._chat, {**body, **_ECHO, "model": self._model})
        text: Any = reply.get("prompt_text")
        if isinstance(text, str) and text:
            return text
        holder: Any = reply
        if not reply.get("prompt_token_ids"):
            choices: Any = reply.get("choices")
            holder = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else {}
        ids = cast("dict[str, Any]", holder).get("prompt_token_ids")
        return self.text(_ids(ids)[-_TAIL:])

    def _post(self, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.ask(url, body)
        if answer.status != 200:
            message = f"HTTP {answer.status}: {said(answer.data)[:_SHOWN]}"
            if answer.status in (404, 405, 501) or (answer.status == 400 and url != self._chat):
                # Ray Serve has /tokenize and replies 400, whatever is asked
                raise NoRoute(f"{url}: {message}")
            raise ModelError(f"{url} refuses a request of one token ({message})")
        try:
            reply: Any = decode(answer.data)
        except BrokenReply as error:
            raise ModelError(f"cannot use {url} ({error}); see to the server") from None
        if not isinstance(reply, dict):
            raise NoRoute(f"{url} replied with no object")
        return cast("dict[str, Any]", reply)


def _ids(value: Any) -> list[int]:
    if not isinstance(value, list) or not value:
        raise NoRoute("no token ids in the reply")
    ids = cast("list[Any]", value)
    if not all(type(index) is int for index in ids):
        raise NoRoute("token ids that are no whole numbers")
    return cast("list[int]", ids)
