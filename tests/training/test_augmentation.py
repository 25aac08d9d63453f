"""Augmentation: the rates, and that a draw depends on its sample alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unswayed.training.augmentation import BASE, VARIANTS, Augmentation, variant_name

PAPER = Augmentation(correct_caption=0.1, wrong_caption=0.1, correct_think=0.1, wrong_think=0.1)
N = 10_000


def names(settings: Augmentation, seed: int = 0, repeat: int = 0, n: int = N) -> list[str]:
    return [variant_name(settings, f"scenes/{i}", seed, repeat) for i in range(n)]


@pytest.mark.parametrize(
    "settings",
    [PAPER, Augmentation(correct_caption=0.05, wrong_caption=0.4, correct_think=0.2)],
)
def test_the_rates_are_those_asked_for(settings: Augmentation) -> None:
    found = Counter(names(settings))
    rates = {BASE: 1 - sum(settings.rates.values()), **settings.rates}
    shown = [name for name, rate in rates.items() if rate > 0]
    assert set(found) == set(shown)
    expected = [N * rates[name] for name in shown]
    # the draws are fixed by their seeds, so this passes always or never
    assert stats.chisquare([found[name] for name in shown], expected).pvalue > 0.01


def test_the_check_of_the_rates_can_fail() -> None:
    found = Counter(names(PAPER))
    slightly_off = {name: 0.11 if name != BASE else 0.56 for name in VARIANTS}
    expected = [N * slightly_off[name] for name in VARIANTS]
    assert stats.chisquare([found[name] for name in VARIANTS], expected).pvalue < 0.001


def neighbours(seed: int) -> float:
    """Return the p-value of independence between neighbouring samples under a seed."""
    hit = [name != BASE for name in names(PAPER, seed, n=1000)]
    pairs = Counter(zip(hit[:-1:2], hit[1::2], strict=True))
    table = [[pairs[True, True], pairs[True, False]], [pairs[False, True], pairs[False, False]]]
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def test_neighbours_are_drawn_independently() -> None:
    assert stats.kstest([neighbours(seed) for seed in range(20)], "uniform").pvalue > 0.01


def test_seeds_and_repeats_draw_anew() -> None:
    first = names(PAPER)
    for other in (names(PAPER, seed=1), names(PAPER, repeat=1)):
        both = sum(a != BASE and b != BASE for a, b in zip(first, other, strict=True))
        assert stats.binomtest(both, N, 0.4 * 0.4).pvalue > 0.01


RATES = st.tuples(*[st.floats(0, 0.25)] * 4)


@given(st.lists(st.text(min_size=1), unique=True, min_size=1), RATES, st.integers())
def test_a_draw_depends_on_the_sample_alone(
    ids: list[str], rates: tuple[float, ...], seed: int
) -> None:
    settings = Augmentation(**dict(zip(Augmentation.model_fields, rates, strict=False)))
    forwards = {id: variant_name(settings, id, seed) for id in ids}
    backwards = {id: variant_name(settings, id, seed) for id in reversed(ids)}
    assert forwards == backwards
    assert all(name in VARIANTS for name in forwards.values())
    assert all(name == BASE or settings.rates[name] > 0 for name in forwards.values())


@given(st.text(min_size=1), st.integers())
def test_rates_of_none_and_of_all(id: str, seed: int) -> None:
    assert variant_name(Augmentation(), id, seed) == BASE
    assert variant_name(Augmentation(wrong_think=1.0), id, seed) == "wrong-think"
