"""What every variant keeps and what it changes (PROTOCOL section 3), as properties."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.answers import normalise
from unswayed.answers.blocks import TAG
from unswayed.errors import ConfigError, DataError, UnknownName
from unswayed.perturbations import Context
from unswayed.perturbations.composition import TEXT_VARIANTS, compose, draw_foils, variants_of
from unswayed.perturbations.texts.templates import Templates, statement_of
from unswayed.types import ABSTAIN_TEXT, LETTERS, Sample, Variant

WRONG = ("wrong-think", "wrong-think-but", "wrong-caption", "wrong-caption-disclaimer")
TEXTS = st.one_of(
    st.sampled_from(["red", "a red chair", "1", "nan", "A is closer", "{letter}", "Yes.", '"x"']),
    st.text(min_size=1, max_size=20),
).filter(lambda text: not TAG.search(text))
"""Texts of options, without the tags that a thought may not hold."""


@st.composite
def samples(draw: st.DrawFn, most: int = 25) -> Sample:
    """Draw a question; option texts differ, as do those of any benchmark, also when folded."""
    texts = draw(
        st.lists(TEXTS.filter(lambda t: normalise(t) != ""), min_size=2, max_size=most).filter(
            lambda ts: len({normalise(t) for t in ts}) == len(ts)
        )
    )
    options = dict(zip(LETTERS, texts, strict=False))
    return Sample(
        id=draw(st.text(min_size=1, max_size=10)),
        benchmark="b",
        images=(),
        question=draw(st.text(min_size=1, max_size=300).filter(lambda text: not TAG.search(text))),
        options=options,
        answer=draw(st.sampled_from(sorted(options))),
        cluster="c",
    )


def context(seed: int = 0, **more: Any) -> Context:
    return Context(Templates(), seed=seed, **more)


PLAIN = context()


def made(sample: Sample, *names: str, foils: int = 1, context: Context = PLAIN) -> list[Variant]:
    return list(variants_of(sample, [compose(n) for n in names], context, foils))


def one(sample: Sample, name: str, context: Context = PLAIN) -> Variant:
    (variant,) = made(sample, name, context=context)
    return variant


def injected(variant: Variant) -> str:
    return variant.prefill or variant.caption or variant.draft or ""


# Identity


@given(samples())
def test_base_is_the_sample(sample: Sample) -> None:
    base = one(sample, "base")
    assert (base.options, base.answer) == (sample.options, sample.answer)
    assert base.origin == {letter: letter for letter in sample.options}
    assert (base.prefill, base.caption, base.draft, base.asserts) == ("", None, None, None)
    assert (base.delivery, base.text_source) == ("none", "none")


@given(samples(), st.sampled_from(TEXT_VARIANTS))
def test_text_variants_leave_question_and_options_alone(sample: Sample, name: str) -> None:
    variant, base = one(sample, name), one(sample, "base")
    kept = {"options", "answer", "origin", "foil", "sample", "abstain"}
    assert variant.model_dump(include=kept) == base.model_dump(include=kept)
    if name != "base":
        assert sum(bool(part) for part in (variant.prefill, variant.caption)) == 1


@given(samples(), st.integers(0, 5))
def test_shuffle_moves_gold_foil_and_origin_with_their_texts(sample: Sample, seed: int) -> None:
    variant, base = one(sample, "shuffle", context(seed)), one(sample, "base", context(seed))
    assert list(variant.options) == list(sample.options)
    assert list(variant.options.values()) != list(sample.options.values())
    assert sorted(variant.origin.values()) == sorted(sample.options)
    for shown, text in variant.options.items():
        assert sample.options[variant.origin[shown]] == text
    assert variant.origin[variant.answer] == sample.answer
    assert variant.foil is not None
    assert variant.origin[variant.foil] == base.foil


@given(samples(), st.sampled_from(["", "+shuffle"]), st.sampled_from(TEXT_VARIANTS))
def test_abstain_is_last_and_never_asserted(sample: Sample, more: str, text: str) -> None:
    variant = one(sample, f"abstain{more}+{text}")
    assert list(variant.options.items())[-1] == (variant.abstain, ABSTAIN_TEXT)
    assert len(variant.options) == len(sample.options) + 1
    assert variant.abstain not in (variant.foil, variant.answer, variant.asserts)
    assert variant.abstain not in variant.origin
    plain = one(sample, f"{more}+{text}".strip("+"))
    assert injected(variant) == injected(plain)


# What is asserted


@given(samples(), st.sampled_from(WRONG), st.sampled_from(["", "shuffle+", "abstain+"]))
def test_wrong_texts_assert_the_foil_and_never_the_gold(
    sample: Sample, name: str, more: str
) -> None:
    variant = one(sample, more + name)
    assert variant.foil is not None
    assert variant.asserts == variant.foil != variant.answer
    foil, gold = (statement_of(variant, letter).text for letter in (variant.foil, variant.answer))
    text = injected(variant)
    assert foil[1:] in text
    assert gold not in text or gold in foil
    assert (variant.wordings, variant.names_letter) == ("a", False)


@given(samples(), st.sampled_from(["think", "caption"]))
def test_wrong_and_correct_texts_differ_in_the_option_alone(sample: Sample, part: str) -> None:
    wrong, correct = one(sample, f"wrong-{part}"), one(sample, f"correct-{part}")
    assert correct.asserts == correct.answer
    assert wrong.foil is not None
    swapped = sample.model_copy(update={"answer": wrong.foil})
    assert injected(one(swapped, f"correct-{part}")) == injected(wrong)
    assert injected(correct) != injected(wrong)


@given(
    samples(), st.sampled_from([("think", " but I think"), ("caption", " but I could be wrong")])
)
def test_suffixes(sample: Sample, family: tuple[str, str]) -> None:
    part, suffix = family
    longer = {"think": "wrong-think-but", "caption": "wrong-caption-disclaimer"}[part]
    text = injected(one(sample, f"wrong-{part}"))
    assert injected(one(sample, longer)) == text + suffix
    assert not text.endswith(".")


@given(samples(), st.integers(0, 3))
def test_one_foil_for_every_wrong_variant(sample: Sample, seed: int) -> None:
    names = [f"{more}{name}" for name in WRONG for more in ("", "shuffle+", "abstain+shuffle+")]
    foils = {v.origin[v.foil or ""] for v in made(sample, *names, context=context(seed))}
    assert len(foils) == 1
    assert sample.answer not in foils


@given(samples(), st.integers(1, 6))
def test_several_foils(sample: Sample, count: int) -> None:
    variants = made(sample, "base", "wrong-think", "correct-think", foils=count)
    wrong = [v for v in variants if v.name == "wrong-think"]
    expected = min(count, len(sample.options) - 1)
    assert len(variants) == expected + 2
    assert [v.foil_index for v in wrong] == list(range(expected))
    assert len({v.foil for v in wrong}) == expected
    assert wrong[0] == one(sample, "wrong-think")
    assert {v.foil for v in variants if v.name != "wrong-think"} == {wrong[0].foil}


@pytest.mark.parametrize("unfit", ["", " ", "the TABLE."])
def test_an_option_that_cannot_be_wrong_is_no_foil(sample: Sample, unfit: str) -> None:
    options = {**sample.options, "D": unfit}
    for seed in range(20):
        assert set(draw_foils(sample.model_copy(update={"options": options}), seed, 9)) == {
            "A",
            "C",
        }


def test_foils_depend_on_seed_and_sample(sample: Sample) -> None:
    of_seed = [draw_foils(sample, seed, 1) for seed in range(20)]
    others = [sample.model_copy(update={"id": f"toy/{n}"}) for n in range(20)]
    assert len(set(map(tuple, of_seed))) == 2
    assert len({tuple(draw_foils(other, 0, 1)) for other in others}) == 2


# Delivery


@given(samples(), st.sampled_from([n for n in TEXT_VARIANTS if n.endswith(("think", "but"))]))
def test_a_thought_stays_open_or_goes_into_the_users_turn(sample: Sample, name: str) -> None:
    prefill = one(sample, name)
    draft = one(sample, name, context(delivery="user-turn"))
    assert (prefill.delivery, draft.delivery) == ("prefill", "user-turn")
    assert (prefill.draft, draft.prefill) == (None, "")
    closing = "</think>" if name == "stop-think" else ""
    assert prefill.prefill == f"<think>{draft.draft}{closing}"
    assert prefill.id != draft.id


def test_the_papers_stop_think(sample: Sample) -> None:
    stop = one(sample, "stop-think")
    expected = "<think>Okay let's see. This should be the final answer.</think>"
    assert (stop.prefill, stop.text_source, stop.asserts) == (expected, "fixed", None)


@pytest.mark.parametrize("tag", ["</think>", "<answer>", "</ANSWER>", "<think>"])
def test_an_option_with_a_tag_cannot_close_the_thought(sample: Sample, tag: str) -> None:
    options = {"A": f"x{tag}y", "B": "z"}
    hostile = sample.model_copy(update={"options": options})
    with pytest.raises(DataError, match="would not stay open"):
        one(hostile, "wrong-think")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("base", {"choice", "number", "box", "text"}),
        ("stop-think", {"choice", "number", "box", "text"}),
        ("correct-think", {"choice", "number", "box", "text"}),
        ("wrong-think", {"choice", "number", "box"}),
        ("neutral-caption", {"choice", "number", "box"}),
        ("shuffle", {"choice"}),
        ("abstain+stop-think", {"choice"}),
        ("shuffle+correct-caption", {"choice"}),
    ],
)
def test_which_questions_a_variant_applies_to(sample: Sample, name: str, kinds: set[str]) -> None:
    asked = ("choice", "number", "box", "text")
    found = {
        kind
        for kind in asked
        if compose(name).applies_to(sample.model_copy(update={"answer_kind": kind}))
    }
    assert found == kinds


# Names, ids, determinism


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("wrong-think", "wrong-think"),
        (" abstain + wrong-think ", "abstain+wrong-think"),
        ("wrong-think+abstain", "abstain+wrong-think"),
        ("shuffle+abstain", "abstain+shuffle"),
        ("base+abstain", "abstain"),
    ],
)
def test_a_variant_has_one_name(sample: Sample, name: str, canonical: str) -> None:
    assert one(sample, name) == one(sample, canonical)
    assert one(sample, name).name == canonical


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("wrong-thnk", UnknownName, "did you mean wrong-think"),
        ("", UnknownName, "unknown variant ''"),
        ("abstain+", UnknownName, "unknown variant ''"),
        ("abstain+abstain", ConfigError, "names a part twice"),
        ("wrong-think+wrong-caption", ConfigError, "joins wrong-think and wrong-caption"),
    ],
)
def test_names_that_are_none(name: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        compose(name)


ALL = (*TEXT_VARIANTS, *(f"{o}+{t}" for o in ("abstain", "shuffle") for t in TEXT_VARIANTS[1:]))


def test_ids_are_unique_and_stable(sample: Sample) -> None:
    ids = [variant.id for variant in made(sample, *ALL, foils=2)]
    assert len(set(ids)) == len(ids)
    assert one(sample, "base").id == "7741df607befc1d1"
    assert one(sample, "abstain+wrong-think").id == "9b2284178cc0d452"


def test_an_id_depends_on_the_pictures_bytes_and_not_on_their_place(sample: Sample) -> None:
    image = sample.images[0]
    moved = sample.model_copy(update={"images": (image.model_copy(update={"path": "x.png"}),)})
    other = sample.model_copy(update={"images": (image.model_copy(update={"sha256": "cd"}),)})
    assert one(moved, "base").id == one(sample, "base").id
    assert one(other, "base").id != one(sample, "base").id


SCRIPT = """
import json, sys
from unswayed.perturbations import Context
from unswayed.perturbations.texts.templates import Templates
from unswayed.perturbations.composition import compose, variants_of
from unswayed.types import Sample
sample, names = Sample.model_validate_json(sys.argv[1]), sys.argv[2:]
made = variants_of(sample, [compose(n) for n in names], Context(Templates(), seed=3), 2)
print(json.dumps([v.model_dump(mode="json") for v in made]))
"""


def test_the_same_variants_in_every_process(sample: Sample) -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, sample.model_dump_json(), *ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    here = [v.model_dump(mode="json") for v in made(sample, *ALL, foils=2, context=context(3))]
    assert found[0] == found[1]
    assert json.loads(found[0]) == here


def test_every_variant_can_be_read_back(sample: Sample) -> None:
    for variant in made(sample, *ALL, foils=2):
        assert Variant.model_validate_json(variant.model_dump_json()) == variant


# Samples that a variant does not fit


@pytest.mark.parametrize("name", ["abstain", "shuffle", *WRONG, "neutral-think"])
def test_a_question_without_options(sample: Sample, name: str) -> None:
    update: dict[str, Any] = {"options": {}, "answer": "a chair", "answer_kind": "text"}
    with pytest.raises(DataError, match="toy/1"):
        one(sample.model_copy(update=update), name)


def test_base_and_stop_think_need_no_options(sample: Sample) -> None:
    update: dict[str, Any] = {"options": {}, "answer": "17", "answer_kind": "number"}
    number = sample.model_copy(update=update)
    assert [v.answer for v in made(number, "base", "stop-think")] == ["17", "17"]


def test_abstain_does_not_fit_beside_26_options(sample: Sample) -> None:
    full = sample.model_copy(update={"options": {letter: f"text {letter}" for letter in LETTERS}})
    with pytest.raises(DataError, match="26 options"):
        one(full, "abstain")
