"""Waits between attempts, and slots that adapt."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from unswayed.chat.pace import Pace, wait_s


@given(st.integers(1, 5000), st.integers(0, 99))
def test_a_wait_is_bounded(attempt: int, seed: int) -> None:
    wait = wait_s(attempt, 1.0, 60.0, None, random.Random(seed))
    assert 0.0 <= wait <= min(60.0, 2.0 ** min(attempt - 1, 6))


def test_waits_grow_and_differ() -> None:
    chance = random.Random(1)
    means = [sum(wait_s(k, 1.0, 999.0, None, chance) for _ in range(500)) / 500 for k in (1, 2, 4)]
    assert 0.4 < means[0] < 0.6
    assert 0.8 < means[1] < 1.2
    assert 3.2 < means[2] < 4.8


@given(st.integers(1, 9), st.floats(0, 100))
def test_what_the_server_asks_for_is_waited_for(attempt: int, asked: float) -> None:
    wait = wait_s(attempt, 1.0, 60.0, asked, random.Random(attempt))
    assert asked <= wait <= asked + 1.0


def test_slots_grow_by_one_a_success_and_stay_below_the_bound() -> None:
    pace = Pace(100)
    assert pace.slots == 32
    for _ in range(10):
        pace.well()
    assert pace.slots == 42
    for _ in range(500):
        pace.well()
    assert pace.slots == 100


def test_slots_are_cut_once_for_requests_that_were_in_flight_together() -> None:
    pace = Pace(20)
    begun = pace.cuts
    for _ in range(20):
        pace.busy(begun)
    assert pace.slots == 14
    pace.busy(pace.cuts)
    assert round(pace.slots, 1) == 9.8
    for _ in range(10):
        pace.well()  # about one a round
    assert 10.5 < pace.slots < 11.0
    for _ in range(99):
        pace.busy(pace.cuts)
    assert pace.slots == 1


def test_no_more_enter_than_there_are_slots() -> None:
    most = 0

    async def use(pace: Pace) -> None:
        nonlocal most
        await pace.enter()
        most = max(most, pace.taken)
        await asyncio.sleep(0)
        pace.leave()

    async def run() -> Pace:
        pace = Pace(3)
        await asyncio.gather(*(use(pace) for _ in range(50)))
        return pace

    assert asyncio.run(run()).taken == 0
    assert most == 3


def test_a_slot_of_one_who_was_cancelled_goes_to_the_next() -> None:
    async def run() -> bool:
        pace = Pace(1)
        await pace.enter()
        first, second = (asyncio.create_task(pace.enter()) for _ in range(2))
        await asyncio.sleep(0)
        pace.leave()
        first.cancel()
        await asyncio.wait([first, second])
        return second.exception() is None and pace.taken == 1

    assert asyncio.run(run())
