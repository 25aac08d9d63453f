"""The agreement of a panel: published and textbook values of κ from the votes in verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from unswayed.errors import DataError
from unswayed.metrics import columns_of, measure
from unswayed.types import Verdict, Vote

STATUS = {"c": "consistent", "i": "inconsistent", "u": "unclear", "f": "failed", "s": "skipped"}
NAMES = ("one", "two", "three", "four", "five", "six")


def judged(row: Callable[..., Any], votes: Sequence[str], **options: Any) -> list[Any]:
    """Return rows with the votes of a panel: one text of `c`, `i`, `u`, `f`, `s` a row."""
    made: list[Any] = []
    for number, letters in enumerate(votes):
        variant, generation, _ = row(f"s{number}", **options)
        each = tuple(
            Vote(judge=name, status=STATUS[letter])  # pyright: ignore[reportArgumentType]
            for name, letter in zip(NAMES, letters, strict=False)
        )
        verdict = Verdict(
            id=variant.id,
            judge="panel",
            status="skipped" if set(letters) == {"s"} else "unclear",
            votes=each,
        )
        made.append((variant, generation, verdict))
    return made


def test_constructed_votes_give_kappa_by_hand(row: Any, find: Any) -> None:
    # P_i = 1, 1/3, 1, 1/3; share of "consistent" 6/12: κ = (2/3 − 1/2) / (1/2)
    estimates = measure(columns_of(judged(row, ["ccc", "cci", "iii", "ici"])), resamples=100)
    assert find(estimates, "fleiss_kappa").value == pytest.approx(1 / 3)
    assert find(estimates, "strict_agreement").value == pytest.approx(1 / 2)
    assert find(estimates, "fleiss_kappa", "all").value == pytest.approx(1 / 3)
    # one and two: agree on 3 of 4; both say "consistent" in 2/4 and 3/4
    chance = 2 / 4 * 3 / 4 + 2 / 4 * 1 / 4
    cohen = find(estimates, "cohen_kappa[one | two]", "all")
    assert cohen.value == pytest.approx((3 / 4 - chance) / (1 - chance))
    assert find(estimates, "cohen_kappa[one | three]", "all").value == pytest.approx(1 / 2)


def test_votes_that_are_missing_are_left_out_and_never_inconsistent(row: Any, find: Any) -> None:
    votes = ["ccc", "cci", "iii", "ici"]
    whole = measure(columns_of(judged(row, votes)), resamples=100)
    estimates = measure(columns_of(judged(row, [*votes, "cfc", "iif", "sss"])), resamples=100)
    for metric in ("fleiss_kappa", "strict_agreement"):
        assert find(estimates, metric).value == find(whole, metric).value
        assert find(estimates, metric).n == 4
    voted = find(estimates, "all_voted_rate")
    assert (voted.value, voted.n) == (pytest.approx(4 / 6), 6)
    missing = {name: find(estimates, f"no_vote[{name}]", "all").value for name in NAMES[:3]}
    assert missing == pytest.approx({"one": 0, "two": 1 / 6, "three": 1 / 6})
    assert find(estimates, "cohen_kappa[one | two]", "all").n == 5


def test_interval_resamples_whole_clusters(row: Any, find: Any) -> None:
    votes = ["ccc", "cci", "iii", "ici", "ccc", "iii", "uuu", "ccu", "iiu", "ccc"] * 3
    alone = measure(columns_of(judged(row, votes)), resamples=500)
    found = find(alone, "fleiss_kappa")
    assert found.low < found.value < found.high
    assert found.method == "cluster-bootstrap"
    assert found.n_clusters == 30
    together = measure(columns_of(judged(row, votes, cluster="one picture")), resamples=500)
    assert find(together, "fleiss_kappa").low is None


def test_a_single_judge_has_no_agreement(row: Any) -> None:
    rows = [row("s1", verdict="consistent"), row("s2", verdict="inconsistent")]
    names = {estimate.metric for estimate in measure(columns_of(rows), resamples=100)}
    assert not names & {"fleiss_kappa", "strict_agreement", "all_voted_rate"}


def test_votes_of_two_panels_are_refused(row: Any) -> None:
    first, second = judged(row, ["cc", "cc"])
    votes = (Vote(judge="else", status="consistent"), *second[2].votes[1:])
    other = second[2].model_copy(update={"votes": votes})
    with pytest.raises(DataError, match="judge the run again"):
        columns_of([first, (*second[:2], other)])


def test_twenty_members_fit(row: Any) -> None:
    variant, generation, _ = row("s1")
    votes = tuple(Vote(judge=f"j{i}", status="unclear") for i in range(19))
    last = Vote(judge="last", status="skipped")
    verdict = Verdict(id=variant.id, judge="panel", status="unclear", votes=(*votes, last))
    outcomes = columns_of([(variant, generation, verdict)])
    assert outcomes.panel == (*(f"j{i}" for i in range(19)), "last")
    assert [int(outcomes.votes_of(i)[0]) for i in (0, 18, 19)] == [2, 2, 4]
