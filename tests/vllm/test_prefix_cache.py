"""What the server finds in its prefix cache, by its own count: the picture must come first."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.records import ChatRequest
from unswayed.models import Decoding, Request
from unswayed.models.served.bodies import body

SIDE = 448
"""Scenes are scaled up to this, in pixels: 256 tokens, as a prefix is kept in whole blocks."""
PICTURE_TOKENS = (SIDE // 28) ** 2
CAPTIONS = (
    "base",
    "wrong-caption",
    "wrong-caption-disclaimer",
    "correct-caption",
    "neutral-caption",
)


@pytest.fixture
def client(server: Any) -> Iterator[ChatClient]:
    """A client that sends one prompt after the other, so that each can find the one before."""
    where = endpoint("vllm", server.model, base_url=server.url, key=server.key)
    with ChatClient(where, Limits(concurrency=1)) as made:
        yield made


@pytest.fixture
def captioned(shown: list[Request]) -> list[Request]:
    """The variants of one sample that differ in what comes before the question."""
    sample = shown[0].sample_id
    found = [r for r in shown if r.sample_id == sample and r.variant in CAPTIONS]
    assert len(found) == len(CAPTIONS)
    return found


def bodies(client: ChatClient, requests: Sequence[Request]) -> list[dict[str, Any]]:
    """Return what the backend sends, with larger pictures, apart from what others have sent."""
    salt = uuid.uuid4().hex
    pixels = {"min_pixels": SIDE**2, "max_pixels": SIDE**2}
    extra = {"mm_processor_kwargs": pixels, "cache_salt": salt}
    capabilities, short = client.endpoint.capabilities, Decoding(max_new_tokens=1)
    return [body(r, capabilities, short, prefill=r.prefill, extra=extra) for r in requests]


def text_first(sent: dict[str, Any]) -> dict[str, Any]:
    turned = copy.deepcopy(sent)
    turned["cache_salt"] += " text first"
    user = next(m for m in turned["messages"] if m["role"] == "user")
    assert [part["type"] for part in user["content"]] == ["image_url", "text"]
    user["content"].reverse()
    return turned


def found(server: Any, client: ChatClient, sent: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return tokens that the server looked up in its cache, and those among them it found."""
    names = ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total")
    before = [server.count(name) for name in names]
    replies = client.send_all([ChatRequest(str(i), each) for i, each in enumerate(sent)])
    assert [reply.status for reply in replies] == ["ok"] * len(sent)
    after = [server.count(name) for name in names]
    return after[0] - before[0], after[1] - before[1]


def test_every_variant_but_the_first_finds_the_picture(
    server: Any, client: ChatClient, captioned: list[Request]
) -> None:
    looked_up, hits = found(server, client, bodies(client, captioned))
    assert looked_up > len(captioned) * PICTURE_TOKENS
    assert hits >= (len(captioned) - 1) * PICTURE_TOKENS
    assert hits < looked_up - PICTURE_TOKENS  # nothing was left there by an earlier test


def test_text_first_finds_no_picture(
    server: Any, client: ChatClient, captioned: list[Request]
) -> None:
    sent = [text_first(each) for each in bodies(client, captioned)]
    looked_up, hits = found(server, client, sent)
    assert looked_up > len(captioned) * PICTURE_TOKENS
    assert hits < PICTURE_TOKENS


def test_over_all_variants_image_first_finds_more(
    server: Any, client: ChatClient, shown: list[Request]
) -> None:
    sent = bodies(client, shown)
    first = found(server, client, sent)
    other = found(server, client, [text_first(each) for each in sent])
    assert first[0] == other[0]  # the same tokens in another order
    assert first[1] > 1.5 * other[1]


def test_the_picture_itself_is_prepared_once(
    server: Any, client: ChatClient, captioned: list[Request]
) -> None:
    names = ("vllm:mm_cache_queries_total", "vllm:mm_cache_hits_total")
    before = [server.count(name) for name in names]
    found(server, client, bodies(client, captioned))
    asked, known = (server.count(n) - b for n, b in zip(names, before, strict=True))
    assert asked == len(captioned)
    assert known >= len(captioned) - 1


def test_a_reply_says_what_was_cached(client: ChatClient, captioned: list[Request]) -> None:
    sent = bodies(client, captioned[:2])
    first, second = client.send_all([ChatRequest(str(i), each) for i, each in enumerate(sent)])
    assert (first.usage.cached_prompt or 0) < PICTURE_TOKENS
    assert second.usage.cached_prompt is not None
    assert second.usage.cached_prompt >= PICTURE_TOKENS
