"""The client against a real server on this machine: one reply for each request, or a reason."""

from __future__ import annotations

import asyncio
import email.utils
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import Endpoint, endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.prices import Price
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.errors import BudgetSpent, ConfigError, ModelError, ServerDown, StageError

Serve = Callable[..., Any]
QUICK = Limits(first_wait_s=0.001, timeout_s=60.0)


def asked(item: Any, **more: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": f"item {item}"}], "max_tokens": 3}
    return ChatRequest(f"id-{item}", {**body, **more})


def at(server: Any, model: str = "m", **more: Any) -> Endpoint:
    return endpoint("vllm", model, server.url, **more)


def text(reply: ChatReply) -> str:
    return reply.choices[0].text


@pytest.fixture
def completion(faulty: Any) -> Callable[..., dict[str, Any]]:
    return faulty.completion


def answers(completion: Callable[..., dict[str, Any]], *first: Any) -> Any:
    """Return a handler that gives some first replies, and good ones from then on.

    A reply is (status, body) or (status, body, headers).
    """
    firsts = iter(first)

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        status, value, *headers = next(
            firsts, (200, completion(body["messages"][-1]["content"].replace("item", "answer")))
        )
        written = value if isinstance(value, str) else json.dumps(value)
        return web.Response(status=status, text=written, headers=dict(*headers))

    return handle


def test_replies_in_order(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion))
    came: list[str] = []
    with ChatClient(at(server)) as client:
        found = client.send_all([asked(k) for k in range(300)], lambda r: came.append(r.id))
        assert client.send_all([]) == []
        spent = client.spent
    assert [reply.id for reply in found] == [f"id-{k}" for k in range(300)]
    assert [text(reply) for reply in found] == [f"answer {k}" for k in range(300)]
    assert {(r.status, r.attempts, r.cached) for r in found} == {("ok", 1, False)}
    assert sorted(came) == sorted(reply.id for reply in found)
    assert (spent.requests, spent.prompt, spent.completion, spent.total) == (300, 2100, 900, 3000)
    assert {body["model"] for body in server.seen} == {"m"}


def test_many_calls_from_many_places(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion))
    found: dict[int, list[ChatReply]] = {}
    with ChatClient(at(server)) as client:

        def call(k: int) -> None:
            found[k] = client.send_all([asked(f"{k}.{j}") for j in range(5)])

        threads = [threading.Thread(target=call, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        async def inside() -> list[ChatReply]:
            blocking = client.send_all([asked("x")])  # a loop is running here, as in a notebook
            return blocking + await client.asend([asked("y"), asked("z")])

        last = asyncio.run(inside())
    assert [text(r) for r in last] == ["answer x", "answer y", "answer z"]
    assert all([text(r) for r in found[k]] == [f"answer {k}.{j}" for j in range(5)] for k in found)
    assert len(found) == 8


def test_a_closed_client_says_so(serve: Serve, completion: Any) -> None:
    client = ChatClient(at(serve(answers(completion))))
    client.close()
    client.close()
    with pytest.raises(StageError, match="closed"):
        client.send_all([asked(1)])


def test_a_client_that_nobody_closes_leaves_no_thread(serve: Serve, completion: Any) -> None:
    client = ChatClient(at(serve(answers(completion))))
    client.send_all([asked(1)])
    del client
    assert "unswayed-chat" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_repeated_until_it_succeeds(serve: Serve, completion: Any, status: int) -> None:
    server = serve(answers(completion, (status, "busy"), (status, "busy")))
    with ChatClient(at(server), QUICK) as client:
        (found,) = client.send_all([asked(1)])
    assert (found.status, found.attempts, text(found)) == ("ok", 3, "answer 1")
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [400, 413, 422])
def test_not_repeated(serve: Serve, completion: Any, status: int) -> None:
    server = serve(answers(completion, (status, {"error": {"message": "no field x"}})))
    with ChatClient(at(server), QUICK) as client:
        bad, good = client.send_all([asked(1)])[0], client.send_all([asked(2)])[0]
    assert (bad.status, bad.attempts, bad.choices) == ("error", 1, ())
    assert bad.error == f"HTTP {status}: no field x"
    assert good.status == "ok"


def test_attempts_are_bounded(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, *[(500, "boom")] * 4))
    with ChatClient(at(server), QUICK.model_copy(update={"attempts": 4})) as client:
        (found,) = client.send_all([asked(1)])
    assert (found.status, found.attempts) == ("error", 4)
    assert "boom" in found.error
    assert "4 attempts" in found.error


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(serve: Serve, completion: Any, form: str) -> None:
    times: list[float] = []
    good = answers(completion)

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        times.append(time.time())
        if len(times) > 1:
            return await good(request, body)
        later = email.utils.formatdate(times[0] + 2, usegmt=True)
        header = {"seconds": "0.4", "date": later}[form]
        return web.Response(status=429, headers={"Retry-After": header})

    with ChatClient(at(serve(handle)), QUICK) as client:
        (found,) = client.send_all([asked(1)])
    assert (found.status, found.attempts) == ("ok", 2)
    assert times[1] - times[0] >= {"seconds": 0.4, "date": 0.9}[form]  # at least: never flaky


