"""Thought and answer blocks: the only place that knows the tags and marks around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BlockProblem = Literal["no-answer", "open-think", "open-answer"]

OPEN_THINK, CLOSE_THINK = "<think>", "</think>"
OPEN_ANSWER, CLOSE_ANSWER = "<answer>", "</answer>"
TAGS = (OPEN_THINK, CLOSE_THINK, OPEN_ANSWER, CLOSE_ANSWER)
"""The tags, in the order in which they stand in a whole output."""

_TAG = r"<(/?)[ \t]{0,3}(think|answer)[ \t]{0,3}>"
TAG = re.compile(_TAG, re.IGNORECASE | re.ASCII)
"""Any of the tags as a model may write it; group 1 is the slash, group 2 the name."""
ANSWER_TAG = re.compile(r"<answer[ \t]{0,3}>", re.IGNORECASE)
"""The start of an answer as a model may write it."""

FAMILY_MARKS = (
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|channel>thought", "<channel|>"),  # Gemma 4
)
"""Marks around a thought that families write instead of `<think>` and `</think>`, as control
tokens: no thought holds them by chance, so they are read whatever the profile says."""

BOX_TOKENS = ("<|begin_of_box|>", "<|end_of_box|>")
"""Tokens around the answer of the GLM-V family."""

_OWN = {mark: closing for pair in FAMILY_MARKS for closing, mark in enumerate(pair)}
MARK = re.compile(f"(?i:{_TAG})|({'|'.join(map(re.escape, _OWN))})", re.ASCII)
"""Any tag, or any family's own mark of a thought; group 3 is the mark."""


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
        tail: where the text behind the last thought begins; 0 without a thought.
    """

    think: str | None
    answer: tuple[int, int] | None
    problem: BlockProblem | None
    answers: int
    tail: int = 0


def blocks(output: str) -> Blocks:
    """Walk the tags once: thoughts are opaque, so an answer inside a thought is part of it."""
    thoughts: list[str] = []
    before = 0  # thoughts that stand before the answer that counts
    answer: tuple[int, int] | None = None
    think_from: int | None = None
    answer_from: int | None = None
    opened, answers, tail = False, 0, 0
    for tag in MARK.finditer(output):
        closing, kind = _meaning(tag)
        if kind == "think" and not closing:
            if think_from is None and answer_from is None:
                think_from = tag.end()
            opened = True
        elif kind == "think":
            if not opened:  # the prompt's own template opened it: all until here was thought
                think_from, answer, answer_from, answers, opened = 0, None, None, 0, True
            if think_from is not None:
                thoughts.append(output[think_from : tag.start()].strip())
                think_from, tail = None, tag.end()
        elif think_from is None and not closing:
            answer_from = tag.end()
        elif think_from is None and answer_from is not None:
            answer, answer_from = (answer_from, tag.start()), None
            before, answers = len(thoughts), answers + 1
    if think_from is not None:
        said = _joined([*thoughts, output[think_from:].strip()])
        return Blocks(said, None, "open-think", 0, len(output))
    if answer_from is not None:
        return Blocks(_joined(thoughts), None, "open-answer", 0, tail)
    if answer is None:
        return Blocks(_joined(thoughts), None, "no-answer", 0, tail)
    return Blocks(_joined(thoughts[:before]), answer, None, answers, tail)


def _meaning(tag: re.Match[str]) -> tuple[bool, str]:
    """Say whether a tag or mark closes, and what."""
    if tag[3]:
        return bool(_OWN[tag[3]]), "think"
    return bool(tag[1]), tag[2].lower()


def opened_thought(text: str) -> str:
    """Return the mark of a thought that a text ends with, blanks aside; empty if there is none."""
    text = text.rstrip()
    marks = (OPEN_THINK, *(opens for opens, _ in FAMILY_MARKS))
    return next((mark for mark in marks if text.endswith(mark)), "")


def _joined(thoughts: list[str]) -> str | None:
    return "\n\n".join(thoughts) if thoughts else None
