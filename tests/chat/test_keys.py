"""A key reaches no file, log, message, representation or traceback: everything is searched."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.records import ChatRequest
from unswayed.errors import ConfigError, UnswayedError

KEY = "Sesame-4711-opens-every-door"
LIMITS = Limits(first_wait_s=0.001, timeout_s=0.5, attempts=2, reply_bytes=1 << 16, outage=2)


def echo(status: int) -> Callable[..., Any]:
    """Return a handler that repeats the key in body and headers, as careless servers do."""

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        said = request.headers["Authorization"]
        error = {"error": {"message": f"bad key: {said}", "code": said, "type": said}}
        return web.Response(status=status, text=json.dumps(error), headers={"Retry-After": "0"})

    return handle


async def hang(request: web.Request, body: dict[str, Any]) -> web.Response:
    await asyncio.sleep(3600)
    raise AssertionError


async def reset(request: web.Request, body: dict[str, Any]) -> web.Response:
    request.transport.abort()
    return web.Response()


async def bad_header(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    said = request.headers["Authorization"].encode()
    request.transport.write(b"HTTP/1.1 200 OK\r\n" + said + b"\r\n\r\n")
    request.transport.close()
    return web.Response()


async def redirect(request: web.Request, body: dict[str, Any]) -> web.Response:
    return web.Response(status=302, headers={"Location": f"/{KEY}"})


async def large(request: web.Request, body: dict[str, Any]) -> web.Response:
    return web.Response(text=request.headers["Authorization"] * 9999)


async def no_json(request: web.Request, body: dict[str, Any]) -> web.Response:
    return web.Response(text=f"<html>{request.headers['Authorization']}")


async def answer(request: web.Request, body: dict[str, Any]) -> web.Response:
    said = request.headers["Authorization"]
    message = {"role": "assistant", "content": f"I was sent {said}"}
    return web.json_response({"choices": [{"message": message, "finish_reason": "stop"}]})


HANDLERS: dict[str, Any] = {
    **{f"status-{s}": echo(s) for s in (400, 401, 403, 404, 405, 422, 429, 500, 503)},
    "hang": hang,
    "reset": reset,
    "bad-header": bad_header,
    "redirect": redirect,
    "large": large,
    "no-json": no_json,
    "answer": answer,
}


def everything_of(error: BaseException) -> str:
    """Return all that a traceback can show: messages, chain, and every local of every frame."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts, left, seen = [*shown.format(), repr(error), repr(error.__dict__)], [error], set()
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        parts += traceback.TracebackException.from_exception(each, capture_locals=True).format()
        left += [each.__cause__, each.__context__]
    return "\n".join(parts)


@pytest.mark.parametrize("name", HANDLERS)
def test_no_path_shows_the_key(
    serve: Any,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    server = serve(HANDLERS[name])
    where = endpoint("http", "m", server.url, key="TOY_KEY")
    shown: list[str] = []
    client = ChatClient(where, LIMITS, tmp_path / "cache")
    requests = [
        ChatRequest(str(k), {"messages": [{"role": "user", "content": str(k)}]}) for k in range(4)
    ]
    try:
        shown.append(repr(client.send_all(requests)))
    except UnswayedError as error:
        shown.append(everything_of(error))
    shown += [repr(vars(client)), repr(client._server), repr(client.spent), repr(where)]
    client.close()
    del client
    gc.collect()
    output = capfd.readouterr()
    shown += [caplog.text, output.out, output.err]
    shown += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"  # it was sent, and only there
    assert "Sesame" not in "\n".join(shown)


def test_the_search_can_fail() -> None:
    def inner() -> None:
        headers = {"Authorization": KEY}
        raise ValueError(len(headers))

    with pytest.raises(ValueError) as error:
        inner()
    assert "Sesame" in everything_of(error.value)


def test_a_dead_server_does_not_show_the_key(serve: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    server = serve(answer)
    server.close()
    server.close = lambda: None
    where = endpoint("http", "m", server.url, key="TOY_KEY")
    with ChatClient(where, LIMITS) as client:
        with pytest.raises(UnswayedError) as error:
            client.check()
        requests = [ChatRequest(str(k), {}) for k in range(4)]
        with pytest.raises(UnswayedError) as down:
            client.send_all(requests)
    assert KEY not in everything_of(error.value) + everything_of(down.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_names_its_variable(serve: Any, monkeypatch: Any, status: int) -> None:
    monkeypatch.setenv("TOY_KEY", KEY)
    where = endpoint("http", "m", serve(echo(status)).url, key="TOY_KEY")
    with ChatClient(where, LIMITS) as client, pytest.raises(ConfigError, match="TOY_KEY") as error:
        client.send_all([ChatRequest(str(k), {}) for k in range(20)])
    assert KEY not in str(error.value)


def test_a_server_that_wants_a_key(serve: Any) -> None:
    async def closed(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.Response(status=401)

    server = serve(closed)
    with (
        ChatClient(endpoint("vllm", "m", server.url), LIMITS) as client,
        pytest.raises(ConfigError, match="key=NAME"),
    ):
        client.send_all([ChatRequest("1", {})])
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set(monkeypatch: Any, value: str | None) -> None:
    monkeypatch.delenv("TOY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TOY_KEY", value)
    with pytest.raises(ConfigError, match="export TOY_KEY"):
        ChatClient(endpoint("http", "m", "http://127.0.0.1:1/v1", key="TOY_KEY"))


@pytest.mark.parametrize("value", ["two words", "a\nb", "schlüssel", "tab\tkey"])
def test_a_value_that_can_be_no_key(monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("TOY_KEY", value)
    with pytest.raises(ConfigError, match="TOY_KEY") as error:
        ChatClient(endpoint("http", "m", "http://127.0.0.1:1/v1", key="TOY_KEY"))
    assert value not in str(error.value)


def test_a_password_of_netrc_is_not_used(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {KEY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        return web.Response(status=400, text="no")

    server = serve(handle)
    with ChatClient(replace(endpoint("vllm", "m"), base_url=server.url), LIMITS) as client:
        client.send_all([ChatRequest("1", {})])
    assert "Authorization" not in server.headers[0]
