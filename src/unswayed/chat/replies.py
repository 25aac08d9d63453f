"""Bytes of a reply → choices and usage, or the reason why it is none.

Pure and strict: a reply that is cut off, of another shape, without choices, with a figure that is
no number or with a key given twice is a `BrokenReply`, never an answer. Two readers of JSON work
together, because strictness by the slow one alone costs as much as everything else together:

1. pydantic's parser (already a dependency) reads fast and refuses NaN and Infinity. It keeps the
   last of two equal keys without a word, so the keys that are written are counted against those
   that were kept.
2. Where the counts differ or the fast parser refuses, the standard library's parser reads again,
   with a check of every object, and its word counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import pydantic_core

from unswayed.chat.records import Continuation, FinishReason, TokenLogprob
from unswayed.types import Usage

Object = dict[str, Any]

_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refused",
    "refusal": "refused",
    "safety": "refused",
    "prohibited_content": "refused",
    "blocklist": "refused",
    "recitation": "refused",
    "spii": "refused",
}
"""How servers say why they stopped (OpenAI, vLLM, SGLang, TGI, Gemini)."""

_NO_MARKS = bytes(each for each in range(256) if each not in b'":')
_LEAST_LOGPROB = -1e6
_MOST_LOGPROB = 1e-2
"""A log-probability lies below 0; half precision may round it above by a little."""
_SHOWN = 120


class BrokenReply(ValueError):  # noqa: N818 - it is the reply that is broken
    """A reply is not what the protocol says; the message says where."""


@dataclass(frozen=True)
class ChatCompletion:
    """What a reply holds.

    Attributes:
        choices: the continuations in order of their index, at least one.
        usage: tokens.
        refusal: why there is no answer, if every choice was refused; None otherwise.
    """

    choices: tuple[Continuation, ...]
    usage: Usage
    refusal: str | None


def parse_completion(data: bytes, n: int = 1, logprobs: bool = False) -> ChatCompletion:
    """Read a chat completion.

    Args:
        data: body of a reply of status 200.
        n: number of choices that were asked for.
        logprobs: log-probabilities were asked for, so they must be there.

    Raises:
        BrokenReply: it is no whole chat completion with what was asked for.
    """
    body = decode(data)
    if not isinstance(body, dict):
        _broken("an object", body, "the reply")
    reply = cast(Object, body)
    if reply.get("error"):
        raise BrokenReply(f"the server reports an error: {shown(reply['error'])}")
    choices = _list(reply, "choices", "the reply")
    if len(choices) != n:
        raise BrokenReply(f"expected {n} choice{'s' * (n > 1)}, found {len(choices) or 'none'}")
    by_index: dict[int, Continuation] = {}
    reasons: list[str] = []
    for place, raw in enumerate(choices):
        where = f"choices[{place}]"
        if not isinstance(raw, dict):
            _broken("an object", raw, where)
        index, choice, reason = _choice(cast(Object, raw), place, where, logprobs)
        if index in by_index:
            raise BrokenReply(f"two choices have the index {index}")
        by_index[index] = choice
        if reason:
            reasons.append(reason)
    refusal = reasons[0] if len(reasons) == n else None
    return ChatCompletion(
        tuple(by_index[i] for i in sorted(by_index)), _usage(reply.get("usage")), refusal
    )


def decode(data: bytes) -> Any:
    """Return the value of a JSON text; stricter than `json.loads`.

    Raises:
        BrokenReply: it is no JSON, holds NaN or Infinity, or an object has a key twice.
    """
    try:
        value: Any = pydantic_core.from_json(data, allow_inf_nan=False)
    except ValueError:
        return _decode_slowly(data)
    return value if _keys_in_value(value) == _keys_in_text(data) else _decode_slowly(data)


def _decode_slowly(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_no_number)
    except BrokenReply:
        raise
    except RecursionError:
        raise BrokenReply("expected a chat completion, found JSON nested too deeply") from None
    except ValueError as error:
        raise BrokenReply(
            f"expected JSON, found {shown(data[:_SHOWN].decode('utf-8', 'replace'))} "
            f"({len(data)} bytes; {error})"
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BrokenReply(f"the key {shown(twice)} is given twice in one object")
    return entries


def _no_number(name: str) -> NoReturn:
    raise BrokenReply(f"expected a number, found {name}")


def _keys_in_text(data: bytes) -> int:
    """Count the keys that stand in a valid JSON text: its colons outside of strings.

    What is neither quote nor colon goes first. Two quotes side by side then are an empty string, or
    the seam of two strings with no colon between them; without them the count is the same.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(None, _NO_MARKS).replace(b'""', b"")
    return b"".join(marks.split(b'"')[::2]).count(b":")


