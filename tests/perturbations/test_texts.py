"""Where injected texts come from: templates and annotation files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import DataError
from unswayed.perturbations import Context
from unswayed.perturbations.composition import compose, variants_of
from unswayed.perturbations.texts import templates
from unswayed.perturbations.texts.annotations import Annotations
from unswayed.perturbations.texts.templates import CAPTIONS, THOUGHTS, Templates, quote
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


@pytest.mark.parametrize("n", range(12))
def test_every_wording_reads_on(n: int) -> None:
    """The option is quoted, the letter named, and the suffixes of the protocol can follow."""
    sample = question(n, "Which one is red?", {"A": "the chair", "B": "The table is red."})
    thought, caption = one(sample, "wrong-think").prefill, one(sample, "wrong-caption").caption
    assert re.search(r'"The table is red".*\bB\b', thought)
    assert caption is not None
    assert caption.count('"The table is red"') == 1
    assert '"Which one is red?"' in caption
    for text in (thought, caption):
        assert "chair" not in text
        assert text[-1] not in ".,:;"


def test_wordings_vary_between_samples() -> None:
    samples = [question(n, "Q?", {"A": "x", "B": "y"}) for n in range(60)]
    assert len({one(sample, "wrong-think").prefill for sample in samples}) == len(THOUGHTS)
    assert len({one(sample, "wrong-caption").caption for sample in samples}) == len(CAPTIONS)


def test_a_long_question_is_referred_to() -> None:
    sample = question(1, "Why? " * 60, {"A": "x", "B": "y"})
    caption = one(sample, "wrong-caption").caption
    assert caption is not None
    assert "the question below" in caption
    assert "Why" not in caption


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("red", '"red"'),
        ("Red.", '"Red"'),
        (" a\n b ", '"a b"'),
        ('the "red" one', '“the "red" one”'),
        ("1", '"1"'),
    ],
)
def test_quotes(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=2, unique=True),
    st.text(max_size=30),
)
def test_fields_in_data_are_data(texts: list[str], asked: str) -> None:
    options = {"A": texts[0], "B": texts[1] + "{letter}{question}x"}
    caption = one(question(1, asked + "{text}?", options), "wrong-caption").caption
    assert caption is not None
    assert quote(options["B"]) in caption
    assert quote(asked + "{text}?") in caption


@pytest.mark.parametrize("part", ["think", "caption"])
@pytest.mark.parametrize("words", range(1, 45))
def test_neutral_texts_are_as_long_as_the_wrong_ones(part: str, words: int) -> None:
    for n in range(8):
        sample = question(n, "Which of them?", {"A": "qqq", "B": " ".join(["zzz"] * words)})
        wrong, neutral = one(sample, f"wrong-{part}"), one(sample, f"neutral-{part}")
        texts = [v.prefill or v.caption or "" for v in (wrong, neutral)]
        assert len(texts[0].split()) == len(texts[1].split())
        assert neutral.asserts is None
        assert not re.search(r"qqq|zzz|\b[A-H]\b", texts[1])
        assert re.search(r"[a-z?\"]$", texts[1])


def test_a_neutral_text_ends_where_its_clauses_end() -> None:
    sample = question(1, "Q?", {"A": "x", "B": " ".join(["z"] * 500)})
    text = one(sample, "neutral-think").prefill
    assert text.endswith(templates.ADVERBS[-1])
    assert all(clause in text for clause in templates.FURTHER_THOUGHTS)


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
