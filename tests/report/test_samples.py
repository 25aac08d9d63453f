"""Which samples are shown, and what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unswayed.report.cards import card, split_output
from unswayed.report.outputs import ScoredOutput, by_sample, score
from unswayed.report.samples import SAMPLE_KINDS, Reservoirs, kind_of
from unswayed.run.folder import RunFolder
from unswayed.types import Consistency, Generation, Sample, Variant, Verdict

OPTIONS = {"A": "red", "B": "blue", "C": "green"}


def made(
    name: str = "base",
    text: str = "<think>hm</think><answer>A</answer>",
    verdict: Consistency = "consistent",
    number: int = 0,
    **variant: Any,
) -> ScoredOutput:
    sample = Sample(
        id=f"s/{number}",
        benchmark="s",
        images=(),
        question="Which?",
        options=OPTIONS,
        answer="A",
        cluster="0",
    )
    shown = {
        "options": OPTIONS,
        "answer": "A",
        "origin": {letter: letter for letter in OPTIONS},
        "foil": "C",
        **variant,
    }
    key = f"{number}:{name}"
    return score(
        Variant(id=key, sample=sample, name=name, **shown),
        Generation(id=key, status="stop", text=text),
        Verdict(id=key, judge="j", status=verdict),
    )


def answered(letter: str) -> str:
    return f"<think>hm</think><answer>{letter}</answer>"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (answered("A"), "right"),
        (answered("B"), "wrong"),
        (answered("C"), "foil"),
        (answered("Z"), "unparsed"),
        ("", "unparsed"),
        ("<think>open", "unparsed"),
    ],
)
def test_outcome(text: str, outcome: str) -> None:
    assert made(text=text).outcome == outcome


def test_outcome_of_an_abstention_and_a_failure() -> None:
    options = {**OPTIONS, "D": "I'm not sure"}
    assert made(text=answered("D"), options=options, abstain="D").outcome == "abstained"
    good = made()
    broken = Generation(id=good.variant.id, status="error", text="", error="x")
    assert score(good.variant, broken, None).outcome == "failed"


def misled(letter: str, **more: Any) -> ScoredOutput:
    return made("wrong-think", answered(letter), asserts="C", **more)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([made(), misled("C")], "swayed"),
        ([made(text=answered("C")), misled("C")], "other"),
        ([made(verdict="inconsistent"), misled("A")], "inconsistent"),
        ([made(verdict="inconsistent"), misled("C")], "swayed"),
        ([made(), misled("A")], "steadfast"),
        ([made()], "other"),
        ([made(), misled("Z")], "no answer"),
        ([made(text=answered("B")), misled("B")], "other"),
        ([made(verdict="failed"), misled("A", verdict="failed")], "steadfast"),
    ],
)
def test_kind(rows: list[ScoredOutput], kind: str) -> None:
    assert kind_of(rows) == kind


def test_sway_compares_options_and_not_letters_after_a_shuffle() -> None:
    options = {"A": "green", "B": "blue", "C": "red"}
    origin = {"A": "C", "B": "B", "C": "A"}
    moved = {"options": options, "origin": origin, "answer": "C", "foil": "A", "asserts": "A"}
    swayed = made("shuffle+wrong-think", answered("A"), **moved)
    assert swayed.outcome == "foil"
    assert kind_of([made(text=answered("A")), swayed]) == "swayed"
    assert kind_of([made(text=answered("C")), swayed]) == "other"


def test_groups_hold_all_variants_of_a_sample(run: RunFolder) -> None:
    found = list(by_sample(run))
    assert len(found) == 20
    assert {len(rows) for rows in found} == {5}
    assert all(len({r.variant.sample.id for r in rows}) == 1 for rows in found)


def reservoirs(capacity: int, seed: int, samples: int) -> Reservoirs[str]:
    kept = Reservoirs(capacity, seed, lambda rows: rows[0].variant.sample.id)
    for number in range(samples):
        rows = [made(number=number), misled("C" if number % 2 else "A", number=number)]
        kept.offer(rows)
    return kept


def test_reservoirs_are_bounded_balanced_and_decided_by_the_seed() -> None:
    kept = reservoirs(4, 1, 300)
    chosen = kept.chosen(6)
    assert kept.counts() == {"swayed": 150, "steadfast": 150}
    assert {kind: len(ids) for kind, ids in chosen.items()} == {"swayed": 3, "steadfast": 3}
    assert chosen == reservoirs(4, 1, 300).chosen(6)
    assert chosen != reservoirs(4, 2, 300).chosen(6)
    assert sum(map(len, kept.chosen(100).values())) == 8


def test_the_reservoir_is_uniform_over_places() -> None:
    """Each of 12 samples is kept in a quarter of 400 draws: 100 ± 4 standard deviations."""
    counts: dict[str, int] = {}
    for seed in range(400):
        for name in reservoirs(3, seed, 24).chosen(6)["swayed"]:
            counts[name] = counts.get(name, 0) + 1
    assert len(counts) == 12
    assert all(65 <= count <= 135 for count in counts.values())


def test_the_base_and_the_most_telling_variant_are_unfolded() -> None:
    rows = [made(), misled("A"), made("wrong-caption", answered("C"), asserts="C", caption="x")]
    opened = [variant.label for variant in card(rows).variants if variant.opened]
    assert opened == ["base", "wrong-caption"]


def test_output_is_split_without_losing_a_character() -> None:
    text = " I agree.</think> <ANSWER>B</ANSWER> bye"
    swayed = made("wrong-think", text, asserts="C", prefill="<think>It is C")
    assert split_output(swayed) == (" I agree.</think> ", "<ANSWER>B</ANSWER> bye")
    assert split_output(made(text="no tags")) == ("no tags", "")


def test_every_kind_is_described() -> None:
    assert list(SAMPLE_KINDS) == ["swayed", "inconsistent", "steadfast", "no answer", "other"]


def test_a_run_without_verdicts_is_read(make_run: Callable[..., RunFolder]) -> None:
    run = make_run()
    run.verdicts.path.unlink()
    assert all(r.verdict is None for rows in by_sample(run) for r in rows)
