"""Options in an order drawn by a seed, and the draw itself.

Several data sets list the right option first. Shown so, a model that likes the first letter looks
right, so the order is drawn anew for every question, from the seed and the question's id alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from unswayed import answers
from unswayed.benchmarks.parse.options import lettered
from unswayed.errors import ConfigError, DataError
from unswayed.types import LETTERS

T = TypeVar("T")


def check_seed(seed: object) -> int:
    """Check a seed.

    Raises:
        ConfigError: it is no whole number.
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ConfigError(f"expected seed to be a whole number, found {seed!r}")
    return seed


def order(count: int, key: str, seed: int) -> list[int]:
    """Return the numbers below `count` in an order drawn from the seed and the key.

    Every order is equally likely over the keys, and the same for ever for one key: the digests of
    seed, key and number are sorted.
    """
    stem = f"{seed}\0{key}\0".encode("utf-8", "surrogatepass")
    digests = [
        hashlib.blake2b(stem + str(i).encode(), digest_size=16).digest() for i in range(count)
    ]
    return sorted(range(count), key=digests.__getitem__)


def draw_items(items: Sequence[T], count: int, key: str, seed: int) -> list[T]:
    """Draw some of the items, or all where there are fewer, in the order drawn."""
    return [items[i] for i in order(len(items), key, seed)[:count]]


def shuffled(texts: Sequence[str], right: int, key: str, seed: int) -> tuple[dict[str, str], str]:
    """Return the options in a drawn order, by letter, and the letter of the right one.

    Args:
        texts: the options as listed.
        right: index of the right one.
        key: the sample's id.
        seed: seed of the run.

    Raises:
        DataError: there are fewer than 2 or more than 26, one is empty, or the right one is there
            twice.
    """
    return placed(texts, right, order(len(texts), key, seed))


def rotated(texts: Sequence[str], right: int, turn: int) -> tuple[dict[str, str], str]:
    """Return the options moved round by `turn` places, by letter, and the letter of the right one.

    Raises:
        DataError: as `shuffled`.
    """
    count = len(texts)
    return placed(texts, right, [(i + turn) % count for i in range(count)])


def placed(texts: Sequence[str], right: int, places: Sequence[int]) -> tuple[dict[str, str], str]:
    """Return the options in the order of `places`, by letter, and the letter of the right one.

    Raises:
        DataError: as `shuffled`.
    """
    options = lettered([texts[i] for i in places])
    gold = answers.normalise(texts[right])
    if sum(answers.normalise(text) == gold for text in texts) > 1:
        raise DataError(f"expected one right option, found its text {texts[right][:60]!r} twice")
    return options, LETTERS[list(places).index(right)]
