"""Thousands of requests to a server of which one reply in five is a fault."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.records import ChatRequest

LIMITS = Limits(timeout_s=3.0, first_wait_s=0.005, reply_bytes=1 << 20, concurrency=64)


@pytest.mark.slow
@pytest.mark.parametrize("logprobs", [False, True])
def test_every_record_is_accounted_for(serve: Any, faulty: Any, logprobs: bool) -> None:
    n = 2000 if not logprobs else 400
    faults = faulty.Faults(0.2, seed=int(logprobs))
    server = serve(faults)
    more = {"logprobs": True, "top_logprobs": 20} if logprobs else {}
    requests = [
        ChatRequest(f"r{k}", {"messages": [{"role": "user", "content": f"item {k}"}], **more})
        for k in range(n)
    ]
    delivered: Counter[str] = Counter()
    with ChatClient(endpoint("vllm", "m", server.url), LIMITS) as client:
        replies = client.send_all(requests, lambda reply: delivered.update([reply.id]))
        spent = client.spent
    # every record, in order, and none twice
    assert [reply.id for reply in replies] == [request.id for request in requests]
    assert set(delivered.values()) == {1}
    assert len(delivered) == n
    # no fault is an answer, and no answer is another's
    assert faulty.POISON not in repr(replies)
    for k, reply in enumerate(replies):
        met = faults.log[str(k)]
        assert reply.attempts == len(met)
        if reply.status == "ok":
            assert [choice.text for choice in reply.choices] == [f"answer {k}"]
            assert reply.error is None
            assert met[-1] == "ok"
        else:
            assert (reply.status, reply.choices) == ("error", ())
            assert reply.error
            assert met[-1] != "ok"
    # what was sent is what was served
    served = [met for log in faults.log.values() for met in log]
    assert spent.requests == len(served)
    lost = [met for met in served if met not in ("ok", *faulty.TURNED_AWAY)]
    assert spent.unknown == len(lost)
    # the proof that all kinds of faults were met, and that most were overcome
    assert set(faulty.FAULTS) <= set(served)
    assert 0.15 < 1 - served.count("ok") / len(served) < 0.25
    assert sum(reply.status == "ok" for reply in replies) > 0.9 * n
