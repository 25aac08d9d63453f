"""The adapters for published folders, on folders made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unswayed.benchmarks.blink import Blink
from unswayed.benchmarks.geometry3k import Geometry3K
from unswayed.benchmarks.nlvr import Nlvr
from unswayed.errors import DataError
from unswayed.types import Failure, Sample

REQUEST = {
    "query": "<img src='../x/image.jpg'> Is the car beneath the cat?\n"
    "Select from the following choices.\n(A) yes\n(B) no",
    "images": ["../tasks/blink_spatial/processed/val_Spatial_Relation_1/image.jpg"],
    "answer": "(B)",
}
PROBLEM = {
    "problem_text": "Find x.",
    "choices": ["6.93", "7.50", "8.94", "10.00"],
    "answer": "C",
    "problem_type_goal": ["Length"],
}
STATEMENT = {
    "sentence": "There is a tower.",
    "label": "true",
    "identifier": "31-1",
    "images": ["images/a.png"],
}


def put(folder: Path, name: str, content: object, picture: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text, "utf-8")
    if picture:
        (folder / picture).write_bytes(b"bytes")


def test_blink(tmp_path: Path) -> None:
    for number in (10, 2):
        put(tmp_path / f"t/val_Spatial_Relation_{number}", "request.json", REQUEST, "image.jpg")
    samples = list(Blink(str(tmp_path)))
    assert [s.id for s in samples] == [f"blink/val_Spatial_Relation_{n}" for n in (2, 10)]
    first = samples[0]
    assert isinstance(first, Sample)
    assert first.question == "Is the car beneath the cat?"
    assert (first.options, first.answer) == ({"A": "yes", "B": "no"}, "B")
    assert (first.category, first.cluster) == (
        "Spatial_Relation",
        "t/val_Spatial_Relation_2/image.jpg",
    )


@pytest.mark.parametrize("names", [("data.json", "img_diagram.png"), ("ex.json", "image.png")])
def test_geometry3k(tmp_path: Path, names: tuple[str, str]) -> None:
    put(tmp_path / "7", names[0], PROBLEM, names[1])
    (sample,) = Geometry3K(str(tmp_path))
    assert isinstance(sample, Sample)
    assert (sample.id, sample.answer, sample.category) == ("geometry3k/7", "C", "Length")
    assert sample.options["C"] == "8.94"
    assert sample.images[0].path == str(tmp_path / "7" / names[1])


@pytest.mark.parametrize(("label", "letter"), [("true", "A"), ("False", "B"), (False, "B")])
def test_nlvr(tmp_path: Path, label: object, letter: str) -> None:
    put(tmp_path / "images", "a.png", "bytes")
    put(tmp_path, "dev.jsonl", STATEMENT | {"label": label})
    (sample,) = Nlvr(str(tmp_path / "dev.jsonl"))
    assert isinstance(sample, Sample)
    assert sample.question == (
        'Is the following statement about the image true or false? "There is a tower."'
    )
    assert (sample.id, sample.answer, sample.cluster) == ("nlvr/31-1", letter, "31")


def blink(folder: Path, change: Any) -> Blink:
    put(folder / "val_X_1", "request.json", change if isinstance(change, str) else REQUEST | change)
    (folder / "val_X_1" / "image.jpg").write_bytes(b"bytes")
    return Blink(str(folder))


def geometry3k(folder: Path, change: Any) -> Geometry3K:
    put(folder / "7", "ex.json", change if isinstance(change, str) else PROBLEM | change)
    return Geometry3K(str(folder))


def nlvr(folder: Path, change: Any) -> Nlvr:
    put(folder / "images", "a.png", "bytes")
    put(folder, "d.jsonl", change if isinstance(change, str) else STATEMENT | change)
    return Nlvr(str(folder / "d.jsonl"))


@pytest.mark.parametrize(
    ("make", "change", "message"),
    [
        (blink, {"answer": "(C)"}, "the gold '(C)' is not one of the options"),
        (blink, {"query": "Is it?"}, "expected options as (A)"),
        (blink, {"query": "<img src=x>\n(A) yes\n(B) no"}, "expected a question"),
        (blink, {"images": ["other.jpg"]}, "no picture at"),
        (blink, {"images": []}, "expected a picture, found an empty cell"),
        (blink, '{"query": "Is it?"}', "expected options"),
        (blink, "[]", "expected a JSON object in request.json, found a list"),
        (blink, "{", "expected a JSON object in request.json"),
        (geometry3k, {}, "7 named img_diagram.png or image.png; fetch"),
        (nlvr, {"label": "perhaps"}, "the gold 'perhaps' is not one of the options"),
        (nlvr, {"sentence": " "}, "expected a sentence"),
        (nlvr, {"images": ["../../secret.png"]}, "leads out of it"),
        (nlvr, '{"sentence": "x"}\n{"sentence": "x"}', "expected the field 'identifier'"),
    ],
)
def test_a_bad_question_is_a_failure(
    tmp_path: Path, make: Callable[[Path, Any], Any], change: Any, message: str
) -> None:
    failure = next(iter(make(tmp_path / "root", change)))
    assert isinstance(failure, Failure)
    assert message in failure.message
    assert failure.stage == "load"


@pytest.mark.parametrize("kind", [Blink, Geometry3K])
def test_a_folder_that_holds_no_questions(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(DataError, match=r"expected files named .* found none"):
        kind(str(tmp_path))
    with pytest.raises(DataError, match=r"expected a folder at .*nowhere, found none"):
        kind(str(tmp_path / "nowhere"))
