"""Shards: disjoint, exhaustive, never through a picture, and even."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import ConfigError
from unswayed.run.shards import Dealer, Shard, parse
from unswayed.types import Failure, Sample, Variant

CLUSTERS = st.lists(st.integers(0, 12), max_size=60)


def sample(number: int, cluster: int) -> Sample:
    return Sample(
        id=f"toy/{number}",
        benchmark=f"toy{cluster % 2}",
        images=(),
        question="Which?",
        options={"A": "x", "B": "y"},
        answer="A",
        cluster=f"c{cluster // 2}",
    )


def broken(number: int) -> Failure:
    return Failure(stage="load", id=f"row {number % 3}", benchmark="toy0", error="E", message="m")


def items(clusters: list[int]) -> list[Sample | Failure]:
    """Return samples of these clusters; every item of cluster 12 is a failure instead."""
    return [broken(n) if c == 12 else sample(n, c) for n, c in enumerate(clusters)]


def taken(shard: Shard | None, dealt: list[Sample | Failure]) -> list[int]:
    dealer = Dealer(shard)
    return [n for n, item in enumerate(dealt) if dealer.takes(item)]


def noted(shard: Shard, dealt: list[Sample | Failure]) -> dict[str, Any]:
    """Return the places of a shard that writes two variants of each sample."""
    dealer = Dealer(shard)
    for item in dealt:
        if dealer.takes(item):
            lines = [item] if isinstance(item, Failure) else variants(item)
            for line in lines:
                dealer.note(line)
    return dealer.places()


def variants(item: Sample) -> list[Variant]:
    return [Variant(id=f"{item.id} {n}", sample=item, name="base", answer="A") for n in range(2)]


@given(CLUSTERS, st.integers(1, 9))
def test_every_item_is_in_exactly_one_shard(clusters: list[int], count: int) -> None:
    dealt = items(clusters)
    shards = [taken(Shard(number, count), dealt) for number in range(1, count + 1)]
    assert sorted(n for shard in shards for n in shard) == list(range(len(dealt)))


@given(CLUSTERS, st.integers(1, 9))
def test_what_shares_a_picture_stays_together(clusters: list[int], count: int) -> None:
    dealt = items(clusters)
    homes: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number in range(1, count + 1):
        for n in taken(Shard(number, count), dealt):
            item = dealt[n]
            if isinstance(item, Sample):
                homes[item.benchmark, item.cluster].add(number)
    assert all(len(numbers) == 1 for numbers in homes.values())


@given(st.integers(1, 80), st.integers(1, 9))
def test_shards_of_single_pictures_are_even(size: int, count: int) -> None:
    dealt: list[Sample | Failure] = [sample(n, 2 * n) for n in range(size)]
    sizes = [len(taken(Shard(number, count), dealt)) for number in range(1, count + 1)]
    assert max(sizes) - min(sizes) <= 1


def test_shards_differ_by_no_more_than_the_largest_cluster() -> None:
    clusters = [c for c in range(12) for _ in range(1 + 3 * (c % 3))]
    sizes = [len(taken(Shard(number, 4), items(clusters))) for number in range(1, 5)]
    assert max(sizes) - min(sizes) <= 7


@given(CLUSTERS, st.integers(1, 9))
def test_the_places_of_all_shards_cover_the_whole(clusters: list[int], count: int) -> None:
    dealt = items(clusters)
    places = [noted(Shard(number, count), dealt) for number in range(1, count + 1)]
    held = [{*found["variants"], *found["failures"]} for found in places]
    assert set().union(*held) == set(range(len(dealt)))
    assert sum(map(len, held)) == len(dealt)
    assert len({(found["items"], found["digest"]) for found in places}) == 1


def test_the_digest_knows_the_order_and_the_names() -> None:
    def digest(clusters: list[int]) -> str:
        dealer = Dealer(Shard(1, 2))
        for item in items(clusters):
            dealer.takes(item)
        return dealer.places()["digest"]

    assert digest([1, 2, 3]) == digest([1, 2, 3])
    assert len({digest([1, 2, 3]), digest([2, 1, 3]), digest([1, 2])}) == 3


def test_without_a_shard_everything_is_ours() -> None:
    assert taken(None, items([1, 2, 12])) == [0, 1, 2]


@pytest.mark.parametrize("text", ["1/1", "2/8", " 8/8 "])
def test_a_shard_reads_as_it_is_written(text: str) -> None:
    assert str(parse(text)) == text.strip()


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "-1/4", "1/4/2", "a/b", "01/4", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(ConfigError, match="K from 1 to N"):
        parse(text)
