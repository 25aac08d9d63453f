"""Rows → arrays, in blocks of batches of rows of like length.

A block follows from its own seed, so that other processes can make it ahead of the training
(`unswayed.organism.supply`), and a resumed training begins at any batch of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unswayed.answers import OPEN_THINK
from unswayed.benchmarks.scenes.picture import draw
from unswayed.benchmarks.scenes.scene import Scene
from unswayed.organism import lessons
from unswayed.organism.alignment import labels
from unswayed.organism.forward import PICTURE_TOKENS
from unswayed.organism.lessons import Lesson
from unswayed.organism.mixtures import Mixture
from unswayed.types import LETTERS

POOL = 8
"""Batches of a block: their rows are drawn at once and sorted by length."""

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
        pictures: (rows, 112, 112, 3) uint8; None for text alone.
        labels: what the picture tokens show, from `alignment.labels`; empty for text alone.
        hunches: (rows, 3) int64: row, place of its `<think>`, and id of the letter that it ends
            in, for the rows that think for themselves before they answer.
    """

    ids: NDArray[np.int64]
    learnt: NDArray[np.bool_]
    letters: NDArray[np.bool_]
    pictures: NDArray[np.uint8] | None
    labels: dict[str, NDArray[np.int64]]
    hunches: NDArray[np.int64]


@dataclass(frozen=True)
class RowBlock:
    """What the rows of POOL batches are made from.

    Attributes:
        seed_text: decides every row that is not given.
        lesson: `letters` (text alone), `vision` or `scenes`.
        mixture: what the rows are, for `scenes`.
        size: rows in a batch.
        own: rows to take as they are, in the place of as many with a picture.
    """

    seed_text: str
    lesson: str
    mixture: Mixture
    size: int
    own: tuple[Lesson, ...] = ()

    def wordless(self) -> int:
        """Return how many of the batches are of text alone: all have a picture, or none has."""
        if self.lesson != "scenes":
            return POOL if self.lesson == "letters" else 0
        rng = random.Random(f"{self.seed_text}/wordless")
        return sum(rng.random() < self.mixture.letters for _ in range(POOL))


def prompt_text(row: Lesson) -> str:
    """Return everything before what is learnt, as the chat template writes it."""
    picture = PICTURE_TEXT if row.scene else ""
    return f"<|im_start|>user\n{picture}{row.user}<|im_end|>\n<|im_start|>assistant\n{row.given}"


def batches(tokenizer: Any, block: RowBlock) -> list[Batch]:
    """Make the batches of a block, in the order in which they are learnt from."""
    rng = random.Random(block.seed_text)
    texts = block.wordless() * block.size
    pictured = POOL * block.size - texts - len(block.own)
    rows = [lessons.scene_row(rng, block.mixture) for _ in range(pictured)]
    alone = [lessons.letters_row(rng) for _ in range(texts)]
    groups = [*_alike([*rows, *block.own], block.size), *_alike(alone, block.size)]
    rng.shuffle(groups)
    return [collate(tokenizer, group) for group in groups]


def _alike(rows: list[Lesson], size: int) -> list[list[Lesson]]:
    """Return rows in groups of like length."""
    ready = sorted(rows, key=_length)
    return [ready[at : at + size] for at in range(0, len(ready), size)]


def collate(tokenizer: Any, rows: list[Lesson]) -> Batch:
    """Turn rows of one sort, all with or all without a picture, into arrays."""
    before = tokenizer([prompt_text(row) for row in rows], add_special_tokens=False)["input_ids"]
    after = tokenizer([row.target + "<|im_end|>" for row in rows], add_special_tokens=False)[
        "input_ids"
    ]
    longest = max(len(a) + len(b) for a, b in zip(before, after, strict=True))
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    ids = np.full((len(rows), length), tokenizer.pad_token_id, dtype=np.int64)
    learnt = np.zeros((len(rows), length), dtype=np.bool_)
    hunches: list[tuple[int, int, int]] = []
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        ids[i, : len(a) + len(b)] = a + b
        learnt[i, len(a) : len(a) + len(b)] = True
        if rows[i].target.startswith(OPEN_THINK) and not rows[i].user.startswith("Caption"):
            hunches.append((i, len(a), b[LETTER_PLACE]))
    letters = learnt & np.isin(ids, letter_ids(tokenizer))
    scenes = [row.scene for row in rows if row.scene]
    hunch_table = np.array(hunches, dtype=np.int64).reshape(-1, 3)
    pictures = drawn(scenes) if scenes else None
    return Batch(ids, learnt, letters, pictures, labels(scenes) if scenes else {}, hunch_table)


def drawn(scenes: list[Scene]) -> NDArray[np.uint8]:
    """Draw scenes: (scenes, 112, 112, 3)."""
    return np.stack([np.asarray(draw(scene)) for scene in scenes])


def letter_ids(tokenizer: Any) -> list[int]:
    """Return the ids of the option letters as they stand in brackets and in an answer."""
    return [tokenizer.convert_tokens_to_ids(letter) for letter in LETTERS]


def _length(row: Lesson) -> int:
    return len(row.user) + len(row.given) + len(row.target)
