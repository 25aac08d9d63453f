"""The collapse detector: it fires on short templated thoughts, and on nothing that is healthy."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.training.policies import QUESTIONS, WORDS, spoken

from unswayed.training.track.collapse import LEAST_THOUGHTS, detect, distinct, shared
from unswayed.training.track.thoughts import Thought, masked, thought_of
from unswayed.types import Generation, Sample, Variant

KINDS = ("healthy", "brief", "form", "collapsed")


def thought(sample: int | str, text: str) -> Thought:
    words = tuple(text.split())
    return Thought("toy", "base", str(sample), len(words), words, None)


def of_kind(kind: str, n: int = QUESTIONS) -> list[Thought]:
    return [thought(sample, spoken(kind, str(sample))) for sample in range(n)]


@pytest.mark.parametrize(
    ("kind", "short", "templated"),
    [
        ("healthy", False, False),
        ("brief", True, False),
        ("form", False, True),
        ("collapsed", True, True),
    ],
)
def test_only_short_and_templated_is_collapse(kind: str, short: bool, templated: bool) -> None:
    found = detect(of_kind("healthy"), of_kind(kind))
    assert (found.short, found.templated) == (short, templated)
    assert found.collapsed == (short and templated)


def test_fewer_thoughts_are_no_collapse() -> None:
    found = detect(of_kind("healthy", 60), of_kind("healthy", 60)[::2])
    assert found.collapsed is False
    assert not found.short
    assert not found.templated
    assert found.start.n == found.now.n == 30


def test_a_start_that_was_templated_did_not_collapse_since() -> None:
    assert detect(of_kind("form"), of_kind("form")).collapsed is False


def test_a_few_templates_filled_with_options_are_collapse() -> None:
    templates = (("it", "is", "_"), ("clearly", "_"), ("i", "see", "_"))
    now = [Thought("toy", "base", str(n), 3, templates[n % 3], None) for n in range(QUESTIONS)]
    assert detect(of_kind("healthy"), now).collapsed is True


def test_it_cannot_be_told_of_few_or_empty_thoughts() -> None:
    few = detect(of_kind("healthy", LEAST_THOUGHTS - 1), of_kind("collapsed"))
    assert few.collapsed is None
    assert "at least 20 thoughts" in few.reason
    silent = detect([thought(n, "yes") for n in range(30)], of_kind("collapsed", 30))
    assert silent.collapsed is None
    assert "at least 6 words" in silent.reason


SEEDS = st.integers(0, 2**32)
FEW_EXAMPLES = settings(max_examples=30)


def healthy(seed: int) -> list[list[str]]:
    """Return words of thoughts that are long, and of which no two are alike."""
    rng = random.Random(seed)
    size = rng.randrange(16, 40)
    return [rng.choices(WORDS, k=rng.randrange(size, size + 9)) for _ in range(QUESTIONS)]


@FEW_EXAMPLES
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_same_thoughts_in_any_order_are_healthy(seed: int, order: random.Random) -> None:
    start = [thought(n, " ".join(text)) for n, text in enumerate(healthy(seed))]
    now = list(start)
    order.shuffle(now)
    found = detect(start, now)
    assert found.collapsed is False
    assert not found.short


@FEW_EXAMPLES
@given(SEEDS, st.integers(1, 7))
def test_one_short_thought_for_all_is_always_found(seed: int, kept: int) -> None:
    texts = healthy(seed)
    start = [thought(n, " ".join(text)) for n, text in enumerate(texts)]
    now = [thought(n, " ".join(texts[0][:kept])) for n in range(QUESTIONS)]
    found = detect(start, now)
    assert found.collapsed is True
    assert found.now.shared == 1


@FEW_EXAMPLES
@given(SEEDS, st.integers(1, QUESTIONS))
def test_what_is_not_short_is_never_collapse(seed: int, alike: int) -> None:
    texts = healthy(seed)
    start = [thought(n, " ".join(text)) for n, text in enumerate(texts)]
    now = [thought(n, " ".join(texts[0 if n < alike else n])) for n in range(QUESTIONS)]
    assert detect(start, now).collapsed is False


@FEW_EXAMPLES
@given(SEEDS, st.integers(4, 40))
def test_what_is_not_alike_is_never_collapse(seed: int, kept: int) -> None:
    texts = healthy(seed)
    start = [thought(n, " ".join(text)) for n, text in enumerate(texts)]
    now = [thought(n, " ".join(text[:kept])) for n, text in enumerate(texts)]
    assert detect(start, now).collapsed is False


def test_shares_by_hand() -> None:
    four = [thought(1, "a b c d"), thought(2, "a b c d"), thought(3, "a b c e"), thought(3, "x y")]
    assert shared(four) == 0.5
    assert shared([]) is None
    assert shared([thought(1, "a"), thought(1, "a")]) == 0  # the same question, another foil
    assert distinct(four) == 3 / 6  # abc bcd abc bcd abc bce
    assert distinct(four, most=4) == 1
    assert distinct([thought(1, "a b")]) is None


class TestThoughts:
    def variant(self, sample: Sample, **more: str) -> Variant:
        options = sample.options
        return Variant(id="1", sample=sample, name="base", options=options, answer="B", **more)

    def test_a_prefill_is_not_the_models_own(self, sample: Sample) -> None:
        variant = self.variant(sample, prefill="<think>It must be the lamp")
        made = Generation(
            id="1", status="stop", text=" or the chair.</think><answer>A</answer>", tokens=9
        )
        found = thought_of(variant, made)
        assert found.template == ("or", "_")
        assert (found.words, found.tokens) == (3, 9)

    def test_a_thought_that_was_cut_off_counts_as_far_as_it_goes(self, sample: Sample) -> None:
        made = Generation(id="1", status="length", text="<think>one two three", tokens=4)
        assert thought_of(self.variant(sample), made).words == 3

    def test_no_thought_has_no_words(self, sample: Sample) -> None:
        made = Generation(id="1", status="stop", text="<answer>B</answer>")
        assert thought_of(self.variant(sample), made).words == 0

    def test_options_letters_and_numbers_are_slots(self, sample: Sample) -> None:
        variant = self.variant(sample)
        one = masked("The answer is The Chair (A), 3 of 10; a lamp.", variant)
        two = masked("The answer is the lamp (C), 12 of 7; a lamp.", variant)
        assert one == two == "The answer is _ (_), _ of _; a lamp."

    def test_an_option_inside_a_word_is_none(self, sample: Sample) -> None:
        assert masked("the chairs, ABBA", self.variant(sample)) == "the chairs, ABBA"
