"""The rules by which verdicts come: each claim with each verdict, on figures with known answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from tests.study.trials import (
    ABSTAIN,
    ACCURACY,
    BUT,
    BY_REREAD,
    BY_RULES,
    CAPTION,
    DISCLAIMER,
    ENTROPY,
    GAINS,
    ORDER,
    START,
    THOUGHT_CAPTION,
    as_claimed,
    trial,
)  # fmt: skip

from unswayed.metrics.significance import holm
from unswayed.study.claims import FAITHFUL, PAPER, StudyClaim
from unswayed.study.parts import (
    ClaimPart,
    more_seeds,
    over_questions,
    over_training_seeds,
    seeds_against_recipes,
)
from unswayed.study.results import FigureKey, StudyResults
from unswayed.study.verdicts import ClaimVerdict, judged, verdict, verdicts_of
from unswayed.training.track.dynamics import TrackedValue

LETTERS = "abcdefghijkl"
WIDE = {1: -0.3, 2: 0.1, 3: 0.25}
"""Noise in which no difference of a few points can be seen."""


def found(results: StudyResults) -> dict[str, ClaimVerdict]:
    return {one.claim.key: one for one in verdicts_of(results)}


def changed(
    figures: Iterable[FigureKey], value: float, *recipes: str
) -> dict[str, dict[FigureKey, float]]:
    """Return what is claimed, but for some figures of some recipes (of all without any)."""
    last = as_claimed()
    for recipe in recipes or last:
        last[recipe].update(dict.fromkeys(figures, value))
    return last


def test_every_claim_is_reproduced_where_it_is_true() -> None:
    noise = {recipe: {s: 0.1 * v for s, v in WIDE.items()} for recipe in PAPER}
    steady = found(trial(unrest={"augmented-faithful": 0.03}))
    assert {key: one.status for key, one in steady.items() if key != "j"} == {
        key: "reproduced" for key in LETTERS if key != "j"
    }
    alike = as_claimed()["accuracy"]
    same = trial(
        {recipe: {k: v + 1e-4 * n for k, v in alike.items()} for n, recipe in enumerate(PAPER)},
        noise=noise,
    )
    assert found(same)["j"].status == "reproduced"


CONTRADICTED: Mapping[str, tuple[Iterable[FigureKey], float, tuple[str, ...]]] = {
    "a": ([THOUGHT_CAPTION], 0.1, ()),
    "b": ([BUT], 0.1, ()),
    "c": ([ACCURACY], 0.5, ()),
    "d": ([BY_RULES, BY_REREAD], 1.1, ("accuracy",)),
    "e": ([ENTROPY["stop-think"]], 0.6, ("accuracy",)),
    "f": ([GAINS[3]], -0.1, ()),
    "g": ([CAPTION], 0.3, ("augmented",)),
    "h": ([BY_RULES, BY_REREAD], 0.7, ("faithful",)),
    "k": ([ABSTAIN[0]], 0.2, ()),
    "l": ([ORDER[2]], -0.2, ()),
}


@pytest.mark.parametrize("key", CONTRADICTED)
def test_a_claim_is_contradicted_where_one_of_its_parts_is(key: str) -> None:
    figures, value, recipes = CONTRADICTED[key]
    results = found(trial(changed(figures, value, *recipes)))
    assert results[key].status == "contradicted"
    assert results[key].p is not None


@pytest.mark.parametrize("key", [key for key in LETTERS if key not in "ij"])
def test_a_claim_is_undecided_where_seeds_differ_too_much(key: str) -> None:
    others = {"augmented": {1: 0.3, 2: 0.0, 3: -0.3}, "faithful": {1: 0.2, 2: -0.3, 3: 0.1}}
    one = found(trial(noise={**dict.fromkeys(PAPER, WIDE), **others}))[key]
    assert one.status == "undecided"
    assert not one.stands
    over_seeds = [part for part in one.claim.parts if part.over == "seeds"]
    assert any(part.detectable is not None and part.detectable > 0.1 for part in over_seeds)


def test_nothing_is_judged_before_three_seeds_are_there() -> None:
    for seeds in ((1,), (1, 2)):
        verdicts = found(trial(seeds=seeds))
        assert {one.status for one in verdicts.values()} == {"not run"}
        assert all(one.p is None and one.p_holm is None for one in verdicts.values())
        assert "missing: evaluate accuracy seed" in verdicts["c"].missing
        c = verdicts["c"].claim.parts[0]
        assert c.low is None
        assert c.value == pytest.approx(0.1, abs=0.01)
        assert len(c.by_seed) == len(seeds)


def test_a_claim_says_which_jobs_it_lacks() -> None:
    last = as_claimed()
    del last["faithful"]
    verdicts = found(trial(last))
    assert verdicts["h"].status == verdicts["i"].status == verdicts["j"].status == "not run"
    assert verdicts["h"].missing == (
        "0 of 3 seeds of faithful; missing: evaluate faithful seed 1, evaluate faithful seed 2, "
        "evaluate faithful seed 3"
    )
    assert verdicts["c"].status == "reproduced"


def test_an_empty_study_has_no_verdict() -> None:
    verdicts = found(trial({}))
    assert {one.status for one in verdicts.values()} == {"not run"}
    assert "no training is evaluated yet" in verdicts["a"].missing
    json.dumps([one.document() for one in verdicts.values()], allow_nan=False)


def test_one_judge_alone_does_not_decide() -> None:
    last = as_claimed()
    last["accuracy"][BY_REREAD] = START[BY_REREAD]  # only the judge that rewards sees a fall
    assert found(trial(last))["d"].status == "undecided"
    last = as_claimed()
    last["faithful"][BY_REREAD] = last["accuracy"][BY_REREAD] - 0.1
    assert found(trial(last))["h"].status == "contradicted"


def test_the_start_counts_too() -> None:
    start = {**START, THOUGHT_CAPTION: 0.3}
    assert found(trial(start=start))["a"].status == "contradicted"
    start = {**START, THOUGHT_CAPTION: -0.01}  # an interval of ± 2 points over questions
    assert found(trial(start=start))["a"].status == "undecided"


def test_consistency_may_rise_by_a_point_and_is_not_restored() -> None:
    def g(rise: float) -> str:
        last = as_claimed()
        for figure in (BY_RULES, BY_REREAD):
            last["augmented"][figure] = last["accuracy"][figure] + rise
        still = {recipe: {1: 0.001, 2: 0.0, 3: -0.001} for recipe in PAPER}
        return found(trial(last, noise={**still, "augmented": {1: 0.0012, 2: 0.0, 3: -0.0012}}))[
            "g"
        ].status

    assert [g(rise) for rise in (-0.05, 0.0, 0.005, 0.01, 0.05)] == [
        "reproduced", "reproduced", "reproduced", "undecided", "contradicted",
    ]  # fmt: skip


def test_entropy_has_to_fall_everywhere_after_holm() -> None:
    e = found(trial())["e"]
    assert len(e.claim.parts) == 10
    assert e.p == pytest.approx(max(p for p in holm([part.p for part in e.claim.parts]) if p))
    one_left = changed([ENTROPY["neutral-think"]], START[ENTROPY["neutral-think"]], "accuracy")
    assert found(trial(one_left))["e"].status == "undecided"


def test_unstable_by_variance_or_by_what_detectors_say() -> None:
    def i(**options: object) -> ClaimVerdict:
        return found(trial(**options))["i"]  # type: ignore[arg-type]

    assert i(unrest={"augmented-faithful": 0.03}).status == "reproduced"  # 9 × the variance
    assert i().status == "contradicted"  # as steady as the other, and nothing fires
    fires = i(collapsed={"augmented-faithful": [1, 3]})
    assert fires.status == "reproduced"  # by count, as the rule says
    assert not fires.stands  # two of three seeds stand after no correction
    assert fires.p == 1.0
    both = {"augmented-faithful": [1], "faithful": [2]}
    assert i(silent=both).status == "contradicted"
    assert i(silent={"augmented-faithful": [2]}).status == "reproduced"


def test_seeds_against_recipes_knows_both_sides() -> None:
    apart = {
        recipe: {key: value + 0.1 * place for key, value in figures.items()}
        for place, (recipe, figures) in enumerate(as_claimed().items())
    }
    assert found(trial(apart))["j"].status == "contradicted"
    j = found(trial(apart))["j"].claim.parts
    assert [part.name.split(", ")[1] for part in j] == [
        "accuracy", "consistency by rules", "consistency by reread",
    ]  # fmt: skip
    assert all(part.bound == 1 and part.high is not None and part.high < 1 for part in j)


def test_the_interval_of_a_ratio_covers_as_it_says() -> None:
    rng, hits, runs = np.random.default_rng(1), 0, 2000
    between, within, n = 0.5, 1.0, 3
    truth = np.sqrt(within**2 / (between**2 + within**2 / n))
    for _ in range(runs):
        means = rng.normal(0, between, 5)
        values = {
            str(place): dict(enumerate(rng.normal(mean, within, n)))
            for place, mean in enumerate(means)
        }
        part = seeds_against_recipes("x", values)
        assert part.low is not None
        assert part.high is not None
        hits += part.low <= truth <= part.high
    assert hits / runs == pytest.approx(0.95, abs=0.015)


def test_p_values_and_intervals_agree() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        values = dict(enumerate(rng.normal(0.8, 1.0, int(rng.integers(3, 6)))))
        part = over_training_seeds("x", 1, values)
        assert part.p is not None
        assert part.low is not None
        assert part.high is not None
        assert (part.p <= 0.05) == (part.low > 0 or part.high < 0)
        row = TrackedValue(1, 0, "b", "v", "m", 0.1, part.low, part.high, 10)
        asked = over_questions("x", 1, row)
        assert asked.p is not None
        assert (asked.p <= 0.05) == (part.low > 0 or part.high < 0)


def test_what_would_have_been_shown() -> None:
    rng, found_it, runs = np.random.default_rng(3), 0, 3000
    deviation, n = 1.0, 5
    shown = [
        part.detectable
        for _ in range(400)
        if (part := over_training_seeds("x", 1, dict(enumerate(rng.normal(0, deviation, n)))))
    ]
    effect = (
        float(np.mean([one for one in shown if one is not None])) / 0.94
    )  # E[s] = 0.94 σ, n = 5
    for _ in range(runs):
        part = over_training_seeds("x", 1, dict(enumerate(rng.normal(effect, deviation, n))))
        found_it += part.status == "reproduced"
    assert found_it / runs == pytest.approx(0.8, abs=0.05)


def test_seeds_that_agree_say_nothing() -> None:
    part = over_training_seeds("x", 1, {1: 0.5, 2: 0.5, 3: 0.5})
    assert part.status == "undecided"
    assert "agree" in part.reason
    few = over_training_seeds("x", 1, {1: 0.5, 2: 0.5})
    assert few.status == "undecided"
    assert few.reason == "2 of 3 seeds have this figure"


def test_more_seeds_is_a_count() -> None:
    assert more_seeds("x", set(), {1, 2, 3}, 3).p == pytest.approx(0.25)
    assert more_seeds("x", {1}, {1, 2}, 3).status == "reproduced"
    assert more_seeds("x", {1}, {2}, 3).status == "contradicted"


def part_of(p: float, side: bool = True) -> ClaimPart:
    return ClaimPart("x", 1, 1.0 if side else -1.0, 0.5, 1.5, p)


def claim_of(*groups: tuple[ClaimPart, ...]) -> StudyClaim:
    return StudyClaim("x", "", "", groups)


def test_parts_become_one_p_value() -> None:
    both = verdict(claim_of((part_of(0.01), part_of(0.04))))
    assert (both.status, both.p) == ("reproduced", 0.04)
    one = verdict(claim_of((part_of(0.01), part_of(0.06))))
    assert (one.status, one.p) == ("undecided", 0.06)
    other = verdict(claim_of((part_of(0.001), part_of(0.02, side=False))))
    assert (other.status, other.p) == ("contradicted", 0.04)
    weak = verdict(claim_of((part_of(0.001), part_of(0.03, side=False))))
    assert (weak.status, weak.p) == ("undecided", 0.06)
    either = verdict(claim_of((part_of(0.01, side=False),), (part_of(0.02),)))
    assert (either.status, either.p) == ("reproduced", 0.04)
    neither = verdict(claim_of((part_of(0.01, side=False),), (part_of(0.02, side=False),)))
    assert (neither.status, neither.p) == ("contradicted", 0.02)


def test_holm_is_over_twelve_also_where_some_were_not_run() -> None:
    lost = ClaimPart("x", 1, missing="a job")
    claims = [claim_of((part_of(0.004),)), *(claim_of((lost,)) for _ in range(11))]
    first, *others = judged(claims)
    assert first.p_holm == pytest.approx(0.048)
    assert first.stands
    assert {one.p_holm for one in others} == {None}
    two = judged([claim_of((part_of(0.005),)), *claims[1:]])[0]
    assert two.p_holm == pytest.approx(0.06)
    assert two.status == "reproduced"
    assert not two.stands


def test_what_no_question_was_asked_for_was_not_run() -> None:
    last = {
        recipe: {k: v for k, v in one.items() if k not in ORDER}
        for recipe, one in as_claimed().items()
    }
    start = {k: v for k, v in START.items() if k not in ORDER}
    one = found(trial(last, start=start))["l"]
    assert one.status == "not run"
    assert one.missing == "the plan asks no scenes-hard for it"
    assert FAITHFUL in PAPER
    assert DISCLAIMER in START
