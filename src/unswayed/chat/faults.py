"""Status and body of an HTTP error → retry, give the item up, or stop the run. Pure.

Codes and wordings of OpenAI, Azure, Gemini, vLLM, SGLang and llama.cpp are distinguished as far as
they differ; what is not known stays an error of the item, with the server's own words.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Literal, cast

from unswayed.chat.replies import shown

FaultKind = Literal[
    "again", "busy", "item", "refused", "key", "model", "images", "quota", "address"
]

RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed."""
BUSY = frozenset({429, 503, 529})
"""Statuses that say the server has too much to do."""

_REFUSED = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "invalid_prompt",
        "moderation_blocked",
        "prohibited_content",
        "safety",
    }
)
_BAD_KEY = frozenset({"api_key_invalid", "invalid_api_key", "unauthenticated"})
_NO_MODEL = frozenset({"model_not_found", "deploymentnotfound"})
_NO_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_LONG = re.compile(
    r"context[ _](?:length|window|size)|maximum (?:model|input) length|max_model_len"
    r"|longer than the (?:maximum|model)|exceeds? the maximum number of (?:input )?tokens"
    r"|(?:prompt|input) is too long",
    re.IGNORECASE,
)
_NO_IMAGES = re.compile(
    r"not a multi-?modal model|(?:image|multi-?modal|vision)[\w ]* (?:is|are) not supported"
    r"|does(?: not|n't) (?:support|accept) (?:image|vision|multi-?modal)|at most 0 image",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class HttpFault:
    """What an HTTP error means.

    Attributes:
        kind: `again` (may succeed later), `busy` (the same, and send less), `item` (this request
            is at fault), `refused` (a content filter), `key`, `model`, `images`, `quota`,
            `address` (every request would fail so).
        message: what the server said, short.
        wait_s: seconds that the server asks to wait; None if it does not say.
    """

    kind: FaultKind
    message: str
    wait_s: float | None = None


def fault(status: int, data: bytes, retry_after: str | None, now: float) -> HttpFault:
    """Say whose move it is after a reply whose status is not 200.

    Args:
        status: HTTP status.
        data: body of the reply.
        retry_after: the header of that name.
        now: seconds since the epoch, against which a date in the header is read.
    """
    codes, text = _codes_and_message(data)
    message = f"HTTP {status}: {text}"
    if codes & _NO_QUOTA:
        return HttpFault("quota", message)
    if status == 401 or codes & _BAD_KEY:
        return HttpFault("key", f"HTTP {status}")  # some servers repeat the key: no word of theirs
    if codes & _REFUSED and 400 <= status < 500 and status != 429:
        return HttpFault("refused", message)
    if status == 403:
        return HttpFault("key", message)
    if status in RETRIED:
        wait = seconds(retry_after, now)
        return HttpFault("busy" if status in BUSY else "again", message, wait or _retry_delay(data))
    if status == 404 or codes & _NO_MODEL:
        return HttpFault("model", message)
    if 300 <= status < 400 or status == 405:
        return HttpFault("address", message)
    if status < 500 and ("context_length_exceeded" in codes or _LONG.search(text)):
        return HttpFault(
            "item", f"the prompt and its token limit are too long for the model: {text}"
        )
    if status < 500 and _NO_IMAGES.search(text):
        return HttpFault("images", message)
    return HttpFault("item", message)


def seconds(header: str | None, now: float) -> float | None:
    """Return the seconds of a `Retry-After` header: a number, or an HTTP date (RFC 9110, 10.2.3).

    Returns:
        At least 0; None if there is no header or it says nothing.
    """
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        return float(text)
    try:
        date = email.utils.parsedate_to_datetime(text)
        zoned = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, zoned.timestamp() - now)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def said(data: bytes) -> str:
    """Return what a server says of an error, on one line."""
    return _codes_and_message(data)[1]


def _retry_delay(data: bytes) -> float | None:
    """Return the seconds that Google's errors carry in the body instead of a header."""
    match = re.search(rb'"retryDelay"\s*:\s*"([0-9]{1,9}(?:\.[0-9]{1,9})?)s"', data)
    return float(match[1]) if match else None


def _codes_and_message(data: bytes) -> tuple[set[str], str]:
    """Return the codes in an error's body, in small letters, and its message."""
    try:
        body: Any = json.loads(data)
    except (ValueError, RecursionError):
        return set(), shown(data[:400].decode("utf-8", "replace").strip())
    if isinstance(body, list) and body:
        body = cast("list[Any]", body)[0]
    errors = list(_errors(body))
    codes = {
        value.lower()
        for error in errors
        for name in ("code", "type", "status", "reason")
        if isinstance(value := error.get(name), str)
    }
    words = (e.get(name) for e in errors for name in ("message", "detail", "msg"))
    text = next((w for w in words if isinstance(w, str) and w), None)
    return codes, " ".join(text.split())[:400] if text else shown(body)


def _errors(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of an error: the body, what it wraps, and Google's details."""
    left, seen = [body], 0
    while left and seen < 32:
        each = left.pop(0)
        if isinstance(each, dict):
            seen += 1
            error = cast("dict[str, Any]", each)
            left = [error.get("error"), error.get("innererror"), error.get("details"), *left]
            yield error
        elif isinstance(each, list):
            left = [*cast("list[Any]", each)[:8], *left]
