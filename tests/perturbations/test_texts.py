"""Where injected texts come from: templates and annotation files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import ConfigError, DataError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts.annotations import Annotations
from unswayed.perturbations.texts.neutral import fill
from unswayed.perturbations.texts.templates import Templates
from unswayed.perturbations.texts.wordings import load
from unswayed.types import Sample, Variant


def one(sample: Sample, name: str, texts: Any = None) -> Variant:
    context = Context(texts or Templates())
    (variant,) = variants_of(sample, [compose(name)], context)
    return variant


def question(n: int, text: str, options: dict[str, str]) -> Sample:
    return Sample(
        id=f"q/{n}",
        benchmark="q",
        images=(),
        question=text,
        options=options,
        answer="A",
        cluster="c",
    )


# Templates


CHAIRS = question(1, "How many chairs are in the image?", {"A": "2", "B": "3"})
WIDE = st.text(alphabet=st.characters(codec="utf-8", categories=["Ll", "Lu", "Nd"]), min_size=1)


@pytest.mark.parametrize("n", range(12))
@pytest.mark.parametrize("name", ["a", "b"])
def test_every_wording_reads_on(n: int, name: str) -> None:
    """It tells the statement and nothing of the exercise; the protocol's suffixes can follow."""
    sample = question(n, "Which one is closer to the camera?", {"A": "the chair", "B": "the table"})
    texts = Templates(wordings=name)
    thought, caption = one(sample, "wrong-think", texts), one(sample, "wrong-caption", texts)
    for text in (thought.prefill, caption.caption or ""):
        assert "he table is closer to the camera than the chair" in text
        assert not re.search(r"\b(?:question|answer|option|choice|[AB])\b", text)
        assert text[-1] not in ".,:;"
    assert thought.form == caption.form == "comparison"
    assert (thought.fallback, thought.wordings, thought.language) == (False, name, "en")


def test_wordings_vary_between_samples() -> None:
    samples = [question(n, "Q?", {"A": "x", "B": "y"}) for n in range(60)]
    words = load("a").en
    assert len({one(sample, "wrong-think").prefill for sample in samples}) == len(words.thoughts)
    assert len({one(sample, "wrong-caption").caption for sample in samples}) == len(words.captions)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sets_share_no_sentence(language: str) -> None:
    """No five words (or characters, in Chinese) in a row of one set are in the other."""

    def grams(name: str) -> set[tuple[str, ...]]:
        words = getattr(load(name), language)
        neutral = (*words.neutral.captions, *words.neutral.thoughts, *words.neutral.further)
        found: set[tuple[str, ...]] = set()
        for text in (*words.captions, *words.thoughts, words.letter, *neutral):
            plain = re.sub(r"\{\w+\}", " | ", text.lower())
            units = re.findall(r"[\w|]+", plain) if language == "en" else list(plain)
            found |= {tuple(units[at : at + 5]) for at in range(len(units) - 4)}
        return found

    assert not grams("a") & grams("b")
    for name in ("a", "b"):
        words = getattr(load(name), language)
        assert min(len(words.captions), len(words.thoughts)) >= 4


@pytest.mark.parametrize("letter", ["none", "named"])
@pytest.mark.parametrize("variant", ["wrong-think", "correct-think"])
def test_whether_the_letter_is_named_is_a_factor_of_its_own(letter: str, variant: str) -> None:
    made = one(CHAIRS, variant, Templates(letter=letter))
    assert made.names_letter is (letter == "named")
    assert bool(re.search(rf"\b{made.asserts}$", made.prefill)) is (letter == "named")
    caption = one(CHAIRS, "wrong-caption", Templates(letter=letter))
    assert caption.caption == one(CHAIRS, "wrong-caption").caption
    assert not caption.names_letter


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("part", ["captions", "thoughts"])
@given(length=st.integers(18, 900))
def test_a_neutral_text_has_the_length_that_is_wanted(name: str, part: str, length: int) -> None:
    neutral = load(name).en.neutral
    text = fill(length, getattr(neutral, part), neutral.further)
    assert abs(len(text) - length) <= 0.1 * length + 0.5
    assert text[-1] not in ".,:;"


@pytest.mark.parametrize("name", ["a", "b"])
@given(length=st.integers(8, 300))
def test_a_chinese_neutral_text_has_it_too(name: str, length: int) -> None:
    neutral = load(name).zh.neutral
    for starts in (neutral.captions, neutral.thoughts):
        assert abs(len(fill(length, starts, neutral.further)) - length) <= 0.1 * length + 0.5


@pytest.mark.parametrize("part", ["think", "caption"])
@given(other=WIDE)
def test_a_neutral_text_asserts_nothing(part: str, other: str) -> None:
    sample = question(7, "Which word is it?", {"A": "qqq", "B": f"zzz {other}"})
    wrong, neutral = one(sample, f"wrong-{part}"), one(sample, f"neutral-{part}")
    texts = [(v.prefill or v.caption or "").removeprefix("<think>") for v in (wrong, neutral)]
    assert abs(len(texts[0]) - len(texts[1])) <= 0.1 * len(texts[0]) + 0.5
    assert (neutral.asserts, neutral.form, neutral.fallback) == (None, "", False)
    assert not re.search(r"qqq|zzz|\b[B-H]\b|\b(?:look|choose|answer)\b", texts[1])


