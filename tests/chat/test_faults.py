"""Whose move it is after an HTTP error, in the words of the servers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unswayed.chat.faults import fault, seconds

NOW = 1_700_000_000.0

OPENAI_LONG = {
    "error": {
        "message": "This model's maximum context length is 128000 tokens.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
}
AZURE_FILTER = {
    "error": {
        "message": "The response was filtered due to the prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
    }
}
O_SERIES_FILTER = {
    "error": {
        "message": "Invalid prompt: your prompt was flagged as potentially violating our policy",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_prompt",
    }
}
GEMINI_KEY = [
    {
        "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
                {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "key: AIza-secret"},
            ],
        }
    }
]
GEMINI_BUSY = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}
            ],
        }
    }
]
VLLM_LONG = {
    "error": {
        "message": "Input length (5003) exceeds model's maximum context length (4096).",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    }
}
VLLM_IMAGES = {"error": {"message": "toy/text-1b is not a multimodal model", "code": 400}}


def kind(status: int, body: Any, header: str | None = None) -> str:
    return fault(status, json.dumps(body).encode(), header, NOW).kind


@pytest.mark.parametrize("status", [408, 409, 500, 502, 504])
def test_what_may_succeed_later(status: int) -> None:
    assert kind(status, {}) == "again"


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_busy_server(status: int) -> None:
    assert kind(status, {}) == "busy"


@pytest.mark.parametrize("status", [400, 413, 415, 422, 418])
def test_what_is_the_items_fault(status: int) -> None:
    found = fault(status, b'{"error": {"message": "no such field"}}', None, NOW)
    assert (found.kind, found.message) == ("item", f"HTTP {status}: no such field")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {}, "key"),
        (403, {"error": {"message": "not in your country"}}, "key"),
        (400, GEMINI_KEY, "key"),
        (404, {"error": {"message": "The model `x` does not exist."}}, "model"),
        (400, {"error": {"code": "model_not_found"}}, "model"),
        (405, {}, "address"),
        (301, {}, "address"),
        (429, {"error": {"code": "insufficient_quota"}}, "quota"),
        (400, AZURE_FILTER, "refused"),
        (400, O_SERIES_FILTER, "refused"),
        (403, {"error": {"code": "content_policy_violation"}}, "refused"),
        (400, VLLM_IMAGES, "images"),
        (400, {"message": "image input is not supported"}, "images"),
        (400, {"error": {"message": "At most 0 image(s) may be provided"}}, "images"),
        (400, {"error": {"message": "At most 1 image(s) may be provided"}}, "item"),
        (429, GEMINI_BUSY, "busy"),
        (500, {"error": {"code": "content_filter"}}, "again"),
    ],
)
def test_codes_of_servers(status: int, body: Any, expected: str) -> None:
    assert kind(status, body) == expected


@pytest.mark.parametrize("body", [OPENAI_LONG, VLLM_LONG])
def test_a_context_that_is_too_long(body: Any) -> None:
    found = fault(400, json.dumps(body).encode(), None, NOW)
    assert found.kind == "item"
    assert "too long for the model" in found.message


def test_a_wrong_key_is_reported_without_a_word_of_the_server() -> None:
    for status, body in ((401, {"error": {"message": "Incorrect key: abc"}}), (400, GEMINI_KEY)):
        assert fault(status, json.dumps(body).encode(), None, NOW).message == f"HTTP {status}"


@pytest.mark.parametrize("data", [b"", b"<html>\x1b[31mbad gateway", b"[]", b"7", b"[" * 9999])
def test_a_body_that_is_no_json(data: bytes) -> None:
    found = fault(502, data, None, NOW)
    assert found.kind == "again"
    assert "\x1b" not in found.message
    assert len(found.message) < 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("Tue, 99 Nov 2023", None),
    ],
)
def test_retry_after(header: str | None, expected: float | None) -> None:
    assert seconds(header, NOW) == expected


def test_a_wait_asked_for_in_the_body() -> None:
    assert fault(429, json.dumps(GEMINI_BUSY).encode(), None, NOW).wait_s == 36.5
    assert fault(429, b"{}", "12", NOW).wait_s == 12.0
