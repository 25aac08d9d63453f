"""Batches follow from their blocks' seeds alone, wherever they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from unswayed.organism import architecture, batches
from unswayed.organism.batches import Batch, RowBlock
from unswayed.organism.curriculum import QUESTIONS
from unswayed.organism.lessons import Lesson
from unswayed.organism.supply import Supply

WORDY = replace(QUESTIONS, letters=0.4)
TOKENIZER = architecture.build_tokenizer()


def _blocks(drawn: list[int]) -> Iterator[RowBlock]:
    for index in count():
        drawn.append(index)
        yield RowBlock(f"0/supply/{index}", "scenes", WORDY, 3)


def _same(one: Batch, other: Batch) -> bool:
    pairs = [
        (one.ids, other.ids),
        (one.learnt, other.learnt),
        (one.letters, other.letters),
        (one.hunches, other.hunches),
        *((one.labels[name], other.labels[name]) for name in one.labels),
    ]
    if one.pictures is not None and other.pictures is not None:
        pairs.append((one.pictures, other.pictures))
    alone = (one.pictures is None, one.labels.keys()) == (
        other.pictures is None,
        other.labels.keys(),
    )
    return alone and all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.slow
def test_other_processes_make_the_same_batches() -> None:
    here: list[int] = []
    there: list[int] = []
    wanted = list(islice(Supply(TOKENIZER).stream(_blocks(here)), 20))
    with Supply(TOKENIZER, workers=2) as supply:
        found = list(islice(supply.stream(_blocks(there)), 20))
    assert all(_same(*pair) for pair in zip(found, wanted, strict=True))
    assert here == [0, 1, 2]
    assert there == list(range(6)), "what is needed next is asked for ahead"


@pytest.mark.slow
def test_what_the_model_has_to_write_is_not_asked_for_ahead() -> None:
    drawn: list[int] = []
    with Supply(TOKENIZER, workers=1) as supply:
        stream = supply.stream(_blocks(drawn), ahead=False)
        list(islice(stream, batches.POOL))
        assert drawn == [0]
        next(stream)
        assert drawn == [0, 1]


def test_a_batch_is_all_pictures_or_all_text() -> None:
    block = RowBlock("0/supply/7", "scenes", WORDY, 4)
    made = batches.batches(TOKENIZER, block)
    assert len(made) == batches.POOL
    assert 0 < block.wordless() < batches.POOL
    assert sum(batch.pictures is None for batch in made) == block.wordless()
    assert {len(batch.ids) for batch in made} == {4}
    letters = batches.batches(TOKENIZER, replace(block, lesson="letters"))
    assert all(batch.pictures is None for batch in letters)


def test_rows_that_are_given_are_taken_as_they_are() -> None:
    block = RowBlock("0/supply/1", "scenes", replace(QUESTIONS, letters=0.0), 2)
    scene = next(row.scene for row in _rows(block) if row.scene)
    own = tuple(Lesson(f"Question: {word}", "", "A", scene, "own") for word in ("red", "blue"))
    texts = [
        TOKENIZER.decode(ids)
        for batch in batches.batches(TOKENIZER, replace(block, own=own))
        for ids in batch.ids
    ]
    assert len(texts) == 2 * batches.POOL
    assert sum("Question: red<" in text or "Question: blue<" in text for text in texts) == 2


def _rows(block: RowBlock) -> list[Lesson]:
    import random

    from unswayed.organism import lessons

    rng = random.Random(block.seed_text)
    return [lessons.scene_row(rng, block.mixture) for _ in range(4)]