def test_braces_in_data_are_data() -> None:
    sample = question(1, "{statement}?", {"A": "x", "B": "{letter}{statement} y"})
    assert "{letter}{statement} y" in (one(sample, "wrong-caption").caption or "")


def test_a_third_language_is_told_in_english_and_flagged() -> None:
    sample = question(1, "Wie viele Stühle stehen im Bild?", {"A": "zwei", "B": "drei"})
    made = one(sample, "wrong-caption")
    assert (made.fallback, made.language) == (True, "other")


def test_a_chinese_question_gets_a_chinese_text() -> None:
    sample = question(1, "图中有几把椅子？", {"A": "2", "B": "3"})
    made = one(sample, "wrong-think", Templates(letter="named"))
    assert made.language == "zh"
    assert "图中有3把椅子" in made.prefill
    assert made.prefill.endswith("B")


def test_a_statement_that_comes_with_the_sample_is_told() -> None:
    stated = CHAIRS.model_copy(update={"statements": {"A": "Two chairs.", "B": "Three chairs."}})
    made = one(stated, "wrong-think")
    assert made.form == "given"
    assert made.prefill.endswith("three chairs")
    for more in ("shuffle+", "abstain+", "abstain+shuffle+"):
        assert one(stated, f"{more}wrong-think").prefill == made.prefill


OWN = """
[en]
captions = ["Mine: {statement}"]
thoughts = ["I see {statement}"]
letter = ", {letter}"
[en.neutral]
captions = ["Text"]
thoughts = ["Text"]
further = [", more"]
[zh]
captions = ["{statement}"]
thoughts = ["{statement}"]
letter = "{letter}"
[zh.neutral]
captions = ["图"]
thoughts = ["图"]
further = ["，图"]
"""


def test_wordings_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN, "utf-8")
    made = one(CHAIRS, "wrong-caption", Templates(wordings=str(path)))
    assert made.caption == "Mine: there are three chairs in the picture"
    assert made.wordings == str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Mine: {statement}", "Mine", r"en\.captions.*place-holder \{statement\}"),
        ("Mine: {statement}", "{statement} {foo}", "no other place-holder"),
        ("Mine: {statement}", "{statement}.", "no full stop"),
        (", {letter}", ", that one", r"place-holder \{letter\}"),
        ('["Mine: {statement}"]', "[]", r"en\.captions"),
        ("[en.neutral]", "wrong = 1\n[en.neutral]", r"en\.wrong"),
        ("[zh]", "[de]", "de"),
        ("captions =", "captions", "TOML"),
    ],
)
def test_wordings_that_are_none(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError, match=said):
        Templates(wordings=str(path))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wordings": "c"}, "expected wordings to be a or b or a TOML file"),
        ({"letter": "maybe"}, "none or named"),
    ],
)
def test_options_that_are_none(options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Templates(**options)


def test_an_option_without_text_cannot_be_asserted() -> None:
    sample = question(1, "Q?", {"A": " ", "B": "x"})
    with pytest.raises(DataError, match="option A of q/1 has no text"):
        one(sample, "correct-think")


# Annotation files


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    rows = [
        {"sample": "toy/1", "part": "think", "asserts": foil, "text": f"{text}, so {{letter}}"}
        for foil, text in (("A", "chair"), ("B", "table"), ("C", "lamp"))
    ]
    rows.append({"sample": "toy/1", "part": "caption", "asserts": None, "text": "A\u2028room"})
    path = tmp_path / "notes.jsonl"
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n\n", "utf-8")
    return path


@pytest.mark.parametrize("more", ["", "shuffle+", "abstain+shuffle+"])
def test_texts_of_a_file_follow_a_shuffle(sample: Sample, notes: Path, more: str) -> None:
    wrong = one(sample, f"{more}wrong-think", Annotations(notes))
    right = one(sample, f"{more}correct-think", Annotations(notes))
    assert wrong.foil is not None
    thing = wrong.options[wrong.foil].removeprefix("the ")
    assert wrong.prefill == f"<think>{thing}, so {wrong.foil}"
    assert right.prefill == f"<think>table, so {right.answer}"
    assert wrong.text_source == "file"


def test_a_neutral_text_of_a_file(sample: Sample, notes: Path) -> None:
    assert one(sample, "neutral-caption", Annotations(notes)).caption == "A\u2028room"


def test_a_text_that_the_file_lacks(sample: Sample, notes: Path) -> None:
    with pytest.raises(DataError, match="no text for the caption of toy/1 that asserts B"):
        one(sample, "correct-caption", Annotations(notes))
    with pytest.raises(DataError, match="the think of toy/1 that asserts nothing"):
        one(sample, "neutral-think", Annotations(notes))


GOOD = '{"sample": "s", "part": "think", "asserts": "A", "text": "x"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", ":1: expected a JSON object"),
        (GOOD + "\n[]", ":2: expected {"),
        (GOOD.replace("think", "thought"), ":1: .*part: "),
        (GOOD.replace('"A"', "5"), ":1: .*asserts: "),
        (GOOD.replace('"text"', '"words"'), ":1: .*: "),
        (GOOD + "\n\n" + GOOD, ":3: a second text for the think of s that asserts A"),
    ],
)
def test_broken_annotation_files(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=said) as error:
        Annotations(path)
    assert str(path) in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_annotation_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read the annotation file"):
        Annotations(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff")
    with pytest.raises(DataError, match="cannot read the annotation file"):
        Annotations(tmp_path / "bytes.jsonl")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(GOOD, "utf-8-sig")
    Annotations(path)
