"""A server's other routes: asked again after what may pass, and never blamed on the user."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("aiohttp")

from aiohttp import web

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.errors import ConfigError, ServerDown, StageError

QUICK = Limits(first_wait_s=0.001, timeout_s=0.3, attempts=3)
Serve = Callable[..., Any]


def route(*first: Any) -> tuple[Any, list[int]]:
    """Return a handler that gives some first replies and a good one from then on, and its count.

    A reply is (status, headers), or `hang`.
    """
    firsts, count = iter(first), [0]

    async def handle(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        count[0] += 1
        reply = next(firsts, (200, {}))
        if reply == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, headers = reply
        text = json.dumps({"tokens": [1]} if status == 200 else {"error": {"message": "sorry"}})
        return web.Response(status=status, text=text, headers=headers)

    return handle, count


def ask(server: Any, limits: Limits = QUICK, **more: Any) -> Any:
    with ChatClient(endpoint("vllm", "m", server.url, **more), limits) as client:
        return client.ask(f"{server.url}/chat/completions", {"prompt": "x"})


@pytest.mark.parametrize("fault", [(503, {}), (429, {"Retry-After": "0"}), (500, {}), "reset"])
def test_what_may_pass_is_asked_again(serve: Serve, fault: Any) -> None:
    handle, count = route(fault)
    answer = ask(serve(handle))
    assert (answer.status, json.loads(answer.data)) == (200, {"tokens": [1]})
    assert count[0] == 2


@pytest.mark.parametrize("fault", [(503, {}), "reset"])
def test_a_server_that_stays_down_is_no_mistake_of_the_user(serve: Serve, fault: Any) -> None:
    handle, count = route(*[fault] * 9)
    with pytest.raises(ServerDown, match="no answer in 3 attempts") as error:
        ask(serve(handle))
    assert isinstance(error.value, StageError)
    assert error.value.exit_code == 1
    assert count[0] == 3


def test_a_server_that_asks_to_wait_for_long_ends_it(serve: Serve) -> None:
    handle, count = route((503, {"Retry-After": "86400"}))
    with pytest.raises(ServerDown, match="86400 s"):
        ask(serve(handle))
    assert count[0] == 1


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_other_answers_are_the_callers(serve: Serve, status: int) -> None:
    handle, count = route((status, {}))
    assert ask(serve(handle)).status == status
    assert count[0] == 1


def test_a_key_that_is_not_taken_is_named_and_not_shown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "s3cret-value")
    handle, _ = route((401, {}))
    with pytest.raises(ConfigError, match="TOY_KEY") as error:
        ask(serve(handle), key="TOY_KEY")
    assert "s3cret" not in str(error.value)


def test_it_counts_towards_no_limit(serve: Serve) -> None:
    handle, _ = route()
    assert ask(serve(handle), QUICK.model_copy(update={"max_requests": 0})).status == 200