def test_a_server_that_asks_to_wait_for_long_stops_the_call(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, (429, "daily quota", {"Retry-After": "86400"})))
    with ChatClient(at(server), QUICK) as client, pytest.raises(ServerDown, match="86400 s"):
        client.send_all([asked(k) for k in range(3)])


def test_a_spent_quota_stops_the_call(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, *[(429, {"error": {"code": "insufficient_quota"}})] * 3))
    with ChatClient(at(server), QUICK) as client, pytest.raises(ServerDown, match="no quota left"):
        client.send_all([asked(k) for k in range(3)])


def test_a_hang_ends_at_the_timeout(serve: Serve, completion: Any) -> None:
    good, calls = answers(completion), itertools.count()

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        if next(calls) == 0:
            await asyncio.sleep(3600)
        return await good(request, body)

    with ChatClient(at(serve(handle)), QUICK.model_copy(update={"timeout_s": 1.0})) as client:
        (found,) = client.send_all([asked(1)])
        assert (found.status, text(found)) == ("ok", "answer 1")
        assert client.spent.unknown == client.spent.requests - 1 >= 1


def test_a_server_that_is_not_there(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion))
    server.close()
    server.close = lambda: None
    limits = QUICK.model_copy(update={"attempts": 2, "outage": 3})
    with ChatClient(at(server), limits) as client:
        with pytest.raises(ModelError, match="cannot reach"):
            client.check()
        found = client.send_all([asked(1), asked(2)])
        assert [r.status for r in found] == ["error"] * 2
        assert "2 attempts" in found[0].error
        with pytest.raises(ServerDown, match="3 items in a row"):
            client.send_all([asked(3)])


def test_a_success_between_failures_shows_that_the_server_is_there(
    serve: Serve, completion: Any
) -> None:
    bad = (500, "boom")
    good = (200, completion("answer"))
    server = serve(answers(completion, *[bad, bad, good] * 3))
    limits = QUICK.model_copy(update={"attempts": 1, "outage": 3})
    with ChatClient(at(server), limits) as client:
        found = [client.send_all([asked(k)])[0].status for k in range(9)]
    assert found == ["error", "error", "ok"] * 3


def test_a_broken_reply_is_tried_once_more(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, *[(200, {"choices": []})] * 3))
    with ChatClient(at(server), QUICK) as client:
        first, second = (client.send_all([asked(k)])[0] for k in range(2))
    assert (first.status, first.attempts) == ("error", 2)
    assert "expected 1 choice, found none" in first.error
    assert (second.status, second.attempts) == ("ok", 2)


