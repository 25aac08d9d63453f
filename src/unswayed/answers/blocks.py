"""Thought and answer blocks: the only place that knows the tags around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BlockProblem = Literal["no-answer", "open-think", "open-answer"]

OPEN_THINK, CLOSE_THINK = "<think>", "</think>"
OPEN_ANSWER, CLOSE_ANSWER = "<answer>", "</answer>"
TAGS = (OPEN_THINK, CLOSE_THINK, OPEN_ANSWER, CLOSE_ANSWER)
"""The tags, in the order in which they stand in a whole output."""

TAG = re.compile(r"<(/?)(think|answer)>", re.IGNORECASE | re.ASCII)
"""Any of the tags as a model may write it; group 1 is the slash, group 2 the name."""
ANSWER_TAG = re.compile(OPEN_ANSWER, re.IGNORECASE)
"""The start of an answer as a model may write it."""


def think_block(thought: str) -> str:
    """Return a thought between its tags."""
    return f"{OPEN_THINK}{thought}{CLOSE_THINK}"


def answer_block(answer: str) -> str:
    """Return an answer between its tags."""
    return f"{OPEN_ANSWER}{answer}{CLOSE_ANSWER}"


@dataclass(frozen=True)
class Blocks:
    """The thought and the answer of an output.

    Attributes:
        think: text of the thoughts that stand before the answer, joined; None without one.
        answer: where the text of the answer that counts lies; None without an answer block.
        problem: why there is no answer; None if there is one.
        answers: number of answer blocks.
    """

    think: str | None
    answer: tuple[int, int] | None
    problem: BlockProblem | None
    answers: int


def blocks(output: str) -> Blocks:
    """Walk the tags once: thoughts are opaque, so an answer inside a thought is part of it."""
    thoughts: list[str] = []
    before = 0  # thoughts that stand before the answer that counts
    answer: tuple[int, int] | None = None
    think_from: int | None = None
    answer_from: int | None = None
    opened, answers = False, 0
    for tag in TAG.finditer(output):
        closing, kind = bool(tag[1]), tag[2].lower()
        if kind == "think" and not closing:
            if think_from is None and answer_from is None:
                think_from = tag.end()
            opened = True
        elif kind == "think":
            if not opened:  # the prompt's own template opened it: all until here was thought
                think_from, answer, answer_from, answers, opened = 0, None, None, 0, True
            if think_from is not None:
                thoughts.append(output[think_from : tag.start()].strip())
                think_from = None
        elif think_from is None and not closing:
            answer_from = tag.end()
        elif think_from is None and answer_from is not None:
            answer, answer_from = (answer_from, tag.start()), None
            before, answers = len(thoughts), answers + 1
    if think_from is not None:
        return Blocks(_joined([*thoughts, output[think_from:].strip()]), None, "open-think", 0)
    if answer_from is not None:
        return Blocks(_joined(thoughts), None, "open-answer", 0)
    if answer is None:
        return Blocks(_joined(thoughts), None, "no-answer", 0)
    return Blocks(_joined(thoughts[:before]), answer, None, answers)


def _joined(thoughts: list[str]) -> str | None:
    return "\n\n".join(thoughts) if thoughts else None


def forced_opening(think: str | None, problem: str | None) -> str:
    """Return what opens an answer behind an output that has none; it ends an open thought first.

    Args:
        think: the output's thought; None without one.
        problem: why it has no answer.
    """
    closed = think is not None and problem != "open-think"
    return OPEN_ANSWER if closed else CLOSE_THINK + OPEN_ANSWER
