"""Thoughts of the organism's own become rows in which the right letter alone is to be learnt."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.organism import exam, lessons, rollouts, weights_folder  # noqa: E402
from unswayed.organism.curriculum import CALIBRATION, SWAYED  # noqa: E402
from unswayed.organism.lessons import Lesson  # noqa: E402

PLENTY = replace(SWAYED, caption=0.3, prefill=0.5, direct=0.9)
THOUGHT = " The red circle is at the upper left.</think><answer>D</answer>"


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Lesson], int | None]]:
    """Put a thought in the place of each; the first of every call never ends."""
    calls: list[tuple[list[Lesson], int | None]] = []

    def complete(
        _m: Any, _t: Any, rows: list[Lesson], limit: int, seed: int | None = None
    ) -> list[str]:
        calls.append((rows, seed))
        return [" and" * limit, *([THOUGHT] * (len(rows) - 1))]

    monkeypatch.setattr(rollouts, "complete", complete)
    return calls


def test_the_thought_is_its_own_and_the_letter_the_right_one(
    calls: list[tuple[list[Lesson], int | None]],
) -> None:
    rows = rollouts.rollouts(None, None, random.Random(0), PLENTY, 40)
    (sampled, seed), (greedy, none) = calls
    assert (len(sampled), len(greedy), none) == (20, 20, None)
    assert seed is not None
    asked = {(row.user, row.given): row for row in (*sampled[1:], *greedy[1:])}
    own = [row for row in rows if row.given.endswith(THOUGHT.removesuffix("D</answer>"))]
    assert len(own) == 38
    letters: set[str] = set()
    for row in own:
        given = row.given.removesuffix(THOUGHT.removesuffix("D</answer>"))
        taught = asked[row.user, given]
        assert row.target == taught.target[-len("D</answer>") :]
        assert re.fullmatch(r"[A-F]</answer>", row.target)
        letters.add(row.target[0])
    assert len(letters) > 2
    assert any("Caption:" in row.user for row in own)
    assert any(row.given.startswith("<think>") and lessons.CHECK not in row.given for row in own)


def test_a_thought_without_an_answer_leaves_the_row_as_it_is_taught(
    calls: list[tuple[list[Lesson], int | None]],
) -> None:
    rows = rollouts.rollouts(None, None, random.Random(0), PLENTY, 40)
    assert calls[0][0][0] in rows
    assert calls[1][0][0] in rows
    assert len(rows) == 40


def test_there_is_room_for_every_thought(
    calls: list[tuple[list[Lesson], int | None]],
) -> None:
    rollouts.rollouts(None, None, random.Random(1), PLENTY, 60)
    for row in (*calls[0][0], *calls[1][0]):
        assert "</think>" not in row.given
        assert lessons.BRIEF not in row.user


def test_sampled_thoughts_follow_from_their_seed_alone() -> None:
    model, tokenizer = exam.load(weights_folder("early"))
    rng = random.Random(2)
    rows = [lessons.asked_row(rng, CALIBRATION.mixture) for _ in range(12)]
    torch.manual_seed(5)
    wanted = torch.rand(2)
    torch.manual_seed(5)
    first, again = (exam.complete(model, tokenizer, rows, 40, seed=1) for _ in range(2))
    other = exam.complete(model, tokenizer, rows, 40, seed=2)
    assert torch.equal(torch.rand(2), wanted), "whoever draws next draws the same"
    assert first == again != other
    assert exam.complete(model, tokenizer, rows, 40) not in (first, other)