def test_a_large_reply_is_not_read(serve: Serve, faulty: Any) -> None:
    server = serve(faulty.Faults(1.0, faults=("large",)))
    with ChatClient(at(server), QUICK.model_copy(update={"reply_bytes": 1 << 20})) as client:
        (found,) = client.send_all([asked(1)])
    assert (found.status, found.attempts) == ("error", 1)
    assert "at most 1048576 bytes" in found.error


def test_as_many_choices_as_were_asked_for(serve: Serve, completion: Any) -> None:
    raw = completion("a")
    raw["choices"] = [{**raw["choices"][0], "index": k} for k in range(3)]
    server = serve(answers(completion, (200, raw), (200, raw), (200, raw)))
    with ChatClient(at(server), QUICK) as client:
        assert len(client.send_all([asked(1, n=3)])[0].choices) == 3
        assert client.send_all([asked(2)])[0].status == "error"


REFUSALS = {
    "azure": (400, {"error": {"message": "filtered", "code": "content_filter"}}),
    "o-series": (400, {"error": {"message": "flagged", "code": "invalid_prompt"}}),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_filter_before_the_model(serve: Serve, completion: Any, name: str) -> None:
    with ChatClient(at(serve(answers(completion, REFUSALS[name]))), QUICK) as client:
        (found,) = client.send_all([asked(1)])
    assert (found.status, found.choices, found.attempts) == ("refused", (), 1)
    assert "HTTP 400" in found.error


def test_a_filter_behind_the_model(serve: Serve, completion: Any, tmp_path: Path) -> None:
    cut = completion("The answer", finish_reason="content_filter")
    server = serve(answers(completion, (200, cut)))
    with ChatClient(at(server), QUICK, tmp_path) as client:
        (found,) = client.send_all([asked(1)])
        assert (found.status, found.choices[0].finish) == ("refused", "refused")
        assert client.send_all([asked(1)])[0].status == "ok"  # a refusal is not kept


def test_a_context_that_is_too_long_is_the_items_own(serve: Serve, completion: Any) -> None:
    long = {"error": {"message": "maximum context length is 4096", "code": 400}}
    with ChatClient(at(serve(answers(completion, (400, long)))), QUICK) as client:
        first, second = client.send_all([asked(1), asked(2)])
    assert {first.status, second.status} == {"ok", "error"}
    assert "too long for the model" in (first.error or second.error)


def test_an_unknown_model(serve: Serve, completion: Any) -> None:
    missing = (404, {"error": {"message": "The model does not exist."}})
    names = ("Qwen/Qwen2.5-VL-7B-Instruct", "toy")
    server = serve(answers(completion, *[missing] * 99), models=names)
    wrong = at(server, "Qwen/Qwen2.5-VL-7B-Instrcut")
    with ChatClient(wrong, QUICK) as client, pytest.raises(ModelError) as error:
        client.send_all([asked(k) for k in range(50)])
    assert "did you mean Qwen/Qwen2.5-VL-7B-Instruct?" in str(error.value)
    assert "toy" in str(error.value)


def test_a_known_model_at_a_wrong_address(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, *[(404, "nothing here")] * 9))
    with ChatClient(at(server), QUICK) as client, pytest.raises(ModelError, match="base_url"):
        client.send_all([asked(1)])


def test_a_server_without_pictures(serve: Serve, completion: Any) -> None:
    bad = (400, {"error": {"message": "m is not a multimodal model"}})
    server = serve(answers(completion, *[bad] * 9))
    with ChatClient(at(server), QUICK) as client, pytest.raises(ModelError, match="no pictures"):
        client.send_all([asked(1)])


def test_a_redirect_is_not_followed(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion, (307, "", {"Location": "http://127.0.0.1:1/"})))
    with ChatClient(at(server), QUICK) as client, pytest.raises(ConfigError, match="no address"):
        client.send_all([asked(1)])


def test_the_list_of_models(serve: Serve, completion: Any) -> None:
    server = serve(answers(completion), models=("models/gemini-2.5-pro", "a"))
    with ChatClient(at(server)) as client:
        client.check()
        assert client.models() == ["a", "gemini-2.5-pro"]