def _keys_in_value(value: Any) -> int:
    """Count the keys of a parsed value; never too many, perhaps too few (then it is read again)."""
    count = 0
    left: list[Any] = [value]
    while left:
        each = left.pop()
        if type(each) is dict:
            entries = cast(Object, each)
            count += len(entries)
            for key, inner in entries.items():
                if key == "top_logprobs" and type(inner) is list:
                    count += _keys_in_tokens(cast("list[Object]", inner))
                elif type(inner) is dict or type(inner) is list:
                    left.append(inner)
        elif type(each) is list:
            items = cast("list[Any]", each)
            if items and type(items[0]) in (dict, list):
                left.extend(items)
    return count


def _keys_in_tokens(entries: list[Object]) -> int:
    """Count the keys of the alternatives, which are thousands, and flat."""
    return sum(map(len, entries)) if {*map(type, entries)} == {dict} else 0


def _choice(
    raw: Object, place: int, where: str, logprobs: bool
) -> tuple[int, Continuation, str | None]:
    """Return a choice with its index, and why it is no answer if it was refused."""
    index: Any = raw.get("index", place)
    if type(index) is not int:
        _broken("a whole number", index, f"{where}.index")
    message = raw.get("message")
    if not isinstance(message, dict):
        _broken("an object", message, f"{where}.message")
    turn = cast(Object, message)
    finish = _finish(raw.get("finish_reason"), f"{where}.finish_reason")
    reasoning = _optional(turn, "reasoning_content", where) or _optional(turn, "reasoning", where)
    refusal = _optional(turn, "refusal", where)
    if refusal:
        return index, Continuation("", reasoning, "refused"), f"the model refused: {shown(refusal)}"
    text = _text(turn.get("content"), f"{where}.message.content")
    if finish == "refused":
        reason = f"a content filter cut the reply ({shown(raw['finish_reason'])})"
        return index, Continuation(text or "", reasoning, "refused"), reason
    if text is None:
        # The token limit may fall into the thinking, and a thought may end without an answer.
        if finish != "length" and reasoning is None:
            _broken("a text", None, f"{where}.message.content")
        text = ""
    tokens = _logprobs(raw.get("logprobs"), f"{where}.logprobs")
    if logprobs and tokens is None:
        raise BrokenReply(f"expected log-probabilities in {where}.logprobs, found none")
    return index, Continuation(text, reasoning, finish, tokens), None


def _finish(value: Any, where: str) -> FinishReason:
    name = value.lower().partition(":")[0] if isinstance(value, str) else ""
    if name not in _FINISH:
        _broken("stop or length", value, where)
    return _FINISH[name]


