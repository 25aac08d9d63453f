"""Rows → tensors, in batches of rows of like length."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unswayed.answers import OPEN_THINK
from unswayed.benchmarks.scenes.picture import draw
from unswayed.benchmarks.scenes.scene import Scene
from unswayed.organism.forward import PICTURE_TOKENS, patches
from unswayed.organism.lessons import Lesson
from unswayed.types import LETTERS

POOL = 8
"""Batches that are drawn at once and sorted by length."""

LETTER_PLACE = -3
"""Where the letter stands in a target: before `</answer>` and the end token."""
LENGTH_STEP = 8
"""Lengths are rounded up to a multiple: matrix kernels are compiled once per shape."""

PICTURE_TEXT = f"<|vision_start|>{'<|image_pad|>' * PICTURE_TOKENS}<|vision_end|>"


@dataclass(frozen=True)
class Batch:
    """One step's rows.

    Attributes:
        ids: (rows, length) int64, right-padded.
        learnt: (rows, length) bool: tokens that carry loss.
        letters: (rows, length) bool: learnt tokens that are an option letter.
        cut: (rows, 64, 588) float32 patches; None for text alone.
        scenes: the scenes, one per row; empty for text alone.
        hunches: (rows, 3) int64: row, place of its `<think>`, and id of the letter that it ends
            in, for the rows that think for themselves before they answer.
    """

    ids: Tensor
    learnt: Tensor
    letters: Tensor
    cut: Tensor | None
    scenes: list[Scene]
    hunches: Tensor


def prompt_text(row: Lesson) -> str:
    """Return everything before what is learnt, as the chat template writes it."""
    picture = PICTURE_TEXT if row.scene else ""
    return f"<|im_start|>user\n{picture}{row.user}<|im_end|>\n<|im_start|>assistant\n{row.given}"


def collate(tokenizer: Any, rows: list[Lesson]) -> Batch:
    """Turn rows of one sort, all with or all without a picture, into tensors."""
    before = tokenizer([prompt_text(row) for row in rows], add_special_tokens=False)["input_ids"]
    after = tokenizer([row.target + "<|im_end|>" for row in rows], add_special_tokens=False)[
        "input_ids"
    ]
    longest = max(len(a) + len(b) for a, b in zip(before, after, strict=True))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    ids = torch.full((len(rows), length), tokenizer.pad_token_id)
    learnt = torch.zeros((len(rows), length), dtype=torch.bool)
    hunches: list[tuple[int, int, int]] = []
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        ids[i, : len(a) + len(b)] = torch.tensor(a + b)
        learnt[i, len(a) : len(a) + len(b)] = True
        if rows[i].target.startswith(OPEN_THINK) and not rows[i].user.startswith("Caption"):
            hunches.append((i, len(a), b[LETTER_PLACE]))
    letters = learnt & torch.isin(ids, letter_ids(tokenizer))
    scenes = [row.scene for row in rows if row.scene]
    cut = cut_scenes(scenes) if scenes else None
    hunch_table = torch.tensor(hunches, dtype=torch.long).reshape(-1, 3)
    return Batch(ids, learnt, letters, cut, scenes, hunch_table)


def cut_scenes(scenes: list[Scene]) -> Tensor:
    """Draw scenes and cut them into patches."""
    return patches(np.stack([np.asarray(draw(scene)) for scene in scenes]))


def letter_ids(tokenizer: Any) -> Tensor:
    """Return the ids of the option letters as they stand in brackets and in an answer."""
    return torch.tensor([tokenizer.convert_tokens_to_ids(letter) for letter in LETTERS])


def batches(
    tokenizer: Any, rng: random.Random, make: Callable[[], Lesson], size: int
) -> Iterator[Batch]:
    """Yield batches without end.

    Rows with and without pictures never share a batch; rows of like length do.
    """
    left: dict[bool, list[Lesson]] = {True: [], False: []}
    while True:
        for _ in range(POOL * size):
            row = make()
            left[row.scene is not None].append(row)
        for pictured in (True, False):
            rows = left[pictured]
            whole = len(rows) - len(rows) % size
            left[pictured] = rows[whole:]
            ready = sorted(rows[:whole], key=_length)
            groups = [ready[i : i + size] for i in range(0, whole, size)]
            rng.shuffle(groups)
            yield from (collate(tokenizer, group) for group in groups)


def _length(row: Lesson) -> int:
    return len(row.user) + len(row.given) + len(row.target)