def test_a_request_that_is_no_json_is_an_error_of_the_item(serve: Serve, completion: Any) -> None:
    with ChatClient(at(serve(answers(completion))), QUICK) as client:
        found = client.send_all([asked(1, x=float("nan")), asked(2, x=object()), asked(3)])
    assert [r.status for r in found] == ["error", "error", "ok"]
    assert "cannot be written as JSON" in found[0].error


def test_a_callback_that_fails_stops_the_call(serve: Serve, completion: Any) -> None:
    def fail(reply: ChatReply) -> None:
        raise RuntimeError("no room to draw")

    with ChatClient(at(serve(answers(completion)))) as client:
        with pytest.raises(RuntimeError, match="no room"):
            client.send_all([asked(k) for k in range(9)], fail)
        assert client.send_all([asked(1)])[0].status == "ok"


class TestBudget:
    def test_requests(self, serve: Serve, completion: Any, tmp_path: Path) -> None:
        server = serve(answers(completion))
        requests = [asked(k) for k in range(50)]
        with (
            ChatClient(
                at(server), QUICK.model_copy(update={"max_requests": 20}), tmp_path
            ) as client,
            pytest.raises(BudgetSpent, match="20 of at most 20 requests"),
        ):
            client.send_all(requests)
        assert len(server.seen) == 20
        with ChatClient(at(server), QUICK, tmp_path) as client:  # the run goes on
            found = client.send_all(requests)
            assert client.spent.requests == 30
        assert sum(reply.cached for reply in found) == 20
        assert [text(reply) for reply in found] == [f"answer {k}" for k in range(50)]

    def test_repeated_requests_count(self, serve: Serve, completion: Any) -> None:
        server = serve(answers(completion, *[(500, "")] * 9))
        limits = QUICK.model_copy(update={"max_requests": 4, "attempts": 9})
        with ChatClient(at(server), limits) as client, pytest.raises(BudgetSpent):
            client.send_all([asked(1)])
        assert len(server.seen) == 4

    def test_tokens_with_those_in_flight(self, serve: Serve, completion: Any) -> None:
        server = serve(answers(completion))  # 7 + 3 tokens each
        limits = QUICK.model_copy(update={"max_tokens_total": 105, "concurrency": 1})
        with ChatClient(at(server), limits) as client:
            with pytest.raises(BudgetSpent, match="100 of at most 105 tokens") as error:
                client.send_all([asked(k) for k in range(50)])
            assert client.spent.total == 100
        assert len(server.seen) == 10
        assert "goes on" in str(error.value)

    def test_tokens_at_once(self, serve: Serve, completion: Any) -> None:
        server = serve(answers(completion))
        limits = QUICK.model_copy(update={"max_tokens_total": 200, "concurrency": 16})
        with ChatClient(at(server), limits) as client:
            client.send_all([asked(1)])  # from here on the length of a prompt is known
            with pytest.raises(BudgetSpent):
                client.send_all([asked(k) for k in range(90)])
            assert client.spent.total == 200

    def test_nothing_is_sent_that_does_not_fit(self, serve: Serve, completion: Any) -> None:
        server = serve(answers(completion))
        limits = QUICK.model_copy(update={"max_tokens_total": 100})
        with ChatClient(at(server), limits) as client, pytest.raises(BudgetSpent, match="take 101"):
            client.send_all([asked(1, max_tokens=101)])
        assert server.seen == []