def _text(value: Any, where: str) -> str | None:
    """Return the text of a message: a string, or a list of parts of which some are texts."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        _broken("a text", value, where)
    parts: list[str] = []
    for part in cast("list[Any]", value):
        text = cast(Object, part).get("text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            _broken("a part with a text", part, where)
        parts.append(text)
    return "".join(parts)


def _optional(holder: Object, name: str, where: str) -> str | None:
    value: Any = holder.get(name)
    if value is not None and not isinstance(value, str):
        _broken("a text", value, f"{where}.message.{name}")
    return value


def _logprobs(value: Any, where: str) -> tuple[TokenLogprob, ...] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        _broken("an object", value, where)
    content: Any = cast(Object, value).get("content")
    if content is None:
        return None
    if not isinstance(content, list):
        _broken("a list", content, f"{where}.content")
    entries = cast("list[Any]", content)
    return tuple(_token(entry, f"{where}.content[{i}]") for i, entry in enumerate(entries))


def _token(entry: Any, where: str) -> TokenLogprob:
    if not isinstance(entry, dict):
        _broken("an object", entry, where)
    raw = cast(Object, entry)
    own = _chances([raw], where)
    (token, logprob), *_ = own.items()
    others: Any = raw.get("top_logprobs") or ()
    if not isinstance(others, list | tuple):
        _broken("a list", others, f"{where}.top_logprobs")
    top = _chances(cast("list[Any]", others), f"{where}.top_logprobs") if others else {}
    return TokenLogprob(token, logprob, top, _bytes(raw.get("bytes"), where))


def _chances(entries: list[Any], where: str) -> dict[str, float]:
    """Return token → log-probability, checked; tokens that read alike are added up."""
    try:
        chances: dict[Any, Any] = {each["token"]: each["logprob"] for each in entries}
        values = chances.values()
        types, names = {*map(type, values)}, {*map(type, chances)}
        if not (types <= {float, int} and names == {str}):
            raise TypeError
        low, high = min(values), max(values)
    except (KeyError, TypeError):
        raise BrokenReply(
            f"expected objects with a token and a finite logprob at {where}, found {shown(entries)}"
        ) from None
    if not (low >= _LEAST_LOGPROB and high <= _MOST_LOGPROB and math.isfinite(sum(values))):
        raise BrokenReply(f"expected log-probabilities below 0 at {where}, found {low} to {high}")
    return chances if len(chances) == len(entries) else _added(entries)


def _added(entries: list[Object]) -> dict[str, float]:
    """Add up tokens whose bytes are no text of their own and so read alike.

    Entries that say the same of the same bytes are one: the sampled token may be listed twice.
    """
    different = {(each["token"], str(each.get("bytes")), each["logprob"]): each for each in entries}
    sums: dict[str, float] = {}
    for token, _, logprob in different:
        before = sums.get(token)
        sums[token] = logprob if before is None else _log_sum(before, logprob)
    return sums


def _log_sum(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))


def _bytes(value: Any, where: str) -> bytes | None:
    if value is None:
        return None
    try:
        return bytes(cast("list[int]", value)) if isinstance(value, list) else _no_bytes(value)
    except (TypeError, ValueError):
        raise BrokenReply(f"expected bytes from 0 to 255 at {where}.bytes") from None


def _no_bytes(value: Any) -> NoReturn:
    raise TypeError(type(value).__name__)


def _usage(value: Any) -> Usage:
    """Return the usage; what is missing or no count is not known, which spoils no answer.

    `completion` is made to hold the thinking: some servers leave it out there and count it only in
    the total.
    """
    if not isinstance(value, dict):
        return Usage()
    raw = cast(Object, value)
    prompt, completion = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens")
    total = _count(raw, "total_tokens")
    reasoning = _count(_inner(raw, "completion_tokens_details"), "reasoning_tokens")
    if reasoning is None:
        reasoning = _count(raw, "reasoning_tokens")
    if prompt is not None and completion is not None and total is not None:
        hidden = total - prompt - completion
        if hidden > 0:
            completion += hidden
            reasoning = hidden if reasoning is None else reasoning
    cached = _count(_inner(raw, "prompt_tokens_details"), "cached_tokens")
    return Usage(prompt=prompt, cached_prompt=cached, completion=completion, reasoning=reasoning)


def _inner(holder: Object, name: str) -> Object:
    value: Any = holder.get(name)
    return cast(Object, value) if isinstance(value, dict) else {}


def _count(holder: Object, name: str) -> int | None:
    value: Any = holder.get(name)
    return value if type(value) is int and value >= 0 else None


def _list(holder: Object, name: str, where: str) -> list[Any]:
    value: Any = holder.get(name)
    if not isinstance(value, list):
        _broken(f"a list of {name}", value, where)
    return cast("list[Any]", value)


def _broken(expected: str, value: Any, where: str) -> NoReturn:
    raise BrokenReply(f"expected {expected} at {where}, found {shown(value)}")


def shown(value: Any) -> str:
    """Return a value from outside for a message: short, on one line, control characters escaped."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
