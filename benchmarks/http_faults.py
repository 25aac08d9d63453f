"""Does the chat client account for every request when one reply in five is a fault?

Run `python benchmarks/http_faults.py [--requests N] [--rate R] [--logprobs]`. A server in this
process fails as servers do (429 with Retry-After, 500, 503, a hang, a reset in the body, JSON cut
off, another shape, no choices, NaN, a key given twice, 10 MB), and keeps a record of what each
attempt met. What the client says came is set beside what the server says it sent; the exit status
is 1 if they differ, if a record is missing or there twice, or if a fault became an answer.

A second client with the same cache then sends the same again: only what failed may be asked again.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits, Spent
from unswayed.chat.records import ChatReply, ChatRequest

SERVER = Path(__file__).parents[1] / "tests" / "chat" / "fault_server.py"
Log = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Round:
    """What one pass over the requests came to."""

    replies: list[ChatReply]
    delivered: Counter[str]
    spent: Spent
    seconds: float


def main() -> None:
    """Send twice, compare and print."""
    options = _options()
    module = _server_module()
    faults = module.Faults(options.rate, options.seed)
    server = module.Served(faults)
    requests = [_request(k, options.logprobs) for k in range(options.requests)]
    limits = Limits(
        concurrency=options.concurrency,
        timeout_s=options.timeout,
        first_wait_s=0.01,
        reply_bytes=1 << 20,
    )
    with TemporaryDirectory(prefix="unswayed-faults-") as folder:
        first = _send(server.url, limits, Path(folder), requests)
        wrong = [*_wrong(module.POISON, requests, first, faults.log)]
        log = {item: [*met] for item, met in faults.log.items()}
        faults.rate = 0.0
        second = _send(server.url, limits, Path(folder), requests)
    server.close()
    failed = sum(reply.status != "ok" for reply in first.replies)
    _print(first, log)
    print(f"second pass, same cache: {second.spent.requests} requests for {failed} that had failed")
    if second.spent.requests != failed:
        wrong.append("the second pass asked for something that it had, or not for what it had not")
    for line in wrong[:10]:
        print(f"WRONG: {line}")
    print(f"differences between client and server: {len(wrong)}")
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0.2, help="share of attempts that fail")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--logprobs", action="store_true")
    return parser.parse_args()


def _server_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fault_server", SERVER)
    if spec is None or spec.loader is None:
        raise SystemExit(f"expected the server at {SERVER}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _request(number: int, logprobs: bool) -> ChatRequest:
    more = {"logprobs": True, "top_logprobs": 20} if logprobs else {}
    messages = [{"role": "user", "content": f"item {number}"}]
    return ChatRequest(f"r{number}", {"messages": messages, **more})


def _send(url: str, limits: Limits, cache: Path, requests: Sequence[ChatRequest]) -> Round:
    delivered: Counter[str] = Counter()
    start = time.perf_counter()
    with ChatClient(endpoint("vllm", "m", url), limits, cache) as client:
        replies = client.send_all(requests, lambda reply: delivered.update([reply.id]))
        return Round(replies, delivered, client.spent, time.perf_counter() - start)


def _wrong(poison: str, requests: Sequence[ChatRequest], sent: Round, log: Log) -> Iterator[str]:
    """Yield what the client says and the server does not, or what cannot be."""
    if [reply.id for reply in sent.replies] != [request.id for request in requests]:
        yield "the replies are not one for each request in their order"
    if len(sent.delivered) != len(requests) or set(sent.delivered.values()) != {1}:
        yield "not every reply was delivered just once"
    served = sum(len(met) for met in log.values())
    if sent.spent.requests != served:
        yield f"{sent.spent.requests} requests were sent, {served} were served"
    for reply in sent.replies:
        item = reply.id[1:]
        texts, last = [choice.text for choice in reply.choices], log[item][-1]
        right = texts == [f"answer {item}"] if reply.status == "ok" else not texts
        if (reply.status == "ok") != (last == "ok") or not right or poison in repr(reply):
            yield f"{reply.id}: {reply.status} {texts} after {log[item]}"
        if reply.attempts != len(log[item]):
            yield f"{reply.id}: {reply.attempts} attempts, {len(log[item])} were served"


def _print(sent: Round, log: Log) -> None:
    met = Counter(each for attempts in log.values() for each in attempts)
    states = Counter(reply.status for reply in sent.replies)
    faults = sum(met.values()) - met["ok"]
    print(f"{len(sent.replies)} requests, {sum(met.values())} attempts, {faults} of them faults")
    print("met: " + ", ".join(f"{name} {count}" for name, count in sorted(met.items())))
    print("records: " + ", ".join(f"{count} {status}" for status, count in sorted(states.items())))
    tries = Counter(reply.attempts for reply in sent.replies)
    print("attempts a record: " + ", ".join(f"{k}: {n}" for k, n in sorted(tries.items())))
    causes = Counter((reply.error or "")[:48] for reply in sent.replies if reply.error)
    for cause, count in causes.most_common(6):
        print(f"  {count:5} × {cause}")
    rate = len(sent.replies) / sent.seconds
    print(f"{sent.seconds:.1f} s, {rate:.0f} records/s; tokens: {sent.spent.total}", end=" ")
    print(f"(unknown of {sent.spent.unknown} attempts)")


if __name__ == "__main__":
    main()