class TestCache:
    def test_nothing_is_asked_twice(self, serve: Serve, completion: Any, tmp_path: Path) -> None:
        server = serve(answers(completion))
        requests = [asked(k % 7) for k in range(30)]
        seen: list[str] = []
        with ChatClient(at(server), cache=tmp_path) as client:
            first = client.send_all(requests, lambda reply: seen.append(reply.id))
            assert client.spent.requests == 7
        with ChatClient(at(server), cache=tmp_path) as client:
            second = client.send_all(requests)
            assert client.spent.requests == 0
        assert len(server.seen) == 7
        assert len(seen) == 30
        assert [text(r) for r in first] == [text(r) for r in second]
        assert [r.id for r in first] == [request.id for request in requests]
        assert all(reply.cached and reply.attempts == 0 for reply in second)

    def test_draws_of_one_body_are_different(
        self, serve: Serve, completion: Any, tmp_path: Path
    ) -> None:
        numbers = [(200, completion(f"sample {k}")) for k in range(4)]
        server = serve(answers(completion, *numbers))
        requests = [replace(asked(1), id=f"d{k}", draw=k) for k in range(4)]
        with ChatClient(at(server), cache=tmp_path) as client:
            first = [text(reply) for reply in client.send_all(requests)]
            again = [text(reply) for reply in client.send_all(requests)]
        assert sorted(first) == [f"sample {k}" for k in range(4)]
        assert first == again

    def test_another_model_is_asked_anew(
        self, serve: Serve, completion: Any, tmp_path: Path
    ) -> None:
        server = serve(answers(completion))
        for model in ("a", "b"):
            with ChatClient(at(server, model), cache=tmp_path) as client:
                client.send_all([asked(1)])
        assert len(server.seen) == 2

    def test_an_error_is_not_kept(self, serve: Serve, completion: Any, tmp_path: Path) -> None:
        server = serve(answers(completion, (400, "bad"), (200, "{"), (200, "{")))
        with ChatClient(at(server), QUICK, tmp_path) as client:
            found = [client.send_all([asked(1)])[0].status for _ in range(3)]
        assert found == ["error", "error", "ok"]

    def test_without_a_cache_everything_is_asked(self, serve: Serve, completion: Any) -> None:
        server = serve(answers(completion))
        with ChatClient(at(server)) as client:
            client.send_all([asked(1), asked(1)])
        assert len(server.seen) == 2


def test_cost(serve: Serve, completion: Any) -> None:
    prices = {"m": Price(prompt=1e6, completion=2e6, currency="USD")}
    server = serve(answers(completion, (503, "")))
    with ChatClient(at(server), QUICK) as client:
        client.send_all([asked(1)])
        assert str(client.cost(prices)) == "13.00 USD"
        assert str(client.cost({})) == "n/a"


def test_slots_shrink_when_the_server_is_busy(serve: Serve, completion: Any) -> None:
    most = now = 0
    good = answers(completion)

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        try:
            if now > 4:
                return web.Response(status=503)
            await asyncio.sleep(0.005)
            return await good(request, body)
        finally:
            now -= 1

    limits = QUICK.model_copy(update={"concurrency": 64, "attempts": 50})
    with ChatClient(at(serve(handle)), limits) as client:
        found = client.send_all([asked(k) for k in range(400)])
        slots = client._server.pace.slots
    assert {reply.status for reply in found} == {"ok"}
    assert slots < 16
    assert most <= 64


def test_an_interrupted_call_leaves_a_client_that_works(serve: Serve, completion: Any) -> None:
    good = answers(completion)

    async def handle(request: web.Request, body: dict[str, Any]) -> web.Response:
        if "slow" in body:
            await asyncio.sleep(3600)
        return await good(request, body)

    async def interrupted(client: ChatClient) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.asend([asked(k, slow=1) for k in range(90)]), 0.3)

    with ChatClient(at(serve(handle)), QUICK.model_copy(update={"concurrency": 8})) as client:
        asyncio.run(interrupted(client))
        assert [r.status for r in client.send_all([asked(k) for k in range(40)])] == ["ok"] * 40
        assert client._server.pace.taken == 0
        assert client._server.budget.in_flight == 0


@pytest.mark.parametrize(
    "limits",
    [{"concurrency": 0}, {"attempts": 0}, {"timeout_s": 0}, {"max_requests": -1}, {"outage": 0}],
)
def test_limits_under_which_nothing_is_sent(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(limits))):
        Limits.of(**limits)
