"""RefCOCO, RefCOCO+ and RefCOCOg on small files in the official forms."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unswayed.answers import values
from unswayed.benchmarks.refcoco import RefCOCO
from unswayed.errors import ConfigError, DataError
from unswayed.types import Failure, Sample

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def jpeg(width: int = 640, height: int = 480) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


ROW: dict[str, Any] = {
    "question_id": "1719310",
    "image": {"bytes": jpeg(), "path": None},
    "question": "Please carefully observe the area and come up with a caption for it.",
    "answer": ["man in orange", "far left man", "guy"],
    "segmentation": [1.0, 2.0, 3.0, 4.0],
    "bbox": [14.67, 133.56, 107.17, 336.12],
    "iscrowd": 0,
    "file_name": "COCO_train2014_000000581857_16.jpg",
}


def parquet(folder: Path, *rows: dict[str, Any], split: str = "val") -> str:
    schema = pa.schema(
        [
            ("question_id", pa.string()),
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("question", pa.string()),
            ("answer", pa.list_(pa.string())),
            ("segmentation", pa.list_(pa.float32())),
            ("bbox", pa.list_(pa.float32())),
            ("iscrowd", pa.int8()),
            ("file_name", pa.string()),
        ]
    )
    path = folder / "data" / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return str(folder)


def read(benchmark: RefCOCO) -> tuple[list[Sample], list[Failure]]:
    items = list(benchmark)
    samples = [item for item in items if isinstance(item, Sample)]
    return samples, [item for item in items if isinstance(item, Failure)]


def test_every_expression_of_a_row_is_a_sample(tmp_path: Path) -> None:
    samples, failures = read(RefCOCO(parquet(tmp_path, ROW)))
    assert not failures
    assert [sample.id for sample in samples] == [f"refcoco-val/1719310-{i}" for i in range(3)]
    assert "describes: far left man\n" in samples[1].question
    assert {sample.answer_kind for sample in samples} == {"box"}
    assert {tuple(sample.options) for sample in samples} == {()}
    with Image.open(io.BytesIO(samples[0].images[0].read())) as picture:
        assert picture.size == (640, 480)


def test_width_and_height_become_the_right_and_bottom_edge(tmp_path: Path) -> None:
    (sample, *_), _ = read(RefCOCO(parquet(tmp_path, ROW)))
    assert sample.answer == "[14.67, 133.56, 121.84, 469.68]"
    assert values.box(sample.answer).value == (14.67, 133.56, 121.84, 469.68)


@pytest.mark.parametrize(
    ("coordinates", "answer", "asked"),
    [
        ("unit", "[0.25, 0.25, 0.5, 1]", "from 0 to 1."),
        ("thousand", "[250, 250, 500, 1000]", "from 0 to 1000."),
        ("resized", "[161, 119, 322, 476]", "in pixels."),
    ],
)
def test_the_gold_is_in_the_coordinates_asked_for(
    tmp_path: Path, coordinates: str, answer: str, asked: str
) -> None:
    row = ROW | {"bbox": [160.0, 120.0, 160.0, 360.0]}
    samples, _ = read(RefCOCO(parquet(tmp_path, row), coordinates=coordinates))
    assert {sample.answer for sample in samples} == {answer}
    assert samples[0].question.endswith(asked)


def test_expressions_about_one_picture_form_a_cluster(tmp_path: Path) -> None:
    same = ROW | {"question_id": "2", "file_name": "COCO_train2014_000000581857_7.jpg"}
    other = ROW | {"question_id": "3", "file_name": "COCO_train2014_000000000009_1.jpg"}
    samples, _ = read(RefCOCO(parquet(tmp_path, ROW, same, other)))
    clusters = [sample.cluster for sample in samples]
    assert clusters == ["COCO_train2014_000000581857"] * 6 + ["COCO_train2014_000000000009"] * 3


def test_an_object_with_two_rows_keeps_both(tmp_path: Path) -> None:
    again = ROW | {"answer": ["orange shirt"]}
    samples, failures = read(RefCOCO(parquet(tmp_path, ROW, again)))
    assert not failures
    assert [sample.id for sample in samples][2:] == [
        "refcoco-val/1719310-2",
        "refcoco-val/1719310.2-0",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bbox": [1.0, 2.0, 3.0]}, "a box of four numbers"),
        ({"bbox": None}, "a box of four numbers"),
        ({"bbox": [1.0, 2.0, 0.0, 3.0]}, "a box with an area"),
        ({"bbox": [1.0, 2.0, float("nan"), 3.0]}, "four numbers"),
        ({"answer": []}, "a list of expressions"),
        ({"image": None}, "expected a picture"),
    ],
)
def test_a_bad_row_is_a_failure_and_the_rest_goes_on(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    good = ROW | {"question_id": "2", "answer": ["the left one"]}
    samples, failures = read(RefCOCO(parquet(tmp_path, ROW | change, good)))
    assert [sample.id for sample in samples] == ["refcoco-val/2-0"]
    assert failures
    assert all(message in failure.message for failure in failures)
    assert all(failure.id.startswith("val-00000-of-00001.parquet:1") for failure in failures)


def test_an_empty_expression_is_left_out_alone(tmp_path: Path) -> None:
    samples, failures = read(RefCOCO(parquet(tmp_path, ROW | {"answer": ["left", " "]})))
    assert len(samples) == 1
    assert [failure.id for failure in failures] == [
        "val-00000-of-00001.parquet:1, expression 1",
    ]


def test_a_picture_is_opened_only_where_its_size_is_needed(tmp_path: Path) -> None:
    broken = ROW | {"image": {"bytes": b"no picture", "path": None}}
    folder = parquet(tmp_path, broken)
    assert len(read(RefCOCO(folder))[0]) == 3
    samples, failures = read(RefCOCO(folder, coordinates="unit"))
    assert not samples
    assert (
        "picture 1 in 'image' of row 1 of val-00000-of-00001.parquet is no readable picture"
        in failures[0].message
    )


def test_a_picture_too_large_to_be_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = parquet(tmp_path, ROW)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert "decompression bomb" in read(RefCOCO(folder, coordinates="unit"))[1][0].message


def test_other_data_sets_and_splits(tmp_path: Path) -> None:
    folder = parquet(tmp_path, ROW, split="testA")
    benchmark = RefCOCO(folder, dataset="refcoco+", split="testA", owner="lmms-lab-encoder")
    assert benchmark.name == "refcoco+-testA"
    assert benchmark.source.hub_id == "lmms-lab-encoder/RefCOCOplus"
    assert len(read(benchmark)[0]) == 3


def test_json_with_one_expression_a_row(tmp_path: Path) -> None:
    (tmp_path / "train2014").mkdir()
    picture = "train2014/COCO_train2014_000000581857.jpg"
    (tmp_path / picture).write_bytes(jpeg())
    row = {
        "image": picture,
        "problem": "Please provide the bounding box of the region this describes: man in orange.",
        "normal_caption": "man in orange",
        "solution": [14.67, 133.56, 121.84, 469.68],
    }
    bare = {key: value for key, value in row.items() if key != "normal_caption"}
    path = tmp_path / "refcoco_val.json"
    path.write_text(json.dumps([row, bare]), "utf-8")
    (one, two), failures = read(RefCOCO(str(path)))
    assert not failures
    assert one.answer == two.answer == "[14.67, 133.56, 121.84, 469.68]"
    assert (one.id, two.id) == ("refcoco-val/1-0", "refcoco-val/2-0")
    assert one.cluster == two.cluster == "COCO_train2014_000000581857"
    assert "describes: man in orange.\n" in two.question


@pytest.mark.parametrize(
    "options",
    [
        {"dataset": "refclef"},
        {"split": "train"},
        {"dataset": "refcoco+", "split": "test"},
        {"coordinates": "percent"},
        {"coordinates": "unit", "images": "none"},
    ],
)
def test_unknown_settings_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"expected|need"):
        RefCOCO(**options)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        RefCOCO(str(tmp_path / "none.parquet"))
