"""Statements of real questions, where those are at hand: how many forms are recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from unswayed.perturbations import Context
from unswayed.perturbations.composition import compositions, variants_of
from unswayed.perturbations.texts.statements import state
from unswayed.perturbations.texts.statements.form import Question
from unswayed.perturbations.texts.templates import Templates
from unswayed.types import Sample
from unswayed.writing.checks import problem
from unswayed.writing.wanted import Wanted

REAL = Path(__file__).parents[3].parent / "shared" / "real"
TRUTH = 'Is the following statement about the image true or false? "{}"'
EVERY = 12
"""Every so manieth question is also told and checked: the check reads each option."""

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real questions are not at hand")


def _mmbench(row: dict[str, Any]) -> Question:
    return Question(row["question"], tuple(row[key] for key in "ABCD" if row.get(key)))


READERS: dict[str, tuple[str, Callable[[dict[str, Any]], Question]]] = {
    "cv_bench": (
        "cv_bench/cv_bench.official_schema.reconstructed.jsonl",
        lambda row: Question(row["question"], tuple(row["choices"])),
    ),
    "vstar": (
        "vstar/vstar_annotations_from_deepeyes.jsonl",
        lambda row: Question(row["question"], tuple(row["options"])),
    ),
    "vsr": (
        "vsr/official_zeroshot_dev.jsonl",
        lambda row: Question(TRUTH.format(row["caption"]), ("True", "False")),
    ),
    "nlvr": (
        "nlvr/dev_120.jsonl",
        lambda row: Question(TRUTH.format(row["sentence"]), ("True", "False")),
    ),
    "whatsup": (
        "whatsup/controlled_images_dataset.reconstructed.json",
        lambda row: Question("Which caption describes the image?", tuple(row["caption_options"])),
    ),
    "mmbench": ("mmbench_samples/questions.jsonl", _mmbench),
}


def _questions(benchmark: str) -> Iterator[Question]:
    name, read = READERS[benchmark]
    text = (REAL / name).read_text("utf-8")
    lines = text.splitlines() if name.endswith(".jsonl") else None
    rows = json.loads(text) if lines is None else [json.loads(line) for line in lines if line]
    found = (read(row) for row in rows)
    return (question for question in found if question.options)


@pytest.mark.parametrize(
    ("benchmark", "count", "least"),
    [
        ("cv_bench", 2638, 0.99),
        ("vstar", 191, 0.99),
        ("vsr", 340, 0.99),
        ("nlvr", 120, 0.99),
        ("whatsup", 412, 0.99),
        ("mmbench", 52, 0.9),
    ],
)
def test_real_questions_are_recognised(benchmark: str, count: int, least: float) -> None:
    found = list(_questions(benchmark))
    assert len(found) == count
    fallbacks = sum(state(one, one.options[0]).fallback for one in found)
    assert fallbacks <= (1 - least) * count


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("benchmark", ["cv_bench", "vstar", "vsr", "nlvr", "whatsup"])
def test_captions_of_real_questions_pass_the_check(benchmark: str, name: str) -> None:
    context = Context(Templates(wordings=name))
    asked = compositions(["wrong-caption", "correct-caption"])
    refused = texts = 0
    for number, one in enumerate(list(_questions(benchmark))[::EVERY]):
        options = dict(zip("ABCDEFGH", one.options, strict=False))
        sample = Sample(
            id=f"r/{number}",
            benchmark="r",
            images=(),
            question=one.text,
            options=options,
            answer="A",
            cluster=str(number),
        )
        for made in variants_of(sample, asked, context):
            texts += 1
            refused += (
                problem(made.caption or "", Wanted(sample, "caption", made.asserts)) is not None
            )
    assert refused <= 0.03 * texts
