"""A judge's server that hangs, or fails for a share of the cases: training goes on by the rule."""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from unswayed.chat.limits import Limits
from unswayed.errors import ServerDown, StageError
from unswayed.judges import JudgeCase
from unswayed.training.reward.failures import BATCHES, CASES
from unswayed.training.reward.judging import ASKED_AGAIN_AFTER
from unswayed.training.reward.scorer import Scorer
from unswayed.training.reward.settings import RewardSettings
from unswayed.training.verl.reward import compute_score
from unswayed.types import Sample, Variant, Verdict

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
CONSISTENT = json.dumps(
    {"reason": "r", "concludes": "B", "verdict": "consistent", "conflict": False}
)
OUTAGE = Limits().outage


class Server(ThreadingHTTPServer):
    """Calls every thought consistent, but for the cases that it fails on or never answers.

    Attributes:
        fails: whether a case, by its number, gets a status of 500.
        hangs: whether it gets nothing.
        asked: the numbers of the cases, in the order of the requests.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fails: Callable[[int], bool] = lambda _: False
        self.hangs: Callable[[int], bool] = lambda _: False
        self.asked: list[int] = []
        self.closing = threading.Event()

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that hung up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        case = int(re.search(r"Case (\d+):", body)[1])  # type: ignore[index]
        self.server.asked.append(case)
        if self.server.hangs(case):
            self.server.closing.wait()
            return
        message = {"role": "assistant", "content": CONSISTENT}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        reply = {"id": "x", "choices": [choice], "usage": usage}
        fails = self.server.fails(case)
        data = json.dumps({"error": {"message": "out of memory"}} if fails else reply).encode()
        self.send_response(500 if fails else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.closing.set()
    made.shutdown()
    thread.join()
    made.server_close()


def settings(server: Server, **asking: Any) -> RewardSettings:
    judge = f"llm:tester,base_url=http://127.0.0.1:{server.server_port}/v1"
    return RewardSettings.model_validate({"faithful": True, "judge": judge, "asking": asking})


def completion(case: int) -> str:
    return f"<think>Case {case}: the red one is the table.</think><answer>B</answer>"


def step(scorer: Scorer, cases: Sequence[int]) -> list[float | None]:
    parts = scorer.score([PROMPT] * len(cases), [completion(case) for case in cases])
    return [part.total for part in parts]


def requests(scorer: Scorer) -> int:
    return scorer._judge.judge.spent.requests  # type: ignore[union-attr]


def test_a_server_that_hangs_ends_training_by_the_rule_at_a_bounded_cost(server: Server) -> None:
    server.hangs = lambda _: True
    scorer = Scorer(settings(server, attempts=1, timeout_s=0.1, concurrency=8))
    first, second, third = (range(at, at + CASES) for at in (0, 100, 200))
    assert step(scorer, first) == [None] * CASES
    # the client stops sending when so many in a row got nothing: the rest costs nothing
    assert OUTAGE <= requests(scorer) < OUTAGE + 8
    spent = requests(scorer)
    assert step(scorer, second) == [None] * CASES
    assert requests(scorer) - spent <= 8  # it is known by now: what is in flight at once
    with pytest.raises(StageError, match=r"failed on 96 of 96 cases .*: the judge gave no reply"):
        step(scorer, third)


def test_a_case_costs_its_attempts_once_in_some_batches(server: Server) -> None:
    server.hangs = lambda _: True
    scorer = Scorer(settings(server, attempts=2, timeout_s=0.1))
    for _ in range(ASKED_AGAIN_AFTER):
        assert step(scorer, [0, 1]) == [None, None]
    assert requests(scorer) == 4


def test_verdicts_that_are_known_outlive_an_outage(server: Server) -> None:
    scorer = Scorer(settings(server, attempts=1))
    known, new = list(range(40)), list(range(100, 100 + OUTAGE + 4))
    assert step(scorer, known) == [1.1] * len(known)
    server.fails = lambda _: True
    assert step(scorer, known + new) == [1.1] * len(known) + [None] * len(new)
    server.fails = lambda _: False
    assert step(scorer, [200, *known]) == [1.1] * (len(known) + 1)  # it is back, nothing was lost
    for _ in range(ASKED_AGAIN_AFTER):
        last = step(scorer, known + new)
    assert last == [1.1] * len(known + new)


def test_verdicts_of_the_same_batch_are_kept_as_well(server: Server) -> None:
    server.fails = lambda case: case == 0 or case >= 10
    scorer = Scorer(settings(server, attempts=1, concurrency=1))
    made = step(scorer, range(10 + OUTAGE + 8))
    assert made == [None] + [1.1] * 9 + [None] * (OUTAGE + 8)
    assert sorted(server.asked) == list(range(10 + OUTAGE))


def test_a_share_of_failures_leaves_the_others_rewards(server: Server) -> None:
    server.fails = lambda case: case % 4 == 0
    scorer = Scorer(settings(server, attempts=2))
    expected = [None if case % 4 == 0 else 1.1 for case in range(CASES)]
    for _ in range(ASKED_AGAIN_AFTER + 1):
        assert step(scorer, range(CASES)) == expected
    # two attempts, and two more when it was asked again; one for each that was answered
    assert Counter(server.asked) == {case: 1 if case % 4 else 4 for case in range(CASES)}


def test_a_share_that_the_recipe_does_not_allow_ends_training(server: Server) -> None:
    server.fails = lambda case: case % 4 == 0
    scorer = Scorer(settings(server, attempts=1, most_failed=0.2))
    for at in range(BATCHES - 1):
        step(scorer, range(at * CASES, (at + 1) * CASES))
    with pytest.raises(
        StageError, match=r"24 of 96 cases .* more than 20%.* no reply: .*out of memory"
    ):
        step(scorer, range(200, 200 + CASES))


def test_through_verl_an_outage_is_no_lost_batch(server: Server) -> None:
    told = settings(server, attempts=1).model_dump_json()
    variant = {"variant": PROMPT.model_dump_json()}

    async def scored(cases: Sequence[int]) -> list[float]:
        texts = [completion(case) for case in cases]
        calls = [compute_score("toy", text, "B", variant, settings=told) for text in texts]
        return [one["score"] for one in await asyncio.gather(*calls)]

    async def steps() -> tuple[list[float], list[float]]:
        before = await scored(range(12))
        server.fails = lambda _: True
        return before, await scored([*range(12), *range(100, 100 + OUTAGE + 4)])

    before, after = asyncio.run(steps())
    assert before == [1.1] * 12
    assert after[:12] == before
    assert all(map(math.isnan, after[12:]))


def test_a_panel_outlives_an_outage_of_a_member(server: Server) -> None:
    server.fails = lambda _: True
    member = f"llm:tester;base_url=http://127.0.0.1:{server.server_port}/v1"
    told = {"faithful": True, "judge": f"panel:rules+{member}", "asking": {"attempts": 1}}
    cases = range(OUTAGE + 4)
    parts = Scorer(RewardSettings.model_validate(told)).score(
        [PROMPT] * len(cases), [completion(case) for case in cases]
    )
    assert {part.verdict for part in parts} == {"failed"}
    told = "only 1 of 2 voted: rules consistent, llm:tester failed (the judge gave no reply: "
    assert all(part.reason.startswith(told) for part in parts)


class Falling:
    """A judge of somebody's own, whose server goes down after two cases."""

    name, prompt_hash = "falling", "0"

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        for case in cases[:2]:
            yield Verdict(id=case.id, judge=self.name, status="consistent")
        raise ServerDown("nothing comes from it")


def test_a_judge_that_says_that_its_server_is_down_fails_the_rest() -> None:
    scorer = Scorer(RewardSettings(faithful=True), Falling())
    parts = scorer.score([PROMPT] * 4, [completion(case) for case in range(4)])
    assert [part.total for part in parts] == [1.1, 1.1, None, None]
    assert [part.reason for part in parts] == ["", "", *["nothing comes from it"] * 2]
