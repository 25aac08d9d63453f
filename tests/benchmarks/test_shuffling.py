"""Orders drawn by a seed, and options built from other answers."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.benchmarks.parse.answer_pool import AnswerPool
from unswayed.benchmarks.parse.shuffling import check_seed, draw_items, order, rotated, shuffled
from unswayed.errors import ConfigError, DataError


@given(st.integers(0, 26), st.text(), st.integers())
def test_an_order_holds_every_number_once_and_stays(count: int, key: str, seed: int) -> None:
    assert sorted(order(count, key, seed)) == list(range(count))
    assert order(count, key, seed) == order(count, key, seed)


def test_orders_are_equally_likely() -> None:
    seen = Counter(tuple(order(3, f"sample/{i}", 0)) for i in range(6000))
    assert len(seen) == 6
    # Six orders, 1,000 each are expected; chi squared on 5 degrees of freedom, p > 0.001.
    assert sum((count - 1000) ** 2 / 1000 for count in seen.values()) < 20.5


def test_another_seed_gives_other_orders() -> None:
    assert any(order(4, f"s/{i}", 0) != order(4, f"s/{i}", 1) for i in range(10))


@given(st.lists(st.integers(), unique=True, min_size=2, max_size=26), st.integers())
def test_the_gold_follows_its_text(numbers: list[int], seed: int) -> None:
    texts = [str(number) for number in numbers]
    for right in (0, len(texts) - 1):
        options, gold = shuffled(texts, right, "id", seed)
        assert options[gold] == texts[right]
        assert sorted(options.values()) == sorted(texts)


def test_turns_show_the_right_option_at_every_letter() -> None:
    turns = [rotated(["a", "b", "c"], 1, turn) for turn in range(3)]
    assert [gold for _, gold in turns] == ["B", "A", "C"]
    assert list(turns[1][0].values()) == ["b", "c", "a"]


def test_a_right_option_that_is_there_twice_is_refused() -> None:
    with pytest.raises(DataError, match="'Left' twice"):
        shuffled(["Left", "left.", "right"], 0, "id", 0)


def test_draw_gives_what_there_is() -> None:
    assert draw_items(["a", "b"], 3, "k", 0) in (["a", "b"], ["b", "a"])


@pytest.mark.parametrize("seed", ["1", 1.0, True, None])
def test_seeds_are_whole_numbers(seed: object) -> None:
    with pytest.raises(ConfigError, match="whole number"):
        check_seed(seed)


COLOURS = ["red", "blue", "green", "dark red", "Blue."]
POOL = AnswerPool.of(
    [
        *(("What color is it?", colour) for colour in COLOURS),
        ("What color is it?", "no"),
        ("Where is it?", "left"),
        ("Where is it?", "top left"),
    ]
)


def test_distractors_are_answers_to_questions_that_begin_alike() -> None:
    options, gold = POOL.options("What is inside?", "cup", "id", 0)
    assert options[gold] == "cup"
    assert len(options) == 4
    assert set(options.values()) - {"cup"} <= {"red", "blue", "green", "dark red"}


def test_an_answer_that_shares_a_word_with_the_right_one_is_no_distractor() -> None:
    for i in range(20):
        options, _ = POOL.options("Where is it?", "left", f"id{i}", 0)
        assert "top left" not in options.values()
        options, _ = POOL.options("What color is it?", "red", f"id{i}", 0)
        assert "dark red" not in options.values()


def test_an_answer_that_says_the_same_in_another_word_is_no_distractor() -> None:
    pool = AnswerPool.of(
        [("Where?", text) for text in ("bottom", "under", "left", "top left", "right", "behind")]
    )
    for seed in range(20):
        options, _ = pool.options("Where?", "below", "x", seed)
        assert set(options.values()) <= {"below", "left", "top left", "right", "behind"}


def test_too_few_alike_are_drawn_from_all() -> None:
    options, _ = POOL.options("Where is it?", "behind", "id", 0)
    assert len(options) == 4


def test_yes_and_no_face_each_other_alone() -> None:
    options, gold = POOL.options("Is it red?", "No.", "id", 0)
    assert sorted(options.values()) == ["no", "yes"]
    assert options[gold] == "no"


def test_a_lone_answer_has_no_options() -> None:
    with pytest.raises(DataError, match="found 1"):
        AnswerPool.of([("Where?", "left")]).options("Where?", "left", "id", 0)
