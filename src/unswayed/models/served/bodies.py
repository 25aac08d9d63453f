"""Prompts as the JSON bodies of chat completions."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

from unswayed.chat.endpoints import Capabilities
from unswayed.models import Decoding, Request
from unswayed.models.seeds import seed_of
from unswayed.run.pictures import read_within
from unswayed.types import UNLIMITED, ImageRef, PictureLimits

Body = dict[str, Any]

CONTINUE = {"add_generation_prompt": False, "continue_final_message": True}
"""What leaves the assistant's turn open. Without the second field vLLM closes it and opens another
one, without a word; SGLang takes the second field alone and passes over the first."""

KEEP_SPECIAL = {"skip_special_tokens": False}
"""Tags such as `<think>` may be special tokens, which engines leave out of a text unless asked."""

PLAIN = {"top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""What a request leaves open, engines take from the checkpoint's own `generation_config.json`.
Qwen2.5-VL's has a repetition penalty, which changes greedy outputs, too. So everything is said."""

_PICTURES_KEPT = 32


def body(
    request: Request,
    capabilities: Capabilities,
    decoding: Decoding,
    *,
    prefill: str = "",
    extra: Body | None = None,
) -> Body:
    """Return the body of a chat completion, without the model's name.

    Args:
        request: the prompt.
        capabilities: what the server takes.
        decoding: how to sample.
        prefill: start of the assistant's turn, which is left open; empty for none.
        extra: further fields; those above win.

    Raises:
        DataError: a picture cannot be read.
    """
    fields: Body = {
        "messages": messages(request, capabilities, prefill),
        capabilities.max_tokens_field: decoding.max_new_tokens,
    }
    if capabilities.temperature:
        fields["temperature"] = decoding.temperature
        if decoding.temperature > 0 and decoding.top_p < 1:
            fields["top_p"] = decoding.top_p
    if capabilities.seed and decoding.temperature > 0:
        fields["seed"] = seed_of(decoding.seed, request)
    if prefill:
        fields |= CONTINUE
    fields |= template_fields(request.thinking)
    return (extra or {}) | fields


def template_fields(thinking: bool | None) -> Body:
    """Return what tells a server's chat template whether to think; empty leaves it to it."""
    return {} if thinking is None else {"chat_template_kwargs": {"enable_thinking": thinking}}


def messages(request: Request, capabilities: Capabilities, prefill: str) -> list[Body]:
    """Return the messages: instructions, then the pictures and the text, then the open turn.

    Pictures come first, so that all variants of a sample share the longest prefix.
    """
    user = request.user
    turns: list[Body] = []
    if request.system and capabilities.system_role == "user":
        user = f"{request.system}\n\n{user}"
    elif request.system:
        turns.append({"role": capabilities.system_role, "content": request.system})
    pictures = [_picture(path, request.limits) for path in request.images]
    text = {"type": "text", "text": user}
    turns.append({"role": "user", "content": [*pictures, text] if pictures else user})
    if prefill:
        turns.append({"role": "assistant", "content": prefill})
    return turns


def _picture(path: Path, limits: PictureLimits) -> Body:
    return {"type": "image_url", "image_url": {"url": data_url(path, limits)}}


def data_url(path: Path, limits: PictureLimits = UNLIMITED) -> str:
    """Return a picture as a `data:` URL: its bytes, unless they need more than decoding.

    Args:
        path: the file.
        limits: how large the picture may be.

    Raises:
        DataError: it cannot be read or decoded.
    """
    return _data_url(path, limits.max_side, limits.max_pixels, limits.min_pixels)


@lru_cache(maxsize=_PICTURES_KEPT)
def _data_url(
    path: Path, max_side: int | None, max_pixels: int | None, min_pixels: int | None
) -> str:
    limits = PictureLimits(max_side=max_side, max_pixels=max_pixels, min_pixels=min_pixels)
    shown = read_within(ImageRef(path=str(path)), limits)
    return f"data:{shown.media_type};base64,{base64.b64encode(shown.data).decode()}"
