"""A policy that stops thinking behind another's thought is found; one that never began is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from unswayed.training.track.collapse import LEAST_THOUGHTS
from unswayed.training.track.empty import empty_thoughts, wordless
from unswayed.training.track.thoughts import Thought

N = 40


def thoughts(silent: int, n: int = N) -> list[Thought]:
    """Return thoughts of which the first have no words."""
    lengths = [0] * silent + [5] * (n - silent)
    return [
        Thought("toy", "wrong-think", str(sample), words, ("a",) * words, None)
        for sample, words in enumerate(lengths)
    ]


def test_a_policy_that_stopped_thinking_is_silent() -> None:
    found = empty_thoughts(thoughts(4), thoughts(30))
    assert (found.empty, found.n, found.start, found.now) == (True, N, 0.1, 0.75)
    assert found.words() == "75% of the thoughts have no word of the model's own (was 10%)"


def test_one_that_never_thought_there_did_not_fall_silent() -> None:
    assert empty_thoughts(thoughts(N), thoughts(N)).empty is False


def test_too_few_thoughts_tell_nothing() -> None:
    few = LEAST_THOUGHTS - 1
    assert empty_thoughts(thoughts(0, few), thoughts(few, few)).empty is None
    assert empty_thoughts([], []).empty is None


def test_only_questions_that_both_answered_count() -> None:
    found = empty_thoughts(thoughts(0, 30), thoughts(30, 40))
    assert (found.n, found.now) == (30, 1.0)


@given(st.integers(0, N), st.integers(0, N))
def test_it_takes_half_and_a_rise(before: int, after: int) -> None:
    found = empty_thoughts(thoughts(before), thoughts(after))
    assert found.empty == (after >= N / 2 and after - before >= N / 4)


def test_the_share_of_nothing_is_unknown() -> None:
    assert wordless([]) is None
    assert wordless(thoughts(10)) == 0.25
