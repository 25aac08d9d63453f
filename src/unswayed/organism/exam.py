"""Examines an organism on held-out scenes: quick greedy answers, marks per kind of question."""

# torch and transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from unswayed.answers import CLOSE_THINK, answer_block, think_block
from unswayed.benchmarks.scenes.question import KINDS, QuestionKind, SceneQuestion, ask, family_of
from unswayed.benchmarks.scenes.scene import Fog, Level, ObjectPairs, Style, compose
from unswayed.errors import ModelError
from unswayed.models.transformers.loading import load_checkpoint
from unswayed.organism import lessons
from unswayed.organism.batches import drawn, prompt_text
from unswayed.organism.forward import patches
from unswayed.organism.lessons import Lesson
from unswayed.types import LETTERS, STOP_THINK_TEXT

_ANSWER = re.compile(rf"{CLOSE_THINK}{answer_block('([A-Z])')}$")
_CONCLUDED = re.compile(rf"\(([A-Z])\)\.?{CLOSE_THINK}")


@dataclass(frozen=True)
class Mark:
    """What one answer was worth.

    Attributes:
        kind: kind of the question.
        answer: letter given; None if the output was not well formed.
        gold: the right letter.
        output: given part and continuation.
    """

    kind: str
    answer: str | None
    gold: str
    output: str


def questions(
    count: int,
    kinds: tuple[QuestionKind, ...] = KINDS,
    level: Level = "easy",
    style: Style = "plain",
    pairs: ObjectPairs = "train",
    seed: str = "exam",
    fog: Fog = 0.0,
) -> list[SceneQuestion]:
    """Return `count` questions of each kind about scenes that no training shows."""
    exam: list[SceneQuestion] = []
    for kind in kinds:
        for i in range(count):
            name = f"{seed}/{kind}/{i}"
            scene = compose(name, family_of(kind), level, style, pairs, fog)
            exam.append(ask(random.Random(f"{name}/ask"), scene, kind, level, pairs))
    return exam


def examine(model: Any, tokenizer: Any, count: int) -> dict[str, float]:
    """Return the share of right answers per kind, overall, without a thought, and well formed.

    Args:
        model: a `Qwen2_5_VLForConditionalGeneration`.
        tokenizer: its tokenizer.
        count: questions per kind.
    """
    exam = questions(count, fog="mixed")
    rows = [Lesson(lessons.user_text(q), "", "", q.scene, q.kind) for q in exam]
    marks = mark(model, tokenizer, exam, rows)
    prefill = think_block(STOP_THINK_TEXT)
    stopped = [Lesson(row.user, prefill, "", row.scene, row.kind) for row in rows]
    direct = mark(model, tokenizer, exam, stopped)
    per_kind: dict[str, list[bool]] = defaultdict(list)
    for one in marks:
        per_kind[one.kind].append(one.answer == one.gold)
    shares = {kind: _share(values) for kind, values in per_kind.items()}
    concluded = [_CONCLUDED.search(one.output) for one in marks]
    pairs = [
        (c[1], one.answer) for c, one in zip(concluded, marks, strict=True) if c and one.answer
    ]
    return {
        "all": _share([one.answer == one.gold for one in marks]),
        **shares,
        "direct": _share([one.answer == one.gold for one in direct]),
        "well_formed": _share([one.answer is not None for one in marks]),
        "letter_as_thought": _share([a == b for a, b in pairs]),
    }


def mark(model: Any, tokenizer: Any, asked: list[SceneQuestion], rows: list[Lesson]) -> list[Mark]:
    """Let the model answer rows greedily and read the letters."""
    outputs = complete(model, tokenizer, rows)
    marks: list[Mark] = []
    for question, row, text in zip(asked, rows, outputs, strict=True):
        match = _ANSWER.search(row.given + text)
        answer = match[1] if match else None
        marks.append(Mark(row.kind, answer, LETTERS[question.gold], row.given + text))
    return marks


def load(folder: Path) -> tuple[Any, Any]:
    """Load model, in float32, and tokenizer of a checkpoint folder.

    Raises:
        ModelError: it is no checkpoint, or its tokenizer is not the one that it was trained with.
    """
    path = str(folder)
    model, processor = load_checkpoint(path, "float32", None, {}, {})
    rows, tokens = model.get_input_embeddings().weight.shape[0], len(processor.tokenizer)
    if tokens != rows:  # nothing is padded in an organism
        raise ModelError(
            f"expected the organism's tokenizer of {rows} tokens at {path}, found {tokens}; "
            "use the tokenizer that belongs to the weights"
        )
    return model.eval(), processor.tokenizer


def complete(
    model: Any,
    tokenizer: Any,
    rows: list[Lesson],
    limit: int = 160,
    batch: int = 128,
    seed: int | None = None,
) -> list[str]:
    """Continue rows with pictures, with transformers' own generate.

    Args:
        model: a `Qwen2_5_VLForConditionalGeneration`.
        tokenizer: its tokenizer.
        rows: each with a scene; their targets are not looked at.
        limit: most new tokens.
        batch: rows at once.
        seed: of samples at temperature 1; None is greedy.
    """
    model.eval()
    parts = [rows[at : at + batch] for at in range(0, len(rows), batch)]
    devices = [] if model.device.type == "cpu" else [model.device]
    with torch.random.fork_rng(devices):  # generate samples from the global generator alone
        torch.manual_seed(seed or 0)
        return [
            text
            for part in parts
            for text in _complete(model, tokenizer, part, limit, seed is not None)
        ]


@torch.no_grad()
def _complete(
    model: Any, tokenizer: Any, rows: list[Lesson], limit: int, sampled: bool
) -> list[str]:
    texts = [prompt_text(row) for row in rows]
    encoded = tokenizer(
        texts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt"
    ).to(model.device)
    picture = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    pictures = torch.from_numpy(drawn([row.scene for row in rows if row.scene]))
    cut = patches(pictures.to(model.device))
    # The stock patch layer wants two frames of a still picture, channel by channel.
    frames = cut.unflatten(-1, (3, 1, -1)).expand(-1, -1, -1, 2, -1).flatten(2)
    sequences = model.generate(
        input_ids=encoded["input_ids"],
        attention_mask=encoded["attention_mask"],
        mm_token_type_ids=(encoded["input_ids"] == picture).int(),
        pixel_values=frames.flatten(0, 1),
        image_grid_thw=torch.tensor([[1, 8, 8]] * len(rows), device=model.device),
        max_new_tokens=limit,
        do_sample=sampled,
        top_k=0 if sampled else None,  # all words; 50 of them are the library's default
    )
    new = sequences[:, encoded["input_ids"].shape[1] :]
    return tokenizer.batch_decode(new, skip_special_tokens=True)


def _share(values: list[bool]) -> float:
    return round(sum(values) / max(1, len(values)), 3)
