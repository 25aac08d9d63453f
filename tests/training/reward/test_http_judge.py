"""The faithfulness reward by a judge model behind a server, as it is during training."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.types import Sample, Variant

pytest.importorskip("aiohttp")

OPTIONS = {"A": "the chair", "B": "the table"}
SAMPLE = Sample(
    id="toy/1",
    benchmark="toy",
    images=(),
    question="Which?",
    options=OPTIONS,
    answer="B",
    cluster="1",
)
PROMPT = Variant(id="v", sample=SAMPLE, name="base", options=OPTIONS, answer="B")
RIGHT = "<think>The red one is the table.</think><answer>B</answer>"
SPLIT = "<think>The red one is the chair.</think><answer>B</answer>"
NONSENSE = "<think>Nonsense about the table.</think><answer>B</answer>"
OVERLAPPING = 3


class Server(ThreadingHTTPServer):
    """Judges by the words of the thought; the first three are answered once all three are there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.together = threading.Barrier(OVERLAPPING)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = "\n".join(message["content"] for message in body["messages"])
        self.server.asked.append(text)
        if len(self.server.asked) <= OVERLAPPING:  # a judge may ask again after a bad reply
            self.server.together.wait(timeout=60)
        self._reply(_judged(text))

    def _reply(self, content: str) -> None:
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        data = json.dumps({"id": "x", "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _judged(text: str) -> str:
    if "Nonsense" in text:
        return "I would rather not say."
    consistent = "one is the table" in text
    verdict = "consistent" if consistent else "inconsistent"
    letter = "B" if consistent else "A"
    return json.dumps({"reason": "r", "concludes": letter, "verdict": verdict, "conflict": False})


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_served_judge_is_asked_at_once_and_only_once(server: Server) -> None:
    spec = f"llm:tester,base_url=http://127.0.0.1:{server.server_port}/v1"
    scorer = Scorer(RewardSettings(faithful=True, judge=spec))
    completions = [RIGHT, RIGHT, SPLIT, NONSENSE, RIGHT, SPLIT]
    parts = scorer.score([PROMPT] * 6, completions)
    assert [part.total for part in parts] == [1.1, 1.1, 0.1, None, 1.1, 0.1]
    assert parts[3].verdict == "failed"
    readable = [text for text in server.asked if "Nonsense" not in text]
    assert len(readable) == 2  # one request for each thought, and all of them were there at once
    before = len(server.asked)
    again = scorer.score([PROMPT] * 2, [SPLIT, RIGHT])
    assert [part.total for part in again] == [0.1, 1.1]
    assert len(server.asked) == before
